//! What Easel remembers, and the rules by which it changes.
//!
//! Every change to durable state is one [`Command`] in an [`Envelope`]; [`apply::apply`] decides it over a typed
//! transaction and answers an [`Outcome`] or a [`Rejection`]. Reads are a [`Query`] and its [`Answer`]. The
//! [`Store`] trait is how the rest of Easel reaches both; [`redb::State`] is the embedded engine under it. With the feature
//! `postgres`, `postgres::State` is the engine for managed stores; only tests ask for it so far.
//!
//! What this crate is not: it does not know what a board looks like (content is opaque bytes), it does not replicate,
//! and it does not decide who may do what.
//!
//! Begin with [`command`] (what can happen), then [`apply`] (what then changes), then [`records`] (what is kept).

pub mod answered;
pub mod apart;
pub mod apply;
pub mod blobs;
pub mod bucket;
pub mod cache;
pub mod changes;
pub mod codec;
pub mod command;
pub mod disk;
pub mod ids;
pub mod names;
pub mod nodes;
pub mod people;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod query;
pub mod records;
pub mod redb;
pub mod rows;
pub mod sharing;
pub mod store;
pub mod suite;
pub mod tx;

pub use answered::Answered;
pub use changes::Change;
pub use command::{
    Actor, Command, Envelope, NewUpdate, Origin, Outcome, Payload, Rejection, Reply,
};
pub use ids::{
    AssetId, BoardId, ClusterId, CommandId, DocName, InstanceId, InvalidId, InvalidTitle,
    InvitationId, LinkId, RawName, SessionId, Time, Title, TokenId, UserId,
};
pub use query::{
    Answer, BoardCursor, BoardPage, BoardSort, BoardsQuery, Body, DocState, Query, Stats,
    StoredUpdate,
};
pub use records::BoardRecord;
pub use store::{
    Batch, CommitIndex, Read, ReadError, ReadLevel, Store, SubmitError, Submitted, submit_one,
};
pub use tx::{Fault, ReadTx, WriteTx};
