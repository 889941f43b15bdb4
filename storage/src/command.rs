//! Everything that can happen to durable state, and every answer to it.
//!
//! The enums are the documentation: one variant for each thing that can be asked, one for each way it can end. They
//! are stored in the log and in outcome records, so a variant is only ever added at the end; see [`crate::codec`].

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::blobs::{Blob, BlobHash};
use crate::codec::{self, DecodeError};
use crate::ids::{BoardId, CommandId, DocName, InstanceId, SessionId, Title, UserId};
use crate::nodes::{NodesCommand, NodesOutcome};
use crate::people::{PeopleCommand, PeopleOutcome};
use crate::records::BoardRecord;
use crate::sharing::{SharingCommand, SharingOutcome};

/// A command with who asks for it and, where it must run only once, the id of the attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// With an id the command runs once: a repeat within 24 h gets the first answer again, whatever it was.
    pub id: Option<CommandId>,
    pub actor: Actor,
    pub kind: Command,
}

impl Envelope {
    pub fn new(actor: Actor, kind: Command) -> Self {
        Self {
            id: None,
            actor,
            kind,
        }
    }

    /// A version byte, then the envelope.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode_onto(self, Vec::with_capacity(self.encoded_bytes_hint()))
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes)
    }

    /// The same; payloads are parts of `bytes`, not copies.
    pub fn decode_shared(bytes: &Bytes) -> Result<Self, DecodeError> {
        codec::decode_shared(bytes)
    }

    /// At least what the payloads take, so that encoding a large command does not grow its buffer again and again.
    fn encoded_bytes_hint(&self) -> usize {
        const OVERHEAD: usize = 64;
        match &self.kind {
            Command::InitInstance { .. }
            | Command::CreateBoard { .. }
            | Command::RenameBoard { .. }
            | Command::TrashBoard { .. }
            | Command::RestoreBoard { .. }
            | Command::PurgeBoard { .. }
            | Command::People(_)
            | Command::Sharing(_)
            | Command::Nodes(_)
            | Command::Once { .. } => 4 * OVERHEAD,
            Command::AppendUpdates { updates, .. } => {
                let each = |update: &NewUpdate| update.payload.inline_bytes() + OVERHEAD / 2;
                2 * OVERHEAD + updates.iter().map(each).sum::<usize>()
            }
            Command::Compact {
                body, state_vector, ..
            } => 2 * OVERHEAD + body.inline_bytes() + state_vector.len(),
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Actor {
    /// The server itself: compaction, repair, upkeep.
    System,
    /// A person on a node without accounts.
    Local,
    User(UserId),
    /// Somebody who came through a share link: their visit.
    Guest(SessionId),
}

/// One change to durable state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Gives an empty state its identity, once.
    InitInstance {
        instance: InstanceId,
    },
    CreateBoard {
        board: BoardId,
        title: Title,
    },
    /// `if_rev`: only if the board's metadata is still at this revision.
    RenameBoard {
        board: BoardId,
        title: Title,
        if_rev: Option<u64>,
    },
    TrashBoard {
        board: BoardId,
        if_rev: Option<u64>,
    },
    RestoreBoard {
        board: BoardId,
    },
    /// Deletes a board from the trash, with its content and history.
    PurgeBoard {
        board: BoardId,
    },
    /// Adds to a document's content. A raw document comes into being here; a board must exist and not be in the trash.
    AppendUpdates {
        doc: DocName,
        updates: Vec<NewUpdate>,
    },
    /// Replaces the body by one that holds every update up to `upto_seq`, if the body is still the one of
    /// `expected_body_seq` (0: none yet). The updates themselves stay, as history.
    Compact {
        doc: DocName,
        expected_body_seq: u64,
        upto_seq: u64,
        body: Payload,
        state_vector: Vec<u8>,
    },
    People(PeopleCommand),
    Sharing(SharingCommand),
    /// A command that runs once for a request: the envelope's id stands for who asked where under which key, `asked` for
    /// what. The same again gets the first answer, something else under the same key is refused.
    Once {
        asked: [u8; 32],
        kind: Box<Command>,
    },
    Nodes(NodesCommand),
}

/// One Yjs update on its way into a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewUpdate {
    pub author: Actor,
    /// Where it was first heard. With it, a repeat within ten minutes is dropped instead of stored twice.
    pub origin: Option<Origin>,
    pub payload: Payload,
}

/// The seat an update came through and its number there: unique within a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    pub seat: u64,
    pub number: u64,
}

/// Content, carried along or stored apart under its BLAKE3 hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    Inline(#[serde(deserialize_with = "codec::content")] Bytes),
    /// Refused by every release. A release that knows no other form of content stored apart would refuse a command with
    /// it where a later one runs it, and go on with another state; at [`Payload::Apart`], which it cannot read, it stops.
    Blob {
        hash: [u8; 32],
        len: u64,
    },
    /// A blob, which was durable before the command that names it was handed in.
    Apart {
        hash: [u8; 32],
        len: u64,
    },
}

impl Payload {
    /// Content that is longer does not travel in a command where there is a place for blobs.
    pub const INLINE_BYTES_MAX: usize = 512 << 10;

