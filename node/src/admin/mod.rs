//! What an operator does from the machine itself, `easel user`, `easel token` and `easel cluster`, over a socket in the data
//! folder. No password and no account is needed for it, so that nobody is ever locked out of their own installation.
//!
//! Whoever may open the socket may do everything, so it is for the user the node runs as and for root ([`socket`]), and
//! nothing of it is a route: what is asked is one line of JSON, what is answered is another, after lines that tell how far it
//! has come if it takes long. [`work`] does it, [`client`] is the other end. `easel backup create` uses it too.

mod blobs;
pub(crate) mod client;
mod cluster;
pub(crate) mod socket;
mod work;

use crate::backup::{Manifest, Progress};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Both ends are the same program; what differs is told and not guessed at.
const VERSION: u32 = 1;

/// A request or an answer is one line of at most this.
const LINE_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    easel: u32,
    task: Task,
}

/// One thing to do. People are named by their address.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Task {
    AddUser {
        email: String,
        /// Without it, what stands before the `@`.
        name: Option<String>,
        admin: bool,
        password: Option<Typed>,
    },
    /// A page, by age.
    ListUsers {
        after: Option<String>,
    },
    SetDisabled {
        email: String,
        disabled: bool,
    },
    DeleteUser {
        email: String,
        boards: Boards,
    },
    ResetPassword {
        email: String,
        password: Option<Typed>,
    },
    SetAdmin {
        email: String,
        admin: bool,
    },
    ListSessions {
        email: String,
    },
    EndSessions {
        email: String,
    },
    CreateToken {
        email: String,
        name: String,
        scopes: Vec<String>,
        board: Option<String>,
        days: u32,
    },
    ListTokens {
        email: String,
    },
    RevokeToken {
        id: String,
    },
    CreateBackup {
        /// Without it, where the configuration says.
        to: Option<String>,
        with_key: bool,
    },
    Cluster(ClusterTask),
    Blobs(BlobsTask),
}

/// What is done for the pictures of the node that is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum BlobsTask {
    Status,
    Scrub,
}

/// What is done to the cluster. Any node of it will do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ClusterTask {
    Status,
    JoinToken { minutes: u32 },
    Promote { node: u64 },
    Remove { node: u64 },
    Leave,
    TransferLeader { to: Option<u64> },
}

/// What becomes of the boards that only a deleted person owned.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Boards {
    /// The person with this address comes to own them.
    To(String),
    Trash,
}

/// A password on its way. Not shown, not even in debug output.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Typed(pub(crate) String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answered {
    /// More comes.
    Progress(Progress),
    Done(Done),
    Refused(Trouble),
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Done {
    User {
        user: UserInfo,
        /// Where the person sets a password of their own.
        link: Option<LinkInfo>,
    },
    Users {
        users: Vec<UserInfo>,
        next: Option<String>,
    },
    Sessions(Vec<SessionInfo>),
    Token {
        token: TokenInfo,
        /// Shown this once.
        secret: String,
    },
    Tokens(Vec<TokenInfo>),
    Backup(Box<Manifest>),
    Cluster(ClusterInfo),
    Blobs(BlobsInfo),
    Scrubbed(ScrubInfo),
    JoinToken {
        /// Shown this once.
        token: String,
        expires_at: String,
        /// Where to ask with it.
        address: String,
    },
    /// Who leads now.
    Leader {
        node: u64,
    },
    Gone,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ClusterInfo {
    pub(crate) cluster: String,
    pub(crate) leader: Option<u64>,
    pub(crate) term: u64,
    pub(crate) last_log_index: u64,
    pub(crate) applied_index: u64,
    pub(crate) nodes: Vec<NodeInfo>,
}

/// The first two as it is now, those that are missing or unnamed as the last look found them, the rest since the node started.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BlobsInfo {
    pub(crate) blobs: u64,
    pub(crate) bytes: u64,
    pub(crate) missing: u64,
    pub(crate) unnamed: u64,
    pub(crate) scrubbed: u64,
    pub(crate) scrubbed_bytes: u64,
    pub(crate) damaged: u64,
    pub(crate) brought: u64,
    pub(crate) collected: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ScrubInfo {
    pub(crate) blobs: u64,
    pub(crate) bytes: u64,
    pub(crate) damaged: u64,
    pub(crate) brought: u64,
    pub(crate) missing: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NodeInfo {
    pub(crate) id: u64,
    /// `voter`, `learner`, or `invited`: it has a token's leave to come in.
    pub(crate) role: String,
    pub(crate) is_leader: bool,
    /// The node that was asked.
    pub(crate) is_this: bool,
    pub(crate) address: String,
    pub(crate) url: String,
    pub(crate) version: String,
    /// Entries; only the leader knows it, of the others.
    pub(crate) lag: Option<u64>,
    /// Asked just now by the node that tells this.
    pub(crate) answers: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UserInfo {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) admin: bool,
    /// `false`: nobody can sign in as them before one is set.
    pub(crate) has_password: bool,
    pub(crate) created_at: String,
    pub(crate) disabled_at: Option<String>,
}

/// An address that works once.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LinkInfo {
    pub(crate) url: String,
    pub(crate) expires_at: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionInfo {
    pub(crate) id: String,
    pub(crate) agent: String,
    pub(crate) network: String,
    pub(crate) created_at: String,
    pub(crate) used_at: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokenInfo {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) board: Option<String>,
    pub(crate) created_at: String,
    pub(crate) expires_at: String,
}

/// Why it was not done.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Trouble {
    /// As in the problems of the REST interface.
    pub(crate) code: String,
    pub(crate) message: String,
    /// A rule says no: it would be the same tomorrow.
    pub(crate) by_rule: bool,
}
