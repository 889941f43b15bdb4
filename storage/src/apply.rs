//! The rules: what a command does to what is stored.
//!
//! Pure over the transaction: no clock, randomness, floating point or map order, so that every node that applies the
//! same commands holds the same bytes. A [`Rejection`] comes before the first write of its command.
//!
//! The hot path is `AppendUpdates` of one small update. It reads the board, document and seat rows, and writes three:
//! the document row, the seat row and the new update. Nothing else is touched per update; a batch as a whole adds the
//! clock, the engine's marker and one look at what is about to expire. A seat costs one more row, its entry in the
//! list of what expires, once per ten minutes.

use crate::apart::{ApartKey, ApartOf, ApartRow};
use crate::command::{Actor, Command, Envelope, NewUpdate, Outcome, Payload, Rejection, Reply};
use crate::ids::{BoardId, CommandId, DocName, InstanceId, Time, Title};
use crate::nodes;
use crate::people;
use crate::records::{
    BoardRow, BodyContent, DocRow, Expiring, InstanceRow, OutcomeRow, SeatRow, UpdateRow,
};
use crate::rows::{ReadRows, WriteRows};
use crate::sharing::{self, RequestRow, What};
use crate::store::Batch;
use crate::tx::{Fault, WriteTx};

/// How long the answer to a command with an id is kept.
pub const OUTCOME_KEPT_MS: u64 = 24 * 60 * 60 * 1000;
/// How long after a seat's last update a repeat of any of its updates is still recognised.
pub const SEAT_KEPT_MS: u64 = 10 * 60 * 1000;

/// A batch forgets this many expired things and two more for each of its commands. A command makes at most a few, so
/// what has expired never piles up, and no batch ever pays for all of it.
const FORGET_PER_BATCH: usize = 8;
const FORGET_PER_COMMAND: usize = 2;

/// Applies the commands of one batch at one moment, which is later than that of every batch before it.
pub fn apply_batch(tx: &mut dyn WriteTx, batch: &Batch) -> Result<Vec<Reply>, Fault> {
    let at = tx.clock()?.plus_ms(1).max(batch.at);
    tx.put_clock(at)?;
    let forget_max = FORGET_PER_BATCH + FORGET_PER_COMMAND * batch.envelopes.len();
    forget_expired(tx, at, forget_max)?;
    batch
        .envelopes
        .iter()
        .map(|envelope| apply(tx, at, envelope))
        .collect()
}

/// Applies one command at a moment. A command whose id was answered within the last day is answered the same again.
pub fn apply(tx: &mut dyn WriteTx, at: Time, envelope: &Envelope) -> Result<Reply, Fault> {
    let Some(id) = envelope.id else {
        return run(tx, at, envelope.actor, &envelope.kind);
    };
    if let Command::Once { asked, kind } = &envelope.kind {
        return run_once(tx, at, envelope.actor, id, asked, kind);
    }
    if let Some(kept) = tx.outcome(id)?
        && at < outcome_due(&kept)
    {
        return Ok(kept.reply);
    }
    let reply = run(tx, at, envelope.actor, &envelope.kind)?;
    keep_outcome(tx, at, id, &reply)?;
    Ok(reply)
}

/// The answer is kept beside what was asked for, so that the key cannot be used for something else.
fn run_once(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    id: CommandId,
    asked: &[u8; 32],
    command: &Command,
) -> Result<Reply, Fault> {
    if let Some(kept) = tx.get::<RequestRow>(&id)?
        && at < kept.at.plus_ms(OUTCOME_KEPT_MS)
    {
        return Ok(match kept.asked == *asked {
            true => Ok(Outcome::Again(Box::new(kept.reply))),
            false => Err(Rejection::RequestReused),
        });
    }
    let reply = run(tx, at, actor, command)?;
    let row = RequestRow {
        asked: *asked,
        at,
        reply: reply.clone(),
    };
    tx.put(&id, &row)?;
    tx.put_expiring(at.plus_ms(OUTCOME_KEPT_MS), &Expiring::Outcome(id))?;
    Ok(reply)
}

