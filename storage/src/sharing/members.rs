//! Members of a board: set, removed, invited, asking. An owner always remains.

use super::SharingOutcome;
use super::activity::note;
use super::records::{
    AccessRequestRow, AccessRow, BoardOfUser, Favourite, INVITATIONS_MAX, InvitationBySecret,
    InvitationRow, InvitationState, MEMBERS_MAX, MemberRow, REQUESTS_MAX, Role, What,
};
use super::rules::{done, ended, refused};
use crate::command::{Actor, Rejection, Reply};
use crate::ids::{BoardId, InvitationId, Time, UserId};
use crate::names::Email;
use crate::people::UserRow;
use crate::rows::{ReadRows, WriteRows};
use crate::tx::{Fault, WriteTx};

/// Both rows of a membership.
pub(super) fn put_member(
    tx: &mut dyn WriteTx,
    at: Time,
    by: Actor,
    board: BoardId,
    user: UserId,
    role: Role,
) -> Result<(), Fault> {
    let since = tx
        .get::<MemberRow>(&(board, user))?
        .map_or(at, |row| row.since);
    tx.put(&(board, user), &MemberRow { role, since, by })?;
    tx.put(&(user, board), &BoardOfUser(role))
}

pub(super) fn remove_member_rows(
    tx: &mut dyn WriteTx,
    board: BoardId,
    user: UserId,
) -> Result<(), Fault> {
    tx.delete::<MemberRow>(&(board, user))?;
    tx.delete::<BoardOfUser>(&(user, board))?;
    tx.delete::<Favourite>(&(user, board))
}

pub(super) fn set_member(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    (board, user): (BoardId, UserId),
    role: Role,
) -> Result<Reply, Fault> {
    let person = tx.get::<UserRow>(&user)?;
    if person.is_none_or(|person| person.disabled_at.is_some()) {
        return refused(Rejection::UserNotFound);
    }
    let before = tx.get::<MemberRow>(&(board, user))?.map(|row| row.role);
    if before == Some(Role::Owner) && role != Role::Owner && is_only_owner(tx, board, user)? {
        return refused(Rejection::LastOwner);
    }
    if before.is_none() && tx.keys::<MemberRow>(&board)?.len() >= MEMBERS_MAX {
        let max = MEMBERS_MAX as u64;
        return refused(Rejection::TooMany { max });
    }
    tx.delete::<AccessRequestRow>(&(board, user))?;
    if before != Some(role) {
        put_member(tx, at, actor, board, user, role)?;
        note(tx, at, actor, board, What::MemberSet { user, role })?;
    }
    let row = tx.get_known::<MemberRow>(&(board, user))?;
    ended(SharingOutcome::Member(row))
}

fn is_only_owner(tx: &dyn WriteTx, board: BoardId, user: UserId) -> Result<bool, Fault> {
    let others = tx
        .all::<MemberRow>(&board)?
        .into_iter()
        .any(|((_, member), row)| member != user && row.role == Role::Owner);
    Ok(!others)
}

pub(super) fn remove_member(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
    user: UserId,
) -> Result<Reply, Fault> {
    let Some(row) = tx.get::<MemberRow>(&(board, user))? else {
        return refused(Rejection::MemberNotFound);
    };
    if row.role == Role::Owner && is_only_owner(tx, board, user)? {
        return refused(Rejection::LastOwner);
    }
    remove_member_rows(tx, board, user)?;
    note(tx, at, actor, board, What::MemberRemoved { user })?;
    done()
}

/// The owners there were stay as editors.
pub(super) fn transfer(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
    to: UserId,
) -> Result<Reply, Fault> {
    let heir = tx.get::<UserRow>(&to)?;
    if heir.is_none_or(|heir| heir.disabled_at.is_some()) {
        return refused(Rejection::UserNotFound);
    }
    let members = tx.all::<MemberRow>(&board)?;
    let is_new = !members.iter().any(|((_, user), _)| *user == to);
    if is_new && members.len() >= MEMBERS_MAX {
        let max = MEMBERS_MAX as u64;
        return refused(Rejection::TooMany { max });
    }
    for ((_, user), row) in members {
        if row.role == Role::Owner && user != to {
            put_member(tx, at, actor, board, user, Role::Editor)?;
        }
    }
    put_member(tx, at, actor, board, to, Role::Owner)?;
    tx.delete::<AccessRequestRow>(&(board, to))?;
    note(tx, at, actor, board, What::Transferred { to })?;
    done()
}

pub(super) fn create_invitation(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    (board, invitation): (BoardId, InvitationId),
    row: InvitationRow,
) -> Result<Reply, Fault> {
    if row.role == Role::Owner {
        return refused(Rejection::RoleTooHigh);
    }
    let is_known = tx.get::<InvitationRow>(&(board, invitation))?.is_some();
    if is_known || tx.get::<InvitationBySecret>(&row.hash)?.is_some() {
        return refused(Rejection::InvitationExists);
    }
    let before = tx.all::<InvitationRow>(&board)?;
    let is_stale = |row: &InvitationRow| row.state != InvitationState::Open || at >= row.expires_at;
    let stale: Vec<_> = before.iter().filter(|(_, row)| is_stale(row)).collect();
    if before.len() - stale.len() >= INVITATIONS_MAX {
        let max = INVITATIONS_MAX as u64;
        return refused(Rejection::TooMany { max });
    }
    // The answered ones are kept for their senders to see, up to the same bound.
    let too_many = (before.len() + 1).saturating_sub(INVITATIONS_MAX);
    for (key, old) in stale.into_iter().take(too_many) {
        tx.delete::<InvitationBySecret>(&old.hash)?;
        tx.delete::<InvitationRow>(key)?;
    }
    tx.put(&row.hash, &InvitationBySecret { board, invitation })?;
    tx.put(&(board, invitation), &row)?;
    note(tx, at, actor, board, What::Invited { role: row.role })?;
    ended(SharingOutcome::Invitation(row))
}

