//! Samples of what happens to who may do what, and of its records.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use easel_storage::blobs::BlobHash;
use easel_storage::names::SecretHash;
use easel_storage::rows::{RowKind, Single};
use easel_storage::sharing::{
    Access, AccessRequestRow, AccessRow, ActivityCount, ActivityHeld, ActivityOfUser, ActivityRow,
    AssetByContent, AssetForm, AssetOfBoard, AssetRow, BoardOfAsset, BoardOfUser, CardCursor,
    EventNo, Favourite, ImageRow, InvitationBySecret, InvitationRow, InvitationState, LinkBySecret,
    LinkChange, LinkRow, MemberRow, Opened, PolicyChange, RequestRow, Role, SessionOfLink,
    SharingCommand, SharingOutcome, What, WorkspaceBoard,
};
use easel_storage::{Actor, AssetId, InvitationId, LinkId, Outcome, Rejection, Reply};

use super::people::{client, email, label, name, password};
use super::{AT, BOARD, COMMAND, SESSION, Samples, USER};
use crate::support::title;

const LINK: LinkId = LinkId::from_bytes([0xbb; 16]);
const INVITATION: InvitationId = InvitationId::from_bytes([0xdd; 16]);
const ASSET: AssetId = AssetId::from_bytes([0xee; 16]);
const HASH: SecretHash = SecretHash::from_bytes([0x99; 32]);

/// How many kinds of rows there are; a new one does not compile until it is named here.
pub(super) fn kinds() -> usize {
    let last = RowKind::Apart;
    match last {
        RowKind::User
        | RowKind::UserByEmail
        | RowKind::Session
        | RowKind::SessionOfUser
        | RowKind::Token
        | RowKind::TokenOfUser
        | RowKind::Settings
        | RowKind::Keyring
        | RowKind::Access
        | RowKind::Member
        | RowKind::BoardOfUser
        | RowKind::Link
        | RowKind::LinkBySecret
        | RowKind::SessionOfLink
        | RowKind::Invitation
        | RowKind::InvitationBySecret
        | RowKind::AccessRequest
        | RowKind::Favourite
        | RowKind::Opened
        | RowKind::Activity
        | RowKind::ActivityOfUser
        | RowKind::Asset
        | RowKind::AssetOfBoard
        | RowKind::Request
        | RowKind::ActivityCount
        | RowKind::WorkspaceBoard
        | RowKind::Image
        | RowKind::BoardOfAsset
        | RowKind::AssetByContent
        | RowKind::Reset
        | RowKind::ResetOfUser
        | RowKind::ActivityHeld
        | RowKind::Authority
        | RowKind::JoinToken
        | RowKind::Node
        | RowKind::NodeCount
        | RowKind::Apart => last as usize,
    }
}

pub(super) fn expect_every_command() {
    let number = |command: &SharingCommand| match command {
        SharingCommand::SetArchived { .. } => 0,
        SharingCommand::TransferBoard { .. } => 1,
        SharingCommand::SetPolicy { .. } => 2,
        SharingCommand::SetMember { .. } => 3,
        SharingCommand::RemoveMember { .. } => 4,
        SharingCommand::CreateLink { .. } => 5,
        SharingCommand::ChangeLink { .. } => 6,
        SharingCommand::RevokeLink { .. } => 7,
        SharingCommand::OpenLink { .. } => 8,
        SharingCommand::NameGuest { .. } => 9,
        SharingCommand::CreateInvitation { .. } => 10,
        SharingCommand::RevokeInvitation { .. } => 11,
        SharingCommand::AcceptInvitation { .. } => 12,
        SharingCommand::DeclineInvitation { .. } => 13,
        SharingCommand::AskForAccess { .. } => 14,
        SharingCommand::AnswerRequest { .. } => 15,
        SharingCommand::SetFavourite { .. } => 16,
        SharingCommand::NoteOpened { .. } => 17,
        SharingCommand::NoteEdited { .. } => 18,
        SharingCommand::NoteCopied { .. } => 19,
        SharingCommand::AddAsset { .. } => 20,
        SharingCommand::AddImage { .. } => 21,
    };
    let numbers: BTreeSet<_> = commands().iter().map(|(_, c)| number(c)).collect();
    assert_eq!(numbers, (0..=21).collect());
}

