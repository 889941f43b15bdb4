//! Whose a board is: from its making to its end.

use std::ops::ControlFlow;

use super::activity::note;
use super::assets;
use super::members::{put_member, remove_member_rows};
use super::records::{
    AccessRequestRow, AccessRow, ActivityHeld, ActivityOfUser, ActivityRow, BoardOfUser, Favourite,
    InvitationBySecret, InvitationRow, LinkBySecret, LinkRow, MemberRow, Opened, Role,
    SessionOfLink, What, WorkspaceBoard,
};
use crate::command::{Actor, Rejection};
use crate::ids::{BoardId, LinkId, Time, UserId};
use crate::people::{self, UserRow};
use crate::rows::{ReadRows, Single, WriteRows};
use crate::tx::{Fault, WriteTx};

/// Whether this actor can come to own a board. Their account may have gone while the command was on its way.
pub(crate) fn may_own(tx: &dyn WriteTx, actor: Actor) -> Result<Result<(), Rejection>, Fault> {
    let Actor::User(user) = actor else {
        return Ok(Ok(()));
    };
    Ok(match tx.get::<UserRow>(&user)? {
        None => Err(Rejection::UserNotFound),
        Some(row) if row.disabled_at.is_some() => Err(Rejection::UserDisabled),
        Some(_) => Ok(()),
    })
}

/// A board that was just made belongs to who made it. On a node without accounts that is nobody.
pub(crate) fn own_board(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
) -> Result<(), Fault> {
    if let Actor::User(user) = actor {
        tx.put(&board, &AccessRow::new(Some(user)))?;
        put_member(tx, at, actor, board, user, Role::Owner)?;
    }
    note(tx, at, actor, board, What::Created)
}

/// A board comes back from the trash. If its owner went meanwhile, it belongs to who takes it out.
pub(crate) fn own_again(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
) -> Result<Result<(), Rejection>, Fault> {
    if tx.get::<AccessRow>(&board)?.is_none() || has_owner(tx, board)? || !has_people(tx)? {
        return Ok(Ok(()));
    }
    let Actor::User(user) = actor else {
        return Ok(Err(Rejection::LastOwner));
    };
    if let Err(rejection) = may_own(tx, actor)? {
        return Ok(Err(rejection));
    }
    put_member(tx, at, actor, board, user, Role::Owner)?;
    Ok(Ok(()))
}

fn has_owner(tx: &dyn WriteTx, board: BoardId) -> Result<bool, Fault> {
    let members = tx.all::<MemberRow>(&board)?;
    Ok(members.iter().any(|(_, row)| row.role == Role::Owner))
}

fn has_people(tx: &dyn WriteTx) -> Result<bool, Fault> {
    let mut any = false;
    tx.scan::<UserRow>(&Single, &mut |_, _| {
        any = true;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(any)
}

/// What was made before there were accounts comes to the first.
pub(crate) fn claim_boards(tx: &mut dyn WriteTx, at: Time, user: UserId) -> Result<(), Fault> {
    let mut boards = Vec::new();
    tx.scan_boards(&mut |board, _| {
        boards.push(board);
        Ok(ControlFlow::Continue(()))
    })?;
    for board in boards {
        if tx.get::<AccessRow>(&board)?.is_none() {
            tx.put(&board, &AccessRow::new(None))?;
        }
        put_member(tx, at, Actor::System, board, user, Role::Owner)?;
    }
    Ok(())
}

/// A person goes. What had no other owner goes to the heir, or into the trash.
pub(crate) fn leave_boards(
    tx: &mut dyn WriteTx,
    at: Time,
    user: UserId,
    heir: Option<UserId>,
) -> Result<(), Fault> {
    for (_, board) in tx.keys::<BoardOfUser>(&user)? {
        let members = tx.all::<MemberRow>(&board)?;
        let owns = |of: &dyn Fn(UserId) -> bool| {
            members
                .iter()
                .any(|((_, member), row)| of(*member) && row.role == Role::Owner)
        };
        let was_only_owner = owns(&|member| member == user) && !owns(&|member| member != user);
        if was_only_owner {
            match heir {
                Some(heir) => put_member(tx, at, Actor::System, board, heir, Role::Owner)?,
                None => put_in_trash(tx, at, board)?,
            }
        }
        remove_member_rows(tx, board, user)?;
    }
    for key in tx.keys::<AccessRequestRow>(&Single)? {
        if key.1 == user {
            tx.delete::<AccessRequestRow>(&key)?;
        }
    }
    tx.delete_all::<Favourite>(&user)?;
    tx.delete_all::<Opened>(&user)?;
    tx.delete_all::<ActivityOfUser>(&user)
}

fn put_in_trash(tx: &mut dyn WriteTx, at: Time, board: BoardId) -> Result<(), Fault> {
    let row = tx.board(board)?;
    let mut row = row.ok_or_else(|| Fault::Corrupt(format!("{board} has members and no row")))?;
    if row.trashed_at.is_none() {
        row.trashed_at = Some(at);
        row.changed_at = at;
        row.rev += 1;
        tx.put_board(board, &row)?;
    }
    Ok(())
}

/// A board ends, and everything that was about it. What people keep about it lies under their own ids, so each is asked.
pub(crate) fn forget_board(tx: &mut dyn WriteTx, board: BoardId) -> Result<(), Fault> {
    for ((_, user), _) in tx.all::<MemberRow>(&board)? {
        remove_member_rows(tx, board, user)?;
    }
    for user in tx.keys::<UserRow>(&Single)? {
        tx.delete::<Favourite>(&(user, board))?;
        tx.delete::<Opened>(&(user, board))?;
    }
    for ((_, no), row) in tx.all::<ActivityRow>(&board)? {
        if let Actor::User(user) = row.actor {
            tx.delete::<ActivityOfUser>(&(user, no))?;
        }
    }
    for ((_, link), row) in tx.all::<LinkRow>(&board)? {
        end_visits(tx, link)?;
        tx.delete::<LinkBySecret>(&row.hash)?;
        tx.delete::<LinkRow>(&(board, link))?;
    }
    for (key, row) in tx.all::<InvitationRow>(&board)? {
        tx.delete::<InvitationBySecret>(&row.hash)?;
        tx.delete::<InvitationRow>(&key)?;
    }
    assets::forget_board(tx, board)?;
    tx.delete_all::<AccessRequestRow>(&board)?;
    tx.delete_all::<ActivityRow>(&board)?;
    tx.delete::<ActivityHeld>(&board)?;
    tx.delete::<WorkspaceBoard>(&board)?;
    tx.delete::<AccessRow>(&board)
}

/// Whoever came through the link is sent away.
pub(super) fn end_visits(tx: &mut dyn WriteTx, link: LinkId) -> Result<(), Fault> {
    for (_, session) in tx.keys::<SessionOfLink>(&link)? {
        people::end_session(tx, session)?;
    }
    Ok(())
}