/// The invitation, if it can still be answered.
fn open_invitation(
    tx: &dyn WriteTx,
    at: Time,
    key: (BoardId, InvitationId),
) -> Result<Result<InvitationRow, Rejection>, Fault> {
    let Some(row) = tx.get::<InvitationRow>(&key)? else {
        return Ok(Err(Rejection::InvitationNotFound));
    };
    if row.state != InvitationState::Open || at >= row.expires_at {
        return Ok(Err(Rejection::InvitationOver));
    }
    Ok(Ok(row))
}

pub(super) fn end_invitation(
    tx: &mut dyn WriteTx,
    at: Time,
    key: (BoardId, InvitationId),
    state: InvitationState,
) -> Result<Reply, Fault> {
    let mut row = match open_invitation(tx, at, key)? {
        Ok(row) => row,
        Err(rejection) => return refused(rejection),
    };
    row.state = state;
    tx.put(&key, &row)?;
    ended(SharingOutcome::Invitation(row))
}

pub(super) fn accept_invitation(
    tx: &mut dyn WriteTx,
    at: Time,
    (board, invitation): (BoardId, InvitationId),
    user: UserId,
) -> Result<Reply, Fault> {
    let mut row = match open_invitation(tx, at, (board, invitation))? {
        Ok(row) => row,
        Err(rejection) => return refused(rejection),
    };
    let Some(person) = tx.get::<UserRow>(&user)? else {
        return refused(Rejection::UserNotFound);
    };
    if person.disabled_at.is_some() {
        return refused(Rejection::UserDisabled);
    }
    let is_meant = |email: &Email| email.folded() == person.email.folded();
    if !row.email.as_ref().is_none_or(is_meant) {
        return refused(Rejection::WrongAddress);
    }
    let before = tx.get::<MemberRow>(&(board, user))?.map(|row| row.role);
    if before.is_none() && tx.keys::<MemberRow>(&board)?.len() >= MEMBERS_MAX {
        let max = MEMBERS_MAX as u64;
        return refused(Rejection::TooMany { max });
    }
    row.state = InvitationState::Accepted(user);
    tx.put(&(board, invitation), &row)?;
    // An invitation to less than one has already takes nothing away.
    if before.is_none_or(|before| before < row.role) {
        put_member(tx, at, row.by, board, user, row.role)?;
        tx.delete::<AccessRequestRow>(&(board, user))?;
        let joined = What::Joined { role: row.role };
        note(tx, at, Actor::User(user), board, joined)?;
    }
    ended(SharingOutcome::Invitation(row))
}

pub(super) fn ask(
    tx: &mut dyn WriteTx,
    at: Time,
    (board, user): (BoardId, UserId),
    role: Role,
    message: Option<&str>,
) -> Result<Reply, Fault> {
    let person = tx.get::<UserRow>(&user)?;
    if person.is_none_or(|person| person.disabled_at.is_some()) {
        return refused(Rejection::UserNotFound);
    }
    if role == Role::Owner {
        return refused(Rejection::RoleTooHigh);
    }
    let before = tx.get::<MemberRow>(&(board, user))?;
    if before.is_some_and(|row| row.role >= role) {
        return refused(Rejection::AlreadyMember);
    }
    let is_new = tx.get::<AccessRequestRow>(&(board, user))?.is_none();
    if is_new && tx.keys::<AccessRequestRow>(&board)?.len() >= REQUESTS_MAX {
        let max = REQUESTS_MAX as u64;
        return refused(Rejection::TooMany { max });
    }
    let row = AccessRequestRow {
        at,
        role,
        message: message.map(str::to_owned),
    };
    tx.put(&(board, user), &row)?;
    if is_new {
        note(tx, at, Actor::User(user), board, What::AccessAsked { role })?;
    }
    done()
}

pub(super) fn answer_request(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    (board, user): (BoardId, UserId),
    role: Option<Role>,
) -> Result<Reply, Fault> {
    if tx.get::<AccessRequestRow>(&(board, user))?.is_none() {
        return refused(Rejection::RequestNotFound);
    }
    let before = tx.get::<MemberRow>(&(board, user))?;
    match (role, before) {
        // Whoever let them in meanwhile gave more: the answer takes nothing away.
        (Some(role), Some(before)) if before.role >= role => {
            tx.delete::<AccessRequestRow>(&(board, user))?;
            ended(SharingOutcome::Member(before))
        }
        (Some(role), _) => set_member(tx, at, actor, (board, user), role),
        (None, _) => {
            tx.delete::<AccessRequestRow>(&(board, user))?;
            note(tx, at, actor, board, What::AccessDenied { user })?;
            done()
        }
    }
}

/// A policy as a change leaves it.
pub(super) fn changed_policy(mut row: AccessRow, change: &super::PolicyChange) -> AccessRow {
    let super::PolicyChange {
        access,
        links_on,
        sharing_from,
        copying_from,
        exporting_from,
        guests_comment,
    } = *change;
    row.access = access.unwrap_or(row.access);
    row.links_on = links_on.unwrap_or(row.links_on);
    row.sharing_from = sharing_from.unwrap_or(row.sharing_from);
    row.copying_from = copying_from.unwrap_or(row.copying_from);
    row.exporting_from = exporting_from.unwrap_or(row.exporting_from);
    row.guests_comment = guests_comment.unwrap_or(row.guests_comment);
    row.rev += 1;
    row
}