pub(super) fn commands() -> Vec<(&'static str, SharingCommand)> {
    let (board, user, link, invitation, session) = (BOARD, USER, LINK, INVITATION, SESSION);
    let policy = PolicyChange {
        access: Some(Access::Workspace(Role::Commenter)),
        links_on: Some(false),
        sharing_from: Some(Role::Editor),
        copying_from: Some(Role::Viewer),
        exporting_from: Some(Role::Owner),
        guests_comment: Some(true),
    };
    let create_link = SharingCommand::CreateLink {
        board,
        link,
        hash: HASH,
        role: Role::Viewer,
        label: Some(label()),
        password: Some(password()),
        expires_at: Some(AT),
        uses_max: Some(300),
    };
    let link_change = LinkChange {
        role: Some(Role::Editor),
        label: Some(Some(label())),
        password: Some(None),
        expires_at: Some(Some(AT)),
        uses_max: Some(None),
    };
    let change_link = |change, if_rev| SharingCommand::ChangeLink {
        board,
        link,
        change,
        if_rev,
    };
    let open_link = SharingCommand::OpenLink {
        board,
        link,
        session,
        client: client(),
        ends_at: AT,
    };
    let invite = SharingCommand::CreateInvitation {
        board,
        invitation,
        hash: HASH,
        email: Some(email()),
        role: Role::Editor,
        message: Some("come".to_owned()),
        expires_at: AT,
    };
    let ask = SharingCommand::AskForAccess {
        board,
        user,
        role: Role::Editor,
        message: None,
    };
    let answer = |role| SharingCommand::AnswerRequest { board, user, role };
    let guest = Some(name());
    vec![
        (
            "sharing-archive",
            SharingCommand::SetArchived {
                board,
                archived: true,
            },
        ),
        (
            "sharing-transfer",
            SharingCommand::TransferBoard { board, to: user },
        ),
        (
            "sharing-policy",
            SharingCommand::SetPolicy {
                board,
                change: policy,
                if_rev: Some(3),
            },
        ),
        (
            "sharing-set-member",
            SharingCommand::SetMember {
                board,
                user,
                role: Role::Owner,
            },
        ),
        (
            "sharing-remove-member",
            SharingCommand::RemoveMember { board, user },
        ),
        ("sharing-create-link", create_link),
        ("sharing-change-link", change_link(link_change, Some(2))),
        (
            "sharing-change-link-little",
            change_link(LinkChange::default(), None),
        ),
        (
            "sharing-revoke-link",
            SharingCommand::RevokeLink { board, link },
        ),
        ("sharing-open-link", open_link),
        (
            "sharing-name-guest",
            SharingCommand::NameGuest {
                session,
                name: name(),
            },
        ),
        ("sharing-invite", invite),
        (
            "sharing-revoke-invitation",
            SharingCommand::RevokeInvitation { board, invitation },
        ),
        (
            "sharing-accept",
            SharingCommand::AcceptInvitation {
                board,
                invitation,
                user,
            },
        ),
        (
            "sharing-decline",
            SharingCommand::DeclineInvitation { board, invitation },
        ),
        ("sharing-ask", ask),
        ("sharing-answer", answer(Some(Role::Viewer))),
        ("sharing-answer-no", answer(None)),
        (
            "sharing-favourite",
            SharingCommand::SetFavourite {
                board,
                user,
                on: true,
            },
        ),
        (
            "sharing-note-opened",
            SharingCommand::NoteOpened { board, user },
        ),
        (
            "sharing-note-edited",
            SharingCommand::NoteEdited { board, guest },
        ),
        (
            "sharing-note-copied",
            SharingCommand::NoteCopied { board, from: BOARD },
        ),
        (
            "sharing-add-asset",
            SharingCommand::AddAsset {
                board,
                asset: ASSET,
                forms: asset().forms,
            },
        ),
        (
            "sharing-add-image",
            SharingCommand::AddImage {
                board,
                asset: ASSET,
                forms: asset().forms,
                image: image(),
            },
        ),
    ]
}

