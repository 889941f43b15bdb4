//! The rules about who may do what on a board, one arm for each command.

use super::activity::{note, note_edited};
use super::boards::end_visits;
use super::command::{SharingCommand, SharingOutcome};
use super::records::{
    Access, AccessRow, AssetRow, FAVOURITES_MAX, Favourite, InvitationRow, InvitationState,
    LinkRow, OPENED_MAX, Opened, Role, What, WorkspaceBoard,
};
use super::{PolicyChange, assets, links, members, rights};
use crate::command::{Actor, Outcome, Rejection, Reply};
use crate::ids::{BoardId, Time, UserId};
use crate::people::UserRow;
use crate::rows::{ReadRows, WriteRows};
use crate::tx::{Fault, WriteTx};

pub(crate) fn apply(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    command: &SharingCommand,
) -> Result<Reply, Fault> {
    if let Some(board) = board_that_must_be_live(command)
        && let Err(rejection) = live(tx, board)?
    {
        return refused(rejection);
    }
    if let Err(rejection) = rights::still_may(tx, actor, command)? {
        return refused(rejection);
    }
    match command {
        SharingCommand::SetArchived { board, archived } => {
            set_archived(tx, at, actor, *board, *archived)
        }
        SharingCommand::TransferBoard { board, to } => {
            members::transfer(tx, at, actor, *board, *to)
        }
        SharingCommand::SetPolicy {
            board,
            change,
            if_rev,
        } => set_policy(tx, at, actor, *board, change, *if_rev),
        SharingCommand::SetMember { board, user, role } => {
            members::set_member(tx, at, actor, (*board, *user), *role)
        }
        SharingCommand::RemoveMember { board, user } => {
            members::remove_member(tx, at, actor, *board, *user)
        }
        SharingCommand::CreateLink {
            board,
            link,
            hash,
            role,
            label,
            password,
            expires_at,
            uses_max,
        } => {
            let row = LinkRow {
                hash: *hash,
                role: *role,
                label: label.clone(),
                password: password.clone(),
                expires_at: *expires_at,
                uses_max: *uses_max,
                uses: 0,
                by: actor,
                created_at: at,
                revoked_at: None,
                rev: 1,
            };
            links::create(tx, at, actor, (*board, *link), row)
        }
        SharingCommand::ChangeLink {
            board,
            link,
            change,
            if_rev,
        } => links::change(tx, at, actor, (*board, *link), change, *if_rev),
        SharingCommand::RevokeLink { board, link } => links::revoke(tx, at, actor, (*board, *link)),
        SharingCommand::OpenLink {
            board,
            link,
            session,
            client,
            ends_at,
        } => links::open(tx, at, (*board, *link), *session, client, *ends_at),
        SharingCommand::NameGuest { session, name } => links::name_guest(tx, at, *session, name),
        SharingCommand::CreateInvitation {
            board,
            invitation,
            hash,
            email,
            role,
            message,
            expires_at,
        } => {
            let row = InvitationRow {
                hash: *hash,
                email: email.clone(),
                role: *role,
                message: message.clone(),
                by: actor,
                created_at: at,
                expires_at: *expires_at,
                state: InvitationState::Open,
            };
            members::create_invitation(tx, at, actor, (*board, *invitation), row)
        }
        SharingCommand::RevokeInvitation { board, invitation } => {
            members::end_invitation(tx, at, (*board, *invitation), InvitationState::Revoked)
        }
        SharingCommand::AcceptInvitation {
            board,
            invitation,
            user,
        } => members::accept_invitation(tx, at, (*board, *invitation), *user),
        SharingCommand::DeclineInvitation { board, invitation } => {
            members::end_invitation(tx, at, (*board, *invitation), InvitationState::Declined)
        }
        SharingCommand::AskForAccess {
            board,
            user,
            role,
            message,
        } => members::ask(tx, at, (*board, *user), *role, message.as_deref()),
        SharingCommand::AnswerRequest { board, user, role } => {
            members::answer_request(tx, at, actor, (*board, *user), *role)
        }
        SharingCommand::SetFavourite { board, user, on } => {
            set_favourite(tx, at, *board, *user, *on)
        }
        SharingCommand::NoteOpened { board, user } => note_opened(tx, at, *board, *user),
        SharingCommand::NoteEdited { board, guest } => {
            note_edited(tx, at, actor, *board, guest.as_ref())
        }
        SharingCommand::NoteCopied { board, from } => {
            assets::copy(tx, *from, *board)?;
            note(tx, at, actor, *board, What::CopiedFrom { board: *from })?;
            done()
        }
        SharingCommand::AddAsset {
            board,
            asset,
            forms,
        } => {
            let row = AssetRow {
                board: *board,
                by: actor,
                at,
                forms: forms.clone(),
            };
            assets::add(tx, *asset, row)
        }
        SharingCommand::AddImage {
            board,
            asset,
            forms,
            image,
        } => {
            let row = AssetRow {
                board: *board,
                by: actor,
                at,
                forms: forms.clone(),
            };
            assets::add_image(tx, *asset, row, image)
        }
    }
}