fn run(tx: &mut dyn WriteTx, at: Time, actor: Actor, command: &Command) -> Result<Reply, Fault> {
    match command {
        Command::InitInstance { instance } => init_instance(tx, at, *instance),
        Command::CreateBoard { board, title } => create_board(tx, at, actor, *board, title),
        Command::RenameBoard {
            board,
            title,
            if_rev,
        } => rename_board(tx, at, actor, *board, title, *if_rev),
        Command::TrashBoard { board, if_rev } => trash_board(tx, at, actor, *board, *if_rev),
        Command::RestoreBoard { board } => restore_board(tx, at, actor, *board),
        Command::PurgeBoard { board } => purge_board(tx, *board),
        Command::AppendUpdates { doc, updates } => append_updates(tx, at, doc, updates),
        Command::Compact {
            doc,
            expected_body_seq,
            upto_seq,
            body,
            state_vector,
        } => {
            let span = CompactSpan {
                expected_body_seq: *expected_body_seq,
                upto_seq: *upto_seq,
            };
            compact(tx, doc, span, body, state_vector)
        }
        Command::People(command) => people::apply(tx, at, command),
        Command::Sharing(command) => sharing::apply(tx, at, actor, command),
        Command::Nodes(command) => nodes::apply(tx, at, command),
        // Without an id there is nothing to recognise a repeat by.
        Command::Once { kind, .. } => run(tx, at, actor, kind),
    }
}

fn init_instance(tx: &mut dyn WriteTx, at: Time, id: InstanceId) -> Result<Reply, Fault> {
    if tx.instance()?.is_some() {
        return Ok(Err(Rejection::InstanceExists));
    }
    tx.put_instance(&InstanceRow { id, created_at: at })?;
    Ok(Ok(Outcome::Done))
}

fn create_board(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
    title: &Title,
) -> Result<Reply, Fault> {
    if tx.board(board)?.is_some() {
        return Ok(Err(Rejection::BoardExists));
    }
    if let Err(rejection) = sharing::may_own(tx, actor)? {
        return Ok(Err(rejection));
    }
    let row = BoardRow {
        title: title.clone(),
        created_at: at,
        changed_at: at,
        trashed_at: None,
        rev: 1,
    };
    let doc = DocRow {
        updated_at: at,
        ..DocRow::default()
    };
    tx.put_board(board, &row)?;
    tx.put_doc(&board.into(), &doc)?;
    sharing::own_board(tx, at, actor, board)?;
    Ok(Ok(Outcome::Board(row.join(board, &doc))))
}

fn rename_board(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
    title: &Title,
    if_rev: Option<u64>,
) -> Result<Reply, Fault> {
    let row = match live_board(tx, board, if_rev)? {
        Ok(row) => row,
        Err(rejection) => return Ok(Err(rejection)),
    };
    let title = title.clone();
    let renamed = What::Renamed {
        title: title.clone(),
    };
    sharing::note(tx, at, actor, board, renamed)?;
    change_board(tx, at, board, BoardRow { title, ..row })
}

fn trash_board(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
    if_rev: Option<u64>,
) -> Result<Reply, Fault> {
    let row = match live_board(tx, board, if_rev)? {
        Ok(row) => row,
        Err(rejection) => return Ok(Err(rejection)),
    };
    let trashed_at = Some(at);
    sharing::note(tx, at, actor, board, What::Trashed)?;
    change_board(tx, at, board, BoardRow { trashed_at, ..row })
}

fn restore_board(
    tx: &mut dyn WriteTx,
    at: Time,
    actor: Actor,
    board: BoardId,
) -> Result<Reply, Fault> {
    let row = match trashed_board(tx, board)? {
        Ok(row) => row,
        Err(rejection) => return Ok(Err(rejection)),
    };
    if let Err(rejection) = sharing::own_again(tx, at, actor, board)? {
        return Ok(Err(rejection));
    }
    let trashed_at = None;
    sharing::note(tx, at, actor, board, What::Restored)?;
    change_board(tx, at, board, BoardRow { trashed_at, ..row })
}

/// Deletes all rows at once. A long history takes a while; nobody can be drawing on this board meanwhile.
fn purge_board(tx: &mut dyn WriteTx, board: BoardId) -> Result<Reply, Fault> {
    if let Err(rejection) = trashed_board(tx, board)? {
        return Ok(Err(rejection));
    }
    sharing::forget_board(tx, board)?;
    tx.delete_board(board)?;
    tx.delete_doc(&board.into())?;
    tx.delete_all::<ApartRow>(&ApartOf(board.into()))?;
    Ok(Ok(Outcome::Done))
}

fn live_board(
    tx: &dyn WriteTx,
    board: BoardId,
    if_rev: Option<u64>,
) -> Result<Result<BoardRow, Rejection>, Fault> {
    let Some(row) = tx.board(board)? else {
        return Ok(Err(Rejection::BoardNotFound));
    };
    if row.trashed_at.is_some() {
        return Ok(Err(Rejection::BoardTrashed));
    }
    let current = row.rev;
    if if_rev.is_some_and(|wanted| wanted != current) {
        return Ok(Err(Rejection::RevisionMoved { current }));
    }
    Ok(Ok(row))
}