pub(super) fn replies() -> Vec<(&'static str, Reply)> {
    let outcomes = [
        ("sharing-done", SharingOutcome::Done),
        ("sharing-policy", SharingOutcome::Policy(policy())),
        ("sharing-member", SharingOutcome::Member(member())),
        ("sharing-link", SharingOutcome::Link(link())),
        (
            "sharing-invitation",
            SharingOutcome::Invitation(invitation(InvitationState::Open)),
        ),
        ("sharing-asset", SharingOutcome::Asset(asset())),
        (
            "sharing-visit",
            SharingOutcome::Visit { role: Role::Editor },
        ),
        (
            "sharing-image",
            SharingOutcome::Image {
                asset: ASSET,
                row: asset(),
                image: image(),
                is_new: true,
            },
        ),
    ];
    // A new outcome does not compile until it is named here.
    for (_, outcome) in &outcomes {
        match outcome {
            SharingOutcome::Done
            | SharingOutcome::Policy(_)
            | SharingOutcome::Member(_)
            | SharingOutcome::Link(_)
            | SharingOutcome::Invitation(_)
            | SharingOutcome::Asset(_)
            | SharingOutcome::Visit { .. }
            | SharingOutcome::Image { .. } => {}
        }
    }
    outcomes
        .into_iter()
        .map(|(name, outcome)| (name, Ok(Outcome::Sharing(outcome))))
        .collect()
}

pub(super) fn check_rows(samples: &mut Samples) -> BTreeSet<RowKind> {
    let mut kinds = BTreeSet::new();
    let kinds_seen = &mut kinds;
    samples.check_row(kinds_seen, "access", &BOARD, &policy());
    samples.check_row(kinds_seen, "workspace-board", &BOARD, &WorkspaceBoard);
    samples.check_row(kinds_seen, "member", &(BOARD, USER), &member());
    let of_user = BoardOfUser(Role::Owner);
    samples.check_row(kinds_seen, "board-of-user", &(USER, BOARD), &of_user);
    samples.check_row(kinds_seen, "link", &(BOARD, LINK), &link());
    let by_secret = LinkBySecret {
        board: BOARD,
        link: LINK,
    };
    samples.check_row(kinds_seen, "link-by-secret", &HASH, &by_secret);
    let key = (LINK, SESSION);
    samples.check_row(kinds_seen, "session-of-link", &key, &SessionOfLink);
    for (name, state) in [
        ("invitation-open", InvitationState::Open),
        ("invitation-accepted", InvitationState::Accepted(USER)),
        ("invitation-declined", InvitationState::Declined),
        ("invitation-revoked", InvitationState::Revoked),
    ] {
        let key = (BOARD, INVITATION);
        samples.check_row(kinds_seen, name, &key, &invitation(state));
    }
    let by_secret = InvitationBySecret {
        board: BOARD,
        invitation: INVITATION,
    };
    samples.check_row(kinds_seen, "invitation-by-secret", &HASH, &by_secret);
    let request = AccessRequestRow {
        at: AT,
        role: Role::Editor,
        message: Some("please".to_owned()),
    };
    samples.check_row(kinds_seen, "access-request", &(BOARD, USER), &request);
    let (key, at) = ((USER, BOARD), AT);
    samples.check_row(kinds_seen, "favourite", &key, &Favourite { at });
    samples.check_row(kinds_seen, "opened", &key, &Opened { at });
    check_activity(samples, kinds_seen);
    samples.check_row(kinds_seen, "asset", &ASSET, &asset());
    samples.check_row(kinds_seen, "asset-of-board", &(BOARD, ASSET), &AssetOfBoard);
    samples.check_row(kinds_seen, "board-of-asset", &(ASSET, BOARD), &BoardOfAsset);
    samples.check_row(kinds_seen, "image", &ASSET, &image());
    let content = (BOARD, BlobHash::from_bytes([0xcc; 32]));
    samples.check_row(
        kinds_seen,
        "asset-by-content",
        &content,
        &AssetByContent(ASSET),
    );
    let request = RequestRow {
        asked: [0x55; 32],
        at: AT,
        reply: Err(Rejection::BoardTrashed),
    };
    samples.check_row(kinds_seen, "request", &COMMAND, &request);
    kinds
}

