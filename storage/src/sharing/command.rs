//! What can happen to who may do what on a board, and how it ends.

use serde::{Deserialize, Serialize};

use super::records::{
    Access, AccessRow, AssetForm, AssetRow, ImageRow, InvitationRow, LinkRow, MemberRow, Role,
};
use crate::ids::{AssetId, BoardId, InvitationId, LinkId, SessionId, Time, UserId};
use crate::names::{DisplayName, Email, Label, PasswordHash, SecretHash};
use crate::people::ClientInfo;

/// One change to a board's people, policy, links or files. Whether the actor may is the caller's to know, and looked at once
/// more for what lets others in; what must hold whoever asks (an owner remains, a link is not used too often) is decided
/// here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharingCommand {
    SetArchived {
        board: BoardId,
        archived: bool,
    },
    /// The new owner; the old ones stay as editors.
    TransferBoard {
        board: BoardId,
        to: UserId,
    },
    SetPolicy {
        board: BoardId,
        change: PolicyChange,
        if_rev: Option<u64>,
    },
    SetMember {
        board: BoardId,
        user: UserId,
        role: Role,
    },
    RemoveMember {
        board: BoardId,
        user: UserId,
    },
    CreateLink {
        board: BoardId,
        link: LinkId,
        hash: SecretHash,
        role: Role,
        label: Option<Label>,
        password: Option<PasswordHash>,
        expires_at: Option<Time>,
        uses_max: Option<u32>,
    },
    /// Whoever came through it is sent away by a new password and when it ends; a role holds for those who are in, too.
    ChangeLink {
        board: BoardId,
        link: LinkId,
        change: LinkChange,
        if_rev: Option<u64>,
    },
    RevokeLink {
        board: BoardId,
        link: LinkId,
    },
    /// Counts a use and starts a visit. The password was checked before.
    OpenLink {
        board: BoardId,
        link: LinkId,
        session: SessionId,
        client: ClientInfo,
        ends_at: Time,
    },
    /// A visitor says who they are.
    NameGuest {
        session: SessionId,
        name: DisplayName,
    },
    CreateInvitation {
        board: BoardId,
        invitation: InvitationId,
        hash: SecretHash,
        email: Option<Email>,
        role: Role,
        message: Option<String>,
        expires_at: Time,
    },
    RevokeInvitation {
        board: BoardId,
        invitation: InvitationId,
    },
    AcceptInvitation {
        board: BoardId,
        invitation: InvitationId,
        user: UserId,
    },
    DeclineInvitation {
        board: BoardId,
        invitation: InvitationId,
    },
    AskForAccess {
        board: BoardId,
        user: UserId,
        role: Role,
        message: Option<String>,
    },
    AnswerRequest {
        board: BoardId,
        user: UserId,
        /// `None`: no.
        role: Option<Role>,
    },
    SetFavourite {
        board: BoardId,
        user: UserId,
        on: bool,
    },
    NoteOpened {
        board: BoardId,
        user: UserId,
    },
    /// Somebody draws; noted now and then.
    NoteEdited {
        board: BoardId,
        guest: Option<DisplayName>,
    },
    NoteCopied {
        board: BoardId,
        from: BoardId,
    },
    AddAsset {
        board: BoardId,
        asset: AssetId,
        forms: Vec<AssetForm>,
    },
    /// Like `AddAsset`, for a picture. One that lies on the board already stays the only one of its kind there.
    AddImage {
        board: BoardId,
        asset: AssetId,
        forms: Vec<AssetForm>,
        image: ImageRow,
    },
}

impl SharingCommand {
    /// The board it is about.
    pub fn board(&self) -> Option<BoardId> {
        match self {
            Self::SetArchived { board, .. }
            | Self::TransferBoard { board, .. }
            | Self::SetPolicy { board, .. }
            | Self::SetMember { board, .. }
            | Self::RemoveMember { board, .. }
            | Self::CreateLink { board, .. }
            | Self::ChangeLink { board, .. }
            | Self::RevokeLink { board, .. }
            | Self::OpenLink { board, .. }
            | Self::CreateInvitation { board, .. }
            | Self::RevokeInvitation { board, .. }
            | Self::AcceptInvitation { board, .. }
            | Self::DeclineInvitation { board, .. }
            | Self::AskForAccess { board, .. }
            | Self::AnswerRequest { board, .. }
            | Self::SetFavourite { board, .. }
            | Self::NoteOpened { board, .. }
            | Self::NoteEdited { board, .. }
            | Self::NoteCopied { board, .. }
            | Self::AddAsset { board, .. }
            | Self::AddImage { board, .. } => Some(*board),
            Self::NameGuest { .. } => None,
        }
    }
}

/// What is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    pub access: Option<Access>,
    pub links_on: Option<bool>,
    pub sharing_from: Option<Role>,
    pub copying_from: Option<Role>,
    pub exporting_from: Option<Role>,
    pub guests_comment: Option<bool>,
}

/// What is `None` stays; `Some(None)` takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkChange {
    pub role: Option<Role>,
    pub label: Option<Option<Label>>,
    pub password: Option<Option<PasswordHash>>,
    pub expires_at: Option<Option<Time>>,
    pub uses_max: Option<Option<u32>>,
}

/// What a command about sharing brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharingOutcome {
    Done,
    Policy(AccessRow),
    Member(MemberRow),
    Link(LinkRow),
    Invitation(InvitationRow),
    Asset(AssetRow),
    /// The visit began, in this role.
    Visit {
        role: Role,
    },
    /// The picture as it lies on the board; `asset` is an earlier one's if it lay there already.
    Image {
        asset: AssetId,
        row: AssetRow,
        image: ImageRow,
        is_new: bool,
    },
}
