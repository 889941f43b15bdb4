//! Who may do what on which board, as stored, and what they did.

use serde::{Deserialize, Serialize};

use crate::blobs::BlobHash;
use crate::command::{Actor, Reply};
use crate::ids::{
    AssetId, BoardId, CommandId, InvitationId, LinkId, SessionId, Time, Title, UserId,
};
use crate::names::{DisplayName, Email, Label, PasswordHash, SecretHash};
use crate::rows::{KeyPart, Record, RowKind, Single};

/// What of each kind one board may have.
pub const MEMBERS_MAX: usize = 1_000;
pub const LINKS_MAX: usize = 100;
pub const INVITATIONS_MAX: usize = 200;
pub const REQUESTS_MAX: usize = 200;
/// Visits that are on at once through one link.
pub const VISITS_MAX: usize = 1_000;
/// Boards a person keeps among the recently opened; the one opened longest ago makes room.
pub const OPENED_MAX: usize = 50;
pub const FAVOURITES_MAX: usize = 1_000;
/// Files of one board, those that came with a copied board included.
pub const ASSETS_MAX: usize = 2_000;
/// Lines of activity that are kept of a board; the oldest go.
pub const ACTIVITY_MAX: usize = 10_000;
/// Drawing is noted once for each person and board within this time.
pub const EDITED_EVERY_MS: u64 = 10 * 60 * 1000;

/// What somebody may do on a board; each may also do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    Viewer,
    Commenter,
    Editor,
    Owner,
}

/// Who gets in without being a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Access {
    /// Nobody.
    Private,
    /// Everybody with an account, in the given role.
    Workspace(Role),
}

/// A board's policy. A board of a time before accounts has none until somebody owns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRow {
    pub access: Access,
    /// Share links open the board. Off, they wait.
    pub links_on: bool,
    /// Invites and makes links up to their own role.
    pub sharing_from: Role,
    pub copying_from: Role,
    pub exporting_from: Role,
    pub guests_comment: bool,
    pub created_by: Option<UserId>,
    pub archived_at: Option<Time>,
    /// From 1; of the policy alone.
    pub rev: u64,
}

impl AccessRow {
    pub fn new(created_by: Option<UserId>) -> Self {
        Self {
            access: Access::Private,
            links_on: true,
            sharing_from: Role::Owner,
            copying_from: Role::Viewer,
            exporting_from: Role::Viewer,
            guests_comment: false,
            created_by,
            archived_at: None,
            rev: 1,
        }
    }
}

impl Record for AccessRow {
    const KIND: RowKind = RowKind::Access;
    type Key = BoardId;
}

/// Is there for each board that everybody with an account may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceBoard;

impl Record for WorkspaceBoard {
    const KIND: RowKind = RowKind::WorkspaceBoard;
    type Key = BoardId;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    pub role: Role,
    pub since: Time,
    pub by: Actor,
}

impl Record for MemberRow {
    const KIND: RowKind = RowKind::Member;
    type Key = (BoardId, UserId);
}

/// The other way round; it carries the role, so that a list of boards needs no second look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardOfUser(pub Role);

impl Record for BoardOfUser {
    const KIND: RowKind = RowKind::BoardOfUser;
    type Key = (UserId, BoardId);
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRow {
    pub hash: SecretHash,
    pub role: Role,
    pub label: Option<Label>,
    pub password: Option<PasswordHash>,
    pub expires_at: Option<Time>,
    pub uses_max: Option<u32>,
    pub uses: u32,
    pub by: Actor,
    pub created_at: Time,
    /// Kept, so that who opened it once learns that it is gone and not that it never was.
    pub revoked_at: Option<Time>,
    pub rev: u64,
}

impl LinkRow {
    pub fn is_over(&self, at: Time) -> bool {
        self.revoked_at.is_some() || self.expires_at.is_some_and(|end| at >= end)
    }