fn check_activity(samples: &mut Samples, kinds: &mut BTreeSet<RowKind>) {
    let (user, role, link) = (USER, Role::Editor, LINK);
    let all = [
        ("created", What::Created),
        (
            "renamed",
            What::Renamed {
                title: title("Plan"),
            },
        ),
        ("trashed", What::Trashed),
        ("restored", What::Restored),
        ("archived", What::Archived),
        ("unarchived", What::Unarchived),
        ("copied-from", What::CopiedFrom { board: BOARD }),
        ("transferred", What::Transferred { to: user }),
        ("member-set", What::MemberSet { user, role }),
        ("member-removed", What::MemberRemoved { user }),
        ("sharing-changed", What::SharingChanged),
        ("link-made", What::LinkMade { link, role }),
        ("link-changed", What::LinkChanged { link }),
        ("link-revoked", What::LinkRevoked { link }),
        ("invited", What::Invited { role }),
        ("joined", What::Joined { role }),
        ("access-asked", What::AccessAsked { role }),
        ("access-denied", What::AccessDenied { user }),
        ("edited", What::Edited),
    ];
    for (name, what) in all {
        // A new event does not compile until it is named here.
        match what {
            What::Created
            | What::Renamed { .. }
            | What::Trashed
            | What::Restored
            | What::Archived
            | What::Unarchived
            | What::CopiedFrom { .. }
            | What::Transferred { .. }
            | What::MemberSet { .. }
            | What::MemberRemoved { .. }
            | What::SharingChanged
            | What::LinkMade { .. }
            | What::LinkChanged { .. }
            | What::LinkRevoked { .. }
            | What::Invited { .. }
            | What::Joined { .. }
            | What::AccessAsked { .. }
            | What::AccessDenied { .. }
            | What::Edited => {}
        }
        let row = ActivityRow {
            at: AT,
            actor: Actor::Guest(SESSION),
            guest: Some(super::people::name()),
            what,
        };
        let key = (BOARD, EventNo(300));
        samples.check_row(kinds, &format!("activity-{name}"), &key, &row);
    }
    let of = ActivityOfUser { board: BOARD };
    samples.check_row(kinds, "activity-of-user", &(USER, EventNo(300)), &of);
    samples.check_row(kinds, "activity-count", &Single, &ActivityCount(300));
    samples.check_row(kinds, "activity-held", &BOARD, &ActivityHeld(300));
}

pub(super) fn check_cursors(samples: &mut Samples) {
    for (name, cursor) in [
        ("latest", CardCursor::Latest(Reverse(AT), BOARD)),
        ("earliest", CardCursor::Earliest(AT, BOARD)),
        ("title", CardCursor::Title("plan".to_owned(), BOARD)),
    ] {
        samples.check(&format!("cursor-card-{name}"), &cursor);
    }
}

fn policy() -> AccessRow {
    AccessRow {
        access: Access::Workspace(Role::Viewer),
        archived_at: Some(AT),
        rev: 3,
        ..AccessRow::new(Some(USER))
    }
}

fn member() -> MemberRow {
    MemberRow {
        role: Role::Commenter,
        since: AT,
        by: Actor::User(USER),
    }
}

fn link() -> LinkRow {
    LinkRow {
        hash: HASH,
        role: Role::Editor,
        label: Some(label()),
        password: Some(password()),
        expires_at: Some(AT),
        uses_max: Some(300),
        uses: 200,
        by: Actor::User(USER),
        created_at: AT,
        revoked_at: Some(AT.plus_ms(1)),
        rev: 3,
    }
}

fn invitation(state: InvitationState) -> InvitationRow {
    InvitationRow {
        hash: HASH,
        email: Some(email()),
        role: Role::Editor,
        message: Some("come".to_owned()),
        by: Actor::System,
        created_at: AT,
        expires_at: AT.plus_ms(1),
        state,
    }
}

fn image() -> ImageRow {
    ImageRow {
        sums: vec![[0xdd; 32]],
        blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj".to_owned(),
    }
}

fn asset() -> AssetRow {
    AssetRow {
        board: BOARD,
        by: Actor::User(USER),
        at: AT,
        forms: vec![AssetForm {
            name: "full".to_owned(),
            hash: [0xcc; 32],
            len: 1_000_000,
            media: "image/png".to_owned(),
            width: 2_048,
            height: 1_024,
        }],
    }
}