fn trashed_board(tx: &dyn WriteTx, board: BoardId) -> Result<Result<BoardRow, Rejection>, Fault> {
    let Some(row) = tx.board(board)? else {
        return Ok(Err(Rejection::BoardNotFound));
    };
    if row.trashed_at.is_none() {
        return Ok(Err(Rejection::BoardNotTrashed));
    }
    Ok(Ok(row))
}

/// Stores changed metadata under the next revision.
fn change_board(
    tx: &mut dyn WriteTx,
    at: Time,
    board: BoardId,
    mut row: BoardRow,
) -> Result<Reply, Fault> {
    row.rev += 1;
    row.changed_at = at;
    let doc = board_doc(tx, board)?;
    tx.put_board(board, &row)?;
    Ok(Ok(Outcome::Board(row.join(board, &doc))))
}

fn board_doc(tx: &dyn WriteTx, board: BoardId) -> Result<DocRow, Fault> {
    tx.doc(&board.into())?
        .ok_or_else(|| Fault::Corrupt(format!("{board} has no document")))
}

fn append_updates(
    tx: &mut dyn WriteTx,
    at: Time,
    doc: &DocName,
    updates: &[NewUpdate],
) -> Result<Reply, Fault> {
    if let Err(rejection) = check_appendable(tx, doc)? {
        return Ok(Err(rejection));
    }
    if updates.is_empty() {
        return Ok(Err(Rejection::Empty));
    }
    for update in updates {
        if let Err(rejection) = check_content(&update.payload) {
            return Ok(Err(rejection));
        }
    }

    let mut row = tx.doc(doc)?.unwrap_or_default();
    let first_seq = row.head_seq + 1;
    let mut seats = Vec::new();
    let mut repeats = 0;
    for update in updates {
        if is_repeat(tx, at, doc, update, &mut seats)? {
            repeats += 1;
            continue;
        }
        row.head_seq += 1;
        tx.put_update(doc, row.head_seq, &UpdateRow::new(at, update))?;
        if let Some(blob) = update.payload.apart() {
            tx.put(&ApartKey::update(doc, row.head_seq), &ApartRow::from(blob))?;
        }
    }
    let last_seq = row.head_seq;
    if last_seq >= first_seq {
        row.updated_at = at;
        tx.put_doc(doc, &row)?;
    }
    for heard in seats {
        keep_seat(tx, at, doc, heard)?;
    }
    Ok(Ok(Outcome::Appended {
        first_seq,
        last_seq,
        repeats,
    }))
}

fn check_appendable(tx: &dyn WriteTx, doc: &DocName) -> Result<Result<(), Rejection>, Fault> {
    match doc {
        DocName::Board(board) => Ok(match tx.is_trashed(*board)? {
            None => Err(Rejection::BoardNotFound),
            Some(true) => Err(Rejection::BoardTrashed),
            Some(false) => Ok(()),
        }),
        DocName::Raw(_) => Ok(Ok(())),
    }
}

/// A seat this command has heard from: its row, and whether it is stored already.
struct HeardSeat {
    seat: u64,
    row: SeatRow,
    known: bool,
    changed: bool,
}

/// Notes where the update comes from; `true` when it was stored before.
fn is_repeat(
    tx: &dyn WriteTx,
    at: Time,
    doc: &DocName,
    update: &NewUpdate,
    seats: &mut Vec<HeardSeat>,
) -> Result<bool, Fault> {
    let Some(origin) = update.origin else {
        return Ok(false);
    };
    // In order, as the seats are written; nearly always there is one, which needs no map.
    let at_seat = match seats.binary_search_by_key(&origin.seat, |heard| heard.seat) {
        Ok(at_seat) => at_seat,
        Err(at_seat) => {
            seats.insert(at_seat, load_seat(tx, at, doc, origin.seat)?);
            at_seat
        }
    };
    let heard = &mut seats[at_seat];
    let new = heard.row.hear(origin.number);
    heard.changed |= new;
    Ok(!new)
}

fn load_seat(tx: &dyn WriteTx, at: Time, doc: &DocName, seat: u64) -> Result<HeardSeat, Fault> {
    let stored = tx.seat(doc, seat)?;
    let known = stored.is_some();
    // Expired but not yet forgotten: its entry in the list of what expires is still there, its numbers are not.
    let row = stored.filter(|row| at < seat_due(row)).unwrap_or_default();
    Ok(HeardSeat {
        seat,
        row,
        known,
        changed: false,
    })
}

