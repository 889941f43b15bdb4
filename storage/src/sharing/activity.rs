//! The lines of a board's activity, written by the rules as things happen.

use super::records::{
    ACTIVITY_MAX, ActivityCount, ActivityHeld, ActivityOfUser, ActivityRow, EDITED_EVERY_MS,
    EventNo, What,
};
use crate::command::{Actor, Outcome, Reply};
use crate::ids::{BoardId, Time};
use crate::names::DisplayName;
use crate::rows::{ReadRows, Single, WriteRows};
use crate::sharing::SharingOutcome;
use crate::tx::{Fault, WriteTx};

/// Notes what happened. The server's own upkeep is nobody's activity.
pub(crate) fn note(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
    what: What,
) -> Result<(), Fault> {
    put(tx, at, actor, None, board, what)
}

fn put(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    guest: Option<DisplayName>,
    board: BoardId,
    what: What,
) -> Result<(), Fault> {
    if actor == Actor::System {
        return Ok(());
    }
    let ActivityCount(count) = tx.get(&Single)?.unwrap_or_default();
    let no = EventNo(count + 1);
    tx.put(&Single, &ActivityCount(no.0))?;
    let row = ActivityRow {
        at,
        actor,
        guest,
        what,
    };
    tx.put(&(board, no), &row)?;
    if let Actor::User(user) = actor {
        tx.put(&(user, no), &ActivityOfUser { board })?;
    }
    let held = match tx.get(&board)? {
        Some(ActivityHeld(held)) => held + 1,
        None => tx.keys::<ActivityRow>(&board)?.len() as u64,
    };
    let held = match held < (ACTIVITY_MAX + DROPPED_AT_ONCE) as u64 {
        true => held,
        false => drop_oldest(tx, board)?,
    };
    tx.put(&board, &ActivityHeld(held))
}

/// To find the oldest lines takes a look at all; so many more are waited for that this is seldom.
const DROPPED_AT_ONCE: usize = 500;

/// Gives how many are left.
fn drop_oldest(tx: &mut dyn WriteTx, board: BoardId) -> Result<u64, Fault> {
    // The latest come first.
    let all = tx.all::<ActivityRow>(&board)?;
    for ((_, no), row) in all.iter().skip(ACTIVITY_MAX) {
        tx.delete::<ActivityRow>(&(board, *no))?;
        if let Actor::User(user) = row.actor {
            tx.delete::<ActivityOfUser>(&(user, *no))?;
        }
    }
    Ok(all.len().min(ACTIVITY_MAX) as u64)
}

/// How many of the latest lines are looked at for an earlier note of the same.
const LOOK_BACK: usize = 50;

/// Notes that somebody draws, unless that was noted a short while ago.
pub(super) fn note_edited(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
    guest: Option<&DisplayName>,
) -> Result<Reply, Fault> {
    let done = Ok(Ok(Outcome::Sharing(SharingOutcome::Done)));
    if tx.board(board)?.is_none() {
        return done;
    }
    let (mut seen, mut is_noted) = (0, false);
    tx.scan::<ActivityRow>(&board, &mut |_, row| {
        seen += 1;
        let is_recent = at < row.at.plus_ms(EDITED_EVERY_MS);
        is_noted = is_recent && row.actor == actor && row.what == What::Edited;
        let go_on = is_recent && !is_noted && seen < LOOK_BACK;
        Ok(if go_on {
            std::ops::ControlFlow::Continue(())
        } else {
            std::ops::ControlFlow::Break(())
        })
    })?;
    if !is_noted {
        put(tx, at, actor, guest.cloned(), board, What::Edited)?;
    }
    done
}