    /// Of it that is carried along.
    pub(crate) fn inline_bytes(&self) -> usize {
        match self {
            Self::Inline(bytes) => bytes.len(),
            Self::Blob { .. } | Self::Apart { .. } => 0,
        }
    }

    /// Its bytes, wherever they are.
    pub(crate) fn content_len(&self) -> u64 {
        match self {
            Self::Inline(bytes) => bytes.len() as u64,
            Self::Blob { len, .. } | Self::Apart { len, .. } => *len,
        }
    }

    /// The blob that it is, if it lies apart.
    pub fn apart(&self) -> Option<Blob> {
        match self {
            Self::Inline(_) | Self::Blob { .. } => None,
            Self::Apart { hash, len } => Some(Blob {
                hash: BlobHash::from_bytes(*hash),
                len: *len,
            }),
        }
    }
}

impl From<Blob> for Payload {
    fn from(blob: Blob) -> Self {
        Self::Apart {
            hash: *blob.hash.as_bytes(),
            len: blob.len,
        }
    }
}

/// What a command brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Done,
    /// The board as it now stands.
    Board(BoardRecord),
    /// The updates are stored as `first_seq..=last_seq`, in order, without the repeats. When all were repeats,
    /// `first_seq` is one more than `last_seq`: the range is empty and everything was stored before.
    Appended {
        first_seq: u64,
        last_seq: u64,
        repeats: u32,
    },
    Compacted {
        body_seq: u64,
    },
    People(PeopleOutcome),
    Sharing(SharingOutcome),
    /// What was answered to the first request of this key.
    Again(Box<Reply>),
    Nodes(NodesOutcome),
}

/// Why the rules say no. The same on every node; shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    #[error("this installation already has an identity")]
    InstanceExists,
    #[error("there is no such board")]
    BoardNotFound,
    #[error("a board with this id exists")]
    BoardExists,
    #[error("the board is in the trash")]
    BoardTrashed,
    #[error("the board is not in the trash")]
    BoardNotTrashed,
    #[error("the board was changed meanwhile (it is at revision {current})")]
    RevisionMoved { current: u64 },
    #[error("there is no such document")]
    DocNotFound,
    #[error("the body was replaced meanwhile (it holds updates up to {body_seq})")]
    BodyMoved { body_seq: u64 },
    #[error(
        "a body must hold more updates than the last one and none that do not exist (newest: {head_seq})"
    )]
    SeqOutOfRange { head_seq: u64 },
    #[error("nothing to store")]
    Empty,
    #[error("content stored apart is not named in this way")]
    BlobUnsupported,
    #[error("this key was used for another request")]
    RequestReused,
    #[error("there are accounts already")]
    NotTheFirstUser,
    #[error("there is no such person")]
    UserNotFound,
    #[error("an account with this e-mail address exists")]
    UserExists,
    #[error("the account is disabled")]
    UserDisabled,
    #[error("somebody must remain who can administer this installation")]
    LastAdmin,
    #[error("there is no such session")]
    SessionNotFound,
    #[error("a session with this id exists")]
    SessionExists,
    #[error("there is no such token")]
    TokenNotFound,
    #[error("a token with this id exists")]
    TokenExists,
    #[error("there are {max} already, which is all there may be")]
    TooMany { max: u64 },
    #[error("the board is archived")]
    BoardArchived,
    #[error("the board is not archived")]
    BoardNotArchived,
    #[error("this person is not a member")]
    MemberNotFound,
    #[error("they are a member already")]
    AlreadyMember,
    #[error("a board needs an owner")]
    LastOwner,
    #[error("nobody becomes an owner this way")]
    RoleTooHigh,
    #[error("there is no such share link")]
    LinkNotFound,
    #[error("this share link exists")]
    LinkExists,
    #[error("the share link has expired or was revoked")]
    LinkOver,
    #[error("the share link was used as often as it may be")]
    LinkUsedUp,
    #[error("there is no such invitation")]
    InvitationNotFound,
    #[error("this invitation exists")]
    InvitationExists,
    #[error("the invitation was answered, withdrawn or has expired")]
    InvitationOver,
    #[error("the invitation is for somebody else")]
    WrongAddress,
    #[error("nobody has asked for this")]
    RequestNotFound,
    #[error("a file with this id exists")]
    AssetExists,
    #[error("there is no account yet; the first is made by `easel init` or at the setup address")]
    NoFirstUser,
    #[error("the link was used, has expired, or another one took its place")]
    ResetOver,
    #[error("your role on this board no longer allows this")]
    RoleTooLow,
    #[error("the join token was used, has expired, or was never given")]
    JoinTokenOver,
    #[error(
        "there is no such node; one that was removed joins again with an empty folder and a new token"
    )]
    NodeNotFound,
}

/// How a command ended.
pub type Reply = Result<Outcome, Rejection>;

impl From<PeopleCommand> for Command {
    fn from(command: PeopleCommand) -> Self {
        Self::People(command)
    }
}

impl From<SharingCommand> for Command {
    fn from(command: SharingCommand) -> Self {
        Self::Sharing(command)
    }
}

impl From<NodesCommand> for Command {
    fn from(command: NodesCommand) -> Self {
        Self::Nodes(command)
    }
}
