//! What can be asked about the nodes.

use super::records::{AuthorityRow, NodeCount, NodeRow};
use crate::rows::{ReadRows, Single};
use crate::tx::{Fault, ReadTx};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodesQuery {
    Authority,
    All,
}

impl NodesQuery {
    pub(crate) fn is_small(self) -> bool {
        match self {
            Self::Authority | Self::All => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodesAnswer {
    Authority(Option<AuthorityRow>),
    All(NodesView),
}

/// Every node with a record, by id, and the highest id that was ever given out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodesView {
    pub nodes: Vec<(u64, NodeRow)>,
    pub last_id: u64,
}

pub(crate) fn answer(tx: &dyn ReadTx, query: NodesQuery) -> Result<NodesAnswer, Fault> {
    Ok(match query {
        NodesQuery::Authority => NodesAnswer::Authority(tx.get(&Single)?),
        NodesQuery::All => NodesAnswer::All(NodesView {
            nodes: tx.all::<NodeRow>(&Single)?,
            last_id: tx.get::<NodeCount>(&Single)?.map_or(0, |count| count.0),
        }),
    })
}
