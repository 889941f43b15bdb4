//! The nodes of a cluster as its state knows them: which were let in, by which tokens, and what signs their
//! certificates. Which of them vote is the membership's to say, and not written here.

mod command;
mod query;
mod records;
mod rules;

pub use command::{NodePlace, NodesCommand, NodesOutcome};
pub use query::{NodesAnswer, NodesQuery, NodesView};
pub use records::{AuthorityRow, JOIN_TOKENS_MAX, JoinTokenRow, NodeCount, NodeRow, TakenBy};

pub(crate) use query::answer;
pub(crate) use rules::apply;
