//! Share links, and the visits that begin at them.

use super::activity::note;
use super::boards::end_visits;
use super::command::{LinkChange, SharingOutcome};
use super::records::{
    AccessRow, LINKS_MAX, LinkBySecret, LinkRow, Role, SessionOfLink, VISITS_MAX, What,
};
use super::rules::{done, ended, refused};
use crate::command::{Actor, Rejection, Reply};
use crate::ids::{BoardId, LinkId, SessionId, Time};
use crate::names::DisplayName;
use crate::people::{ClientInfo, SessionRow, Subject, end_session};
use crate::rows::{ReadRows, WriteRows};
use crate::tx::{Fault, WriteTx};

pub(super) fn create(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    (board, link): (BoardId, LinkId),
    row: LinkRow,
) -> Result<Reply, Fault> {
    if row.role == Role::Owner {
        return refused(Rejection::RoleTooHigh);
    }
    let is_known = tx.get::<LinkRow>(&(board, link))?.is_some();
    if is_known || tx.get::<LinkBySecret>(&row.hash)?.is_some() {
        return refused(Rejection::LinkExists);
    }
    let before = tx.all::<LinkRow>(&board)?;
    let is_over = |row: &LinkRow| row.is_over(at);
    let over: Vec<_> = before.iter().filter(|(_, row)| is_over(row)).collect();
    if before.len() - over.len() >= LINKS_MAX {
        let max = LINKS_MAX as u64;
        return refused(Rejection::TooMany { max });
    }
    let too_many = (before.len() + 1).saturating_sub(LINKS_MAX);
    for (key, old) in over.into_iter().take(too_many) {
        end_visits(tx, key.1)?;
        tx.delete::<LinkBySecret>(&old.hash)?;
        tx.delete::<LinkRow>(key)?;
    }
    tx.put(&row.hash, &LinkBySecret { board, link })?;
    tx.put(&(board, link), &row)?;
    let made = What::LinkMade {
        link,
        role: row.role,
    };
    note(tx, at, actor, board, made)?;
    ended(SharingOutcome::Link(row))
}

pub(super) fn change(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    (board, link): (BoardId, LinkId),
    change: &LinkChange,
    if_rev: Option<u64>,
) -> Result<Reply, Fault> {
    let Some(mut row) = tx.get::<LinkRow>(&(board, link))? else {
        return refused(Rejection::LinkNotFound);
    };
    if row.revoked_at.is_some() {
        return refused(Rejection::LinkOver);
    }
    let current = row.rev;
    if if_rev.is_some_and(|wanted| wanted != current) {
        return refused(Rejection::RevisionMoved { current });
    }
    let LinkChange {
        role,
        label,
        password,
        expires_at,
        uses_max,
    } = change;
    if *role == Some(Role::Owner) {
        return refused(Rejection::RoleTooHigh);
    }
    row.role = role.unwrap_or(row.role);
    if let Some(label) = label {
        row.label.clone_from(label);
    }
    // Who came in under the old password has not shown the new one.
    let ends_visits = password.as_ref().is_some_and(Option::is_some);
    if let Some(password) = password {
        row.password.clone_from(password);
    }
    row.expires_at = expires_at.unwrap_or(row.expires_at);
    row.uses_max = uses_max.unwrap_or(row.uses_max);
    row.rev += 1;
    tx.put(&(board, link), &row)?;
    if ends_visits || row.is_over(at) {
        end_visits(tx, link)?;
    } else if let Some(end) = row.expires_at {
        shorten_visits(tx, link, end)?;
    }
    note(tx, at, actor, board, What::LinkChanged { link })?;
    ended(SharingOutcome::Link(row))
}

/// No visit goes on when its link has expired.
fn shorten_visits(tx: &mut dyn WriteTx, link: LinkId, end: Time) -> Result<(), Fault> {
    for (_, session) in tx.keys::<SessionOfLink>(&link)? {
        let mut visit = tx.get_known::<SessionRow>(&session)?;
        if visit.ends_at > end {
            visit.ends_at = end;
            tx.put(&session, &visit)?;
        }
    }
    Ok(())
}

pub(super) fn revoke(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    (board, link): (BoardId, LinkId),
) -> Result<Reply, Fault> {
    let Some(mut row) = tx.get::<LinkRow>(&(board, link))? else {
        return refused(Rejection::LinkNotFound);
    };
    if row.revoked_at.is_none() {
        row.revoked_at = Some(at);
        row.rev += 1;
        tx.put(&(board, link), &row)?;
        end_visits(tx, link)?;
        note(tx, at, actor, board, What::LinkRevoked { link })?;
    }
    done()
}

/// How many of a link's visits each new one looks at, to forget those that are over: the earliest, which end first.
const SWEEP_VISITS: usize = 16;

pub(super) fn open(
    tx: &mut dyn WriteTx,
    at: Time,
    (board, link): (BoardId, LinkId),
    session: SessionId,
    client: &ClientInfo,
    ends_at: Time,
) -> Result<Reply, Fault> {
    let Some(mut row) = tx.get::<LinkRow>(&(board, link))? else {
        return refused(Rejection::LinkNotFound);
    };
    let policy = tx.get::<AccessRow>(&board)?;
    if row.is_over(at) || !policy.is_some_and(|policy| policy.links_on) {
        return refused(Rejection::LinkOver);
    }
    if row.is_used_up() {
        return refused(Rejection::LinkUsedUp);
    }
    if tx.get::<SessionRow>(&session)?.is_some() {
        return refused(Rejection::SessionExists);
    }
    let visits = tx.keys::<SessionOfLink>(&link)?;
    let looked_at = match visits.len() < VISITS_MAX {
        true => SWEEP_VISITS,
        false => visits.len(),
    };
    let mut over = Vec::new();
    for (_, visit) in visits.iter().take(looked_at) {
        if tx.get_known::<SessionRow>(visit)?.is_over(at) {
            over.push(*visit);
        }
    }
    if visits.len() - over.len() >= VISITS_MAX {
        let max = VISITS_MAX as u64;
        return refused(Rejection::TooMany { max });
    }
    for visit in over {
        end_session(tx, visit)?;
    }
    row.uses = row.uses.saturating_add(1);
    tx.put(&(board, link), &row)?;
    let visit = SessionRow {
        subject: Subject::Link {
            board,
            link,
            name: None,
        },
        created_at: at,
        used_at: at,
        authenticated_at: at,
        agent: client.agent.clone(),
        network: client.network.clone(),
        refresh: None,
        ends_at: row.expires_at.map_or(ends_at, |end| end.min(ends_at)),
    };
    tx.put(&session, &visit)?;
    tx.put(&(link, session), &SessionOfLink)?;
    ended(SharingOutcome::Visit { role: row.role })
}

pub(super) fn name_guest(
    tx: &mut dyn WriteTx,
    at: Time,
    session: SessionId,
    new: &DisplayName,
) -> Result<Reply, Fault> {
    let Some(mut row) = tx.get::<SessionRow>(&session)? else {
        return refused(Rejection::SessionNotFound);
    };
    if row.is_over(at) {
        return refused(Rejection::SessionNotFound);
    }
    match &mut row.subject {
        Subject::Link { name, .. } => *name = Some(new.clone()),
        Subject::User(_) => return refused(Rejection::SessionNotFound),
    }
    tx.put(&session, &row)?;
    done()
}
