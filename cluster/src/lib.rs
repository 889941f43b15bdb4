//! The node: one order of commands, on disk before anyone is told.
//!
//! A node alone is a Raft group with one voter, so there is one way to write. A command goes from the
//! [`Store`](easel_storage::Store) through the batcher (`propose`, `batch`) into the log (`log`), and when the
//! log is on disk into the state (`machine`, `state`); its reply comes back the same way. Where another node leads it
//! goes there (`forward`). Beside that run upkeep (`keep`), the status (`status`, `touch`) and the bus (`bus`).
//!
//! It knows nothing of boards: commands are `easel-storage`'s, and how they change the state too. All of
//! openraft stays inside: no public item names one of its types.
//!
//! Begin with [`Node::start`], then `propose`, then `log`.

mod background;
mod backup;
mod batch;
mod blobs;
mod bus;
mod codec;
mod commands;
mod disk;
mod election;
mod error;
mod folder;
mod forward;
mod health;
mod keep;
mod lag;
mod leaders;
mod log;
mod machine;
mod members;
mod network;
mod node;
mod observer;
mod open;
mod propose;
mod raft;
mod read;
mod recover;
mod runtime;
mod snapshot;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod tls;
mod touch;

pub use backup::{
    BackupSource, BackupState, LogRead, LogStream, LogStreamError, ReplayError, Replayed,
    RestoreError, Restored, Restoring, check_log,
};
pub use blobs::{BlobCounts, BlobRules, BlobUpkeep, Naming, Scrubbed, UpkeepError};
pub use bus::{BUS_MESSAGE_BYTES_MAX, Bus, BusCounts, Heard};
pub use error::StartError;
pub use members::{
    ClusterView, JoinError, JoinOptions, Joining, Master, Members, MembersError, NodeView,
    Standing, Vacant,
};
pub use node::{Node, Options, PeerOptions};
pub use observer::{Observer, Silent};
pub use recover::{MissingFile, OwnFiles, Survivor, recover, survivor};
pub use status::{Member, MemberRole, Status};
pub use touch::{Touch, TouchTeller};