    pub fn is_used_up(&self) -> bool {
        self.uses_max.is_some_and(|max| self.uses >= max)
    }
}

impl Record for LinkRow {
    const KIND: RowKind = RowKind::Link;
    type Key = (BoardId, LinkId);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkBySecret {
    pub board: BoardId,
    pub link: LinkId,
}

impl Record for LinkBySecret {
    const KIND: RowKind = RowKind::LinkBySecret;
    type Key = SecretHash;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOfLink;

impl Record for SessionOfLink {
    const KIND: RowKind = RowKind::SessionOfLink;
    type Key = (LinkId, SessionId);
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationRow {
    pub hash: SecretHash,
    /// Only who has this address may accept, if one is given.
    pub email: Option<Email>,
    pub role: Role,
    pub message: Option<String>,
    pub by: Actor,
    pub created_at: Time,
    pub expires_at: Time,
    pub state: InvitationState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum InvitationState {
    Open,
    Accepted(UserId),
    Declined,
    Revoked,
}

impl Record for InvitationRow {
    const KIND: RowKind = RowKind::Invitation;
    type Key = (BoardId, InvitationId);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationBySecret {
    pub board: BoardId,
    pub invitation: InvitationId,
}

impl Record for InvitationBySecret {
    const KIND: RowKind = RowKind::InvitationBySecret;
    type Key = SecretHash;
}

/// Somebody asks to be let in. Gone when it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequestRow {
    pub at: Time,
    pub role: Role,
    pub message: Option<String>,
}

impl Record for AccessRequestRow {
    const KIND: RowKind = RowKind::AccessRequest;
    type Key = (BoardId, UserId);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Favourite {
    pub at: Time,
}

impl Record for Favourite {
    const KIND: RowKind = RowKind::Favourite;
    type Key = (UserId, BoardId);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub at: Time,
}

impl Record for Opened {
    const KIND: RowKind = RowKind::Opened;
    type Key = (UserId, BoardId);
}

/// A line of a board's activity. Ids grow with time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityRow {
    pub at: Time,
    pub actor: Actor,
    /// A guest's name then; a person's stands in their account.
    pub guest: Option<DisplayName>,
    pub what: What,
}

/// What happened on a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    Created,
    Renamed { title: Title },
    Trashed,
    Restored,
    Archived,
    Unarchived,
    CopiedFrom { board: BoardId },
    Transferred { to: UserId },
    MemberSet { user: UserId, role: Role },
    MemberRemoved { user: UserId },
    SharingChanged,
    LinkMade { link: LinkId, role: Role },
    LinkChanged { link: LinkId },
    LinkRevoked { link: LinkId },
    Invited { role: Role },
    Joined { role: Role },
    AccessAsked { role: Role },
    AccessDenied { user: UserId },
    Edited,
}

impl Record for ActivityRow {
    const KIND: RowKind = RowKind::Activity;
    type Key = (BoardId, EventNo);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityOfUser {
    pub board: BoardId,
}

impl Record for ActivityOfUser {
    const KIND: RowKind = RowKind::ActivityOfUser;
    type Key = (UserId, EventNo);
}

/// The number of an event in this installation, from 1. Stored so that the latest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventNo(pub u64);

impl KeyPart for EventNo {
    const BYTES: usize = 8;

    fn write_part(&self, out: &mut Vec<u8>) {
        (!self.0).write_part(out);
    }

    fn read_part(bytes: &[u8]) -> Option<Self> {
        u64::read_part(bytes).map(|number| Self(!number))
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityCount(pub u64);

impl Record for ActivityCount {
    const KIND: RowKind = RowKind::ActivityCount;
    type Key = Single;
}

/// How many lines of activity there are of a board, at most. None: of a time when they were not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityHeld(pub u64);

impl Record for ActivityHeld {
    const KIND: RowKind = RowKind::ActivityHeld;
    type Key = BoardId;
}

/// A file on a board, with the forms it is served in. The bytes lie apart, under their BLAKE3 hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRow {
    /// One of the boards that have it: the one it was put on, while that is there.
    pub board: BoardId,
    pub by: Actor,
    pub at: Time,
    /// What it is made of: the first is the full-size form.
    pub forms: Vec<AssetForm>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetForm {
    pub name: String,
    pub hash: [u8; 32],
    pub len: u64,
    pub media: String,
    pub width: u32,
    pub height: u32,
}

impl Record for AssetRow {
    const KIND: RowKind = RowKind::Asset;
    type Key = AssetId;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetOfBoard;

impl Record for AssetOfBoard {
    const KIND: RowKind = RowKind::AssetOfBoard;
    type Key = (BoardId, AssetId);
}

/// Whoever may see one of these boards may see the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardOfAsset;

impl Record for BoardOfAsset {
    const KIND: RowKind = RowKind::BoardOfAsset;
    type Key = (AssetId, BoardId);
}

/// What is told of a file that is a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRow {
    /// SHA-256 of each form, in the order of the file's forms.
    pub sums: Vec<[u8; 32]>,
    /// A few colours to show until the picture is there.
    pub blurhash: String,
}

impl Record for ImageRow {
    const KIND: RowKind = RowKind::Image;
    type Key = AssetId;
}

/// A picture on a board by the BLAKE3 hash of its full-size form. For each board apart: that a picture lies on another one is
/// nobody's to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetByContent(pub AssetId);

impl Record for AssetByContent {
    const KIND: RowKind = RowKind::AssetByContent;
    type Key = (BoardId, BlobHash);
}

/// What a request with an idempotency key asked for, beside the outcome kept under the command's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    pub asked: [u8; 32],
    pub at: Time,
    pub reply: Reply,
}

impl Record for RequestRow {
    const KIND: RowKind = RowKind::Request;
    type Key = CommandId;
}
