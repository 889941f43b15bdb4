//! Whose a board is: from its making to its end.

use std::ops::ControlFlow;

use super::activity::note;
use super::members::{put_member, remove_member_rows};
use super::records::{
    AccessRequestRow, AccessRow, ActivityOfUser, ActivityRow, AssetOfBoard, AssetRow, BoardOfUser,
    Favourite, InvitationBySecret, InvitationRow, LinkBySecret, LinkRow, MemberRow, Opened, Role,
    SessionOfLink, What, WorkspaceBoard,
};
use crate::command::Actor;
use crate::ids::{BoardId, Time, UserId};
use crate::people;
use crate::rows::{ReadRows, WriteRows};
use crate::tx::{Fault, WriteTx};

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
            put_member(tx, at, Actor::System, board, user, Role::Owner)?;
        }
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

/// A board ends, and everything that was about it.
pub(crate) fn forget_board(tx: &mut dyn WriteTx, board: BoardId) -> Result<(), Fault> {
    for ((_, user), _) in tx.all::<MemberRow>(&board)? {
        remove_member_rows(tx, board, user)?;
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
    for (_, asset) in tx.keys::<AssetOfBoard>(&board)? {
        tx.delete::<AssetRow>(&asset)?;
    }
    tx.delete_all::<AssetOfBoard>(&board)?;
    tx.delete_all::<AccessRequestRow>(&board)?;
    tx.delete_all::<ActivityRow>(&board)?;
    tx.delete::<WorkspaceBoard>(&board)?;
    tx.delete::<AccessRow>(&board)
}

/// Whoever came through the link is sent away.
pub(super) fn end_visits(tx: &mut dyn WriteTx, link: crate::ids::LinkId) -> Result<(), Fault> {
    for (_, session) in tx.keys::<SessionOfLink>(&link)? {
        people::end_session(tx, session)?;
    }
    Ok(())
}