fn keep_seat(tx: &mut dyn WriteTx, at: Time, doc: &DocName, heard: HeardSeat) -> Result<(), Fault> {
    let seat = heard.seat;
    if !heard.changed {
        return Ok(());
    }
    if !heard.known {
        // The entry is not moved with every update: when it comes due, `forget` looks at how old the seat really is.
        tx.put_expiring(at.plus_ms(SEAT_KEPT_MS), &Expiring::Seat(doc.clone(), seat))?;
    }
    let row = SeatRow { at, ..heard.row };
    tx.put_seat(doc, seat, row)
}

#[derive(Clone, Copy)]
struct CompactSpan {
    expected_body_seq: u64,
    upto_seq: u64,
}

/// Swaps the body, whatever the size of the tail. Updates are not moved: those up to the body's seq are history from
/// now on, the rest is the tail. A board in the trash may be compacted, its content stays the same.
fn compact(
    tx: &mut dyn WriteTx,
    doc: &DocName,
    span: CompactSpan,
    body: &Payload,
    state_vector: &[u8],
) -> Result<Reply, Fault> {
    let Some(mut row) = tx.doc(doc)? else {
        return Ok(Err(Rejection::DocNotFound));
    };
    let (body_seq, head_seq) = (row.body_seq, row.head_seq);
    if span.expected_body_seq != body_seq {
        return Ok(Err(Rejection::BodyMoved { body_seq }));
    }
    if span.upto_seq <= body_seq || span.upto_seq > head_seq {
        return Ok(Err(Rejection::SeqOutOfRange { head_seq }));
    }
    if let Err(rejection) = check_content(body) {
        return Ok(Err(rejection));
    }

    row.body_seq = span.upto_seq;
    // The blob of the body before is named by it no longer.
    match body.apart() {
        Some(blob) => tx.put(&ApartKey::body(doc), &ApartRow::from(blob))?,
        None => tx.delete::<ApartRow>(&ApartKey::body(doc))?,
    }
    let body = BodyContent {
        content: body.clone(),
        state_vector: state_vector.to_vec().into(),
    };
    tx.put_body(doc, &body)?;
    tx.put_doc(doc, &row)?;
    Ok(Ok(Outcome::Compacted {
        body_seq: span.upto_seq,
    }))
}

fn check_content(payload: &Payload) -> Result<(), Rejection> {
    match payload {
        Payload::Inline(bytes) if bytes.is_empty() => Err(Rejection::Empty),
        Payload::Apart { len: 0, .. } => Err(Rejection::Empty),
        Payload::Inline(_) | Payload::Apart { .. } => Ok(()),
        Payload::Blob { .. } => Err(Rejection::BlobUnsupported),
    }
}

fn keep_outcome(tx: &mut dyn WriteTx, at: Time, id: CommandId, reply: &Reply) -> Result<(), Fault> {
    let row = OutcomeRow {
        at,
        reply: reply.clone(),
    };
    tx.put_outcome(id, &row)?;
    tx.put_expiring(outcome_due(&row), &Expiring::Outcome(id))
}

fn outcome_due(row: &OutcomeRow) -> Time {
    row.at.plus_ms(OUTCOME_KEPT_MS)
}

fn seat_due(row: &SeatRow) -> Time {
    row.at.plus_ms(SEAT_KEPT_MS)
}

fn forget_expired(tx: &mut dyn WriteTx, at: Time, limit: usize) -> Result<(), Fault> {
    for (due, what) in tx.expiring(at, limit)? {
        tx.delete_expiring(due, &what)?;
        if let Some(later) = forget(tx, at, &what)? {
            tx.put_expiring(later, &what)?;
        }
    }
    Ok(())
}

/// Deletes what is due; gives the moment to look again if it was renewed meanwhile.
fn forget(tx: &mut dyn WriteTx, at: Time, what: &Expiring) -> Result<Option<Time>, Fault> {
    match what {
        Expiring::Outcome(id) => {
            let due = tx.outcome(*id)?.map(|row| outcome_due(&row));
            if due.is_some_and(|due| due <= at) {
                tx.delete_outcome(*id)?;
            }
            let request = tx.get::<RequestRow>(id)?;
            let request_due = request.map(|row| row.at.plus_ms(OUTCOME_KEPT_MS));
            if request_due.is_some_and(|due| due <= at) {
                tx.delete::<RequestRow>(id)?;
            }
            Ok(due.max(request_due).filter(|due| *due > at))
        }
        Expiring::Seat(doc, seat) => {
            let due = tx.seat(doc, *seat)?.map(|row| seat_due(&row));
            if due.is_some_and(|due| due <= at) {
                tx.delete_seat(doc, *seat)?;
            }
            Ok(due.filter(|due| *due > at))
        }
    }
}