/// The board a command changes, where it must be there and not in the trash. Taking away goes on in the trash.
fn board_that_must_be_live(command: &SharingCommand) -> Option<BoardId> {
    match command {
        SharingCommand::SetArchived { board, .. }
        | SharingCommand::TransferBoard { board, .. }
        | SharingCommand::SetPolicy { board, .. }
        | SharingCommand::SetMember { board, .. }
        | SharingCommand::CreateLink { board, .. }
        | SharingCommand::ChangeLink { board, .. }
        | SharingCommand::OpenLink { board, .. }
        | SharingCommand::CreateInvitation { board, .. }
        | SharingCommand::AcceptInvitation { board, .. }
        | SharingCommand::AskForAccess { board, .. }
        | SharingCommand::AnswerRequest { board, .. }
        | SharingCommand::NoteOpened { board, .. }
        | SharingCommand::NoteCopied { board, .. }
        | SharingCommand::AddAsset { board, .. }
        | SharingCommand::AddImage { board, .. } => Some(*board),
        SharingCommand::RemoveMember { .. }
        | SharingCommand::RevokeLink { .. }
        | SharingCommand::NameGuest { .. }
        | SharingCommand::RevokeInvitation { .. }
        | SharingCommand::DeclineInvitation { .. }
        | SharingCommand::SetFavourite { .. }
        | SharingCommand::NoteEdited { .. } => None,
    }
}

fn live(tx: &dyn WriteTx, board: BoardId) -> Result<Result<(), Rejection>, Fault> {
    Ok(match tx.board(board)? {
        None => Err(Rejection::BoardNotFound),
        Some(row) if row.trashed_at.is_some() => Err(Rejection::BoardTrashed),
        Some(_) => Ok(()),
    })
}

pub(super) fn done() -> Result<Reply, Fault> {
    ended(SharingOutcome::Done)
}

pub(super) fn ended(outcome: SharingOutcome) -> Result<Reply, Fault> {
    Ok(Ok(Outcome::Sharing(outcome)))
}

pub(super) fn refused(rejection: Rejection) -> Result<Reply, Fault> {
    Ok(Err(rejection))
}

/// A board of a time before accounts has the policy that a new one begins with.
pub(super) fn policy(tx: &dyn WriteTx, board: BoardId) -> Result<AccessRow, Fault> {
    Ok(tx.get(&board)?.unwrap_or_else(|| AccessRow::new(None)))
}

fn set_archived(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
    archived: bool,
) -> Result<Reply, Fault> {
    let mut row = policy(tx, board)?;
    if archived == row.archived_at.is_some() {
        return refused(match archived {
            true => Rejection::BoardArchived,
            false => Rejection::BoardNotArchived,
        });
    }
    row.archived_at = archived.then_some(at);
    tx.put(&board, &row)?;
    let what = match archived {
        true => What::Archived,
        false => What::Unarchived,
    };
    note(tx, at, actor, board, what)?;
    ended(SharingOutcome::Policy(row))
}

fn set_policy(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
    change: &PolicyChange,
    if_rev: Option<u64>,
) -> Result<Reply, Fault> {
    if change.access == Some(Access::Workspace(Role::Owner)) {
        return refused(Rejection::RoleTooHigh);
    }
    let before = policy(tx, board)?;
    let current = before.rev;
    if if_rev.is_some_and(|wanted| wanted != current) {
        return refused(Rejection::RevisionMoved { current });
    }
    let row = members::changed_policy(before, change);
    tx.put(&board, &row)?;
    match row.access {
        Access::Workspace(_) => tx.put(&board, &WorkspaceBoard)?,
        Access::Private => tx.delete::<WorkspaceBoard>(&board)?,
    }
    if !row.links_on {
        for (_, link) in tx.keys::<LinkRow>(&board)? {
            end_visits(tx, link)?;
        }
    }
    note(tx, at, actor, board, What::SharingChanged)?;
    ended(SharingOutcome::Policy(row))
}

fn set_favourite(
    tx: &mut dyn WriteTx,
    at: Time,
    board: BoardId,
    user: UserId,
    on: bool,
) -> Result<Reply, Fault> {
    if !on {
        tx.delete::<Favourite>(&(user, board))?;
        return done();
    }
    if tx.board(board)?.is_none() {
        return refused(Rejection::BoardNotFound);
    }
    if tx.get::<UserRow>(&user)?.is_none() {
        return refused(Rejection::UserNotFound);
    }
    if tx.get::<Favourite>(&(user, board))?.is_some() {
        return done();
    }
    if tx.keys::<Favourite>(&user)?.len() >= FAVOURITES_MAX {
        let max = FAVOURITES_MAX as u64;
        return refused(Rejection::TooMany { max });
    }
    tx.put(&(user, board), &Favourite { at })?;
    done()
}

fn note_opened(
    tx: &mut dyn WriteTx,
    at: Time,
    board: BoardId,
    user: UserId,
) -> Result<Reply, Fault> {
    if tx.get::<UserRow>(&user)?.is_none() {
        return refused(Rejection::UserNotFound);
    }
    let mut before = tx.all::<Opened>(&user)?;
    before.retain(|((_, other), _)| *other != board);
    before.sort_unstable_by_key(|(_, opened)| opened.at);
    let too_many = (before.len() + 1).saturating_sub(OPENED_MAX);
    for (key, _) in before.iter().take(too_many) {
        tx.delete::<Opened>(key)?;
    }
    tx.put(&(user, board), &Opened { at })?;
    done()
}
