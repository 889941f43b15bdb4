//! The records as rows of redb tables, for reading and writing transactions alike.
//!
//! All tables map bytes to bytes: a snapshot then copies rows without knowing them. What the bytes are is
//! [`super::keys`] and [`crate::codec`].

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use ::redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, Table, TableDefinition,
    WriteTransaction,
};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault;
use super::heads::{Before, Heads};
use super::keys::{self, Key};
use super::run::Run;
use crate::apart::ApartRow;
use crate::codec;
use crate::command::Payload;
use crate::ids::{BoardId, CommandId, DocName, Time};
use crate::records::{
    BoardRow, BodyContent, DocRow, Expiring, InstanceRow, OutcomeRow, SeatRow, UpdateRow,
};
use crate::rows::{Record, RowKey, RowKind};
use crate::sharing::{AccessRow, BoardHead};
use crate::tx::{Counts, Fault, ReadTx, Visit, VisitBytes, WriteTx};

type RawTable = TableDefinition<'static, &'static [u8], &'static [u8]>;
pub(super) type BytesTable<'tx> = Table<'tx, &'static [u8], &'static [u8]>;

const META: RawTable = TableDefinition::new("meta");
const BOARDS: RawTable = TableDefinition::new("boards");
const DOCS: RawTable = TableDefinition::new("docs");
const BODIES: RawTable = TableDefinition::new("bodies");
const UPDATES: RawTable = TableDefinition::new("updates");
const SEATS: RawTable = TableDefinition::new("seats");
const OUTCOMES: RawTable = TableDefinition::new("outcomes");
const EXPIRING: RawTable = TableDefinition::new("expiring");
/// A kind's number, then the key: what is looked at now and then shares one table, so that no transaction pays for more.
const ROWS: RawTable = TableDefinition::new("rows");

/// The tables' numbers in snapshots. They are never reused.
pub(super) mod numbers {
    pub(in crate::redb) const META: u8 = 1;
    pub(in crate::redb) const BOARDS: u8 = 2;
    pub(in crate::redb) const DOCS: u8 = 3;
    pub(in crate::redb) const BODIES: u8 = 4;
    pub(in crate::redb) const UPDATES: u8 = 5;
    pub(in crate::redb) const SEATS: u8 = 6;
    pub(in crate::redb) const OUTCOMES: u8 = 7;
    pub(in crate::redb) const EXPIRING: u8 = 8;
    pub(in crate::redb) const ROWS: u8 = 9;
}

/// Every table with its number.
pub(super) const ALL: [(u8, RawTable); 9] = [
    (numbers::META, META),
    (numbers::BOARDS, BOARDS),
    (numbers::DOCS, DOCS),
    (numbers::BODIES, BODIES),
    (numbers::UPDATES, UPDATES),
    (numbers::SEATS, SEATS),
    (numbers::OUTCOMES, OUTCOMES),
    (numbers::EXPIRING, EXPIRING),
    (numbers::ROWS, ROWS),
];

/// The format of the whole file: which tables there are and what their keys mean.
///
/// 2 added accounts: a release that knows none must not open the boards of people to whoever comes.
pub(super) const FORMAT: u32 = 2;
pub(super) const FORMAT_WITHOUT_ACCOUNTS: u32 = 1;
/// Of a file in which content was ever named that lies apart, which a release that knows none could not give. It is raised
/// with the first, by the command that names it.
pub(super) const FORMAT_WITH_APART: u32 = 3;

const META_FORMAT: &[u8] = b"format";
const META_MARKER: &[u8] = b"marker";
const META_CLOCK: &[u8] = b"clock";
const META_INSTANCE: &[u8] = b"instance";

/// Bodies are cut into rows a little under 64 KiB, so that a row and its page header fill one 64 KiB page.
const BODY_ROW_BYTES: usize = (64 << 10) - 256;
/// A larger update is written at once.
const HELD_UPDATE_BYTES_MAX: usize = 16 << 10;
const PART_STATE_VECTOR: u8 = 0;
const PART_BODY: u8 = 1;
/// Instead of the body, where it lies apart: the blob that it is.
pub(super) const PART_APART: u8 = 2;

/// A transaction that tables are opened in.
pub(super) trait Opens {
    type Table: ReadableTable<&'static [u8], &'static [u8]>;
    const WRITES: bool;

    fn open(&self, table: RawTable) -> Result<Self::Table, Fault>;
}

impl Opens for &ReadTransaction {
    type Table = ReadOnlyTable<&'static [u8], &'static [u8]>;
    const WRITES: bool = false;

    fn open(&self, table: RawTable) -> Result<Self::Table, Fault> {
        self.open_table(table).map_err(fault)
    }
}

impl<'tx> Opens for &'tx WriteTransaction {
    type Table = BytesTable<'tx>;
    const WRITES: bool = true;

    /// Makes the table if it does not exist yet.
    fn open(&self, table: RawTable) -> Result<Self::Table, Fault> {
        self.open_table(table).map_err(fault)
    }
}

/// The tables of one transaction. Each is opened when it is first needed.
pub(super) struct Tables<X: Opens> {
    meta: Lazy<X>,
    boards: Lazy<X>,
    docs: Lazy<X>,
    bodies: Lazy<X>,
    updates: Lazy<X>,
    seats: Lazy<X>,
    outcomes: Lazy<X>,
    expiring: Lazy<X>,
    rows: Lazy<X>,
    held: Held,
    /// For reads alone.
    heads: Option<(Arc<Heads>, Before)>,
}

pub(super) type ReadTables<'tx> = Tables<&'tx ReadTransaction>;
pub(super) type WriteTables<'tx> = Tables<&'tx WriteTransaction>;

struct Lazy<X: Opens> {
    tx: X,
    definition: RawTable,
    table: OnceCell<X::Table>,
}

impl<X: Opens> Lazy<X> {
    fn new(tx: X, definition: RawTable) -> Self {
        let table = OnceCell::new();
        Self {
            tx,
            definition,
            table,
        }
    }

    fn get(&self) -> Result<&X::Table, Fault> {
        if self.table.get().is_none() {
            let opened = self.tx.open(self.definition)?;
            // It was empty a moment ago, and belongs to one thread.
            let _ = self.table.set(opened);
        }
        Ok(self.table.get().expect("it was set above"))
    }

    fn get_mut(&mut self) -> Result<&mut X::Table, Fault> {
        self.get()?;
        Ok(self.table.get_mut().expect("it was set above"))
    }
}

/// Rows that change with nearly every apply: a round holds them, and writes each once when it ends.
#[derive(Default)]
pub(super) struct Held {
    clock: Option<Time>,
    docs: BTreeMap<DocName, HeldDoc>,
    /// As they are stored; looked at for every update of theirs.
    boards: RefCell<BTreeMap<BoardId, BoardRow>>,
    /// Nothing expires before.
    next_due: Cell<Option<Time>>,
    /// Whose rows were changed, beside those of `docs`.
    changed: BTreeSet<BoardId>,
    rows: usize,
    /// Of the updates in `docs`.
    update_bytes: usize,
}

/// What was put, not what was read.
#[derive(Default)]
struct HeldDoc {
    row: Option<DocRow>,
    seats: BTreeMap<u64, SeatRow>,
    updates: Run,
}

impl Held {
    /// About so many rows are held.
    pub(super) fn rows(&self) -> usize {
        self.rows + self.boards.borrow().len()
    }

    /// Of updates, which are not counted as rows.
    pub(super) fn update_bytes(&self) -> usize {
        self.update_bytes
    }

    fn seat(&self, doc: &DocName, seat: u64) -> Option<&SeatRow> {
        self.docs.get(doc)?.seats.get(&seat)
    }

    /// Where what is put of the document is held.
    fn doc(&mut self, doc: &DocName) -> &mut HeldDoc {
        if !self.docs.contains_key(doc) {
            self.rows += 1;
            self.docs.insert(doc.clone(), HeldDoc::default());
        }
        self.docs.get_mut(doc).expect("it was put in above")
    }
}

impl<X: Opens + Copy> Tables<X> {
    pub(super) fn of(tx: X) -> Self {
        Self::with(tx, Held::default())
    }

    pub(super) fn with(tx: X, held: Held) -> Self {
        let lazy = |definition| Lazy::new(tx, definition);
        Self {
            meta: lazy(META),
            boards: lazy(BOARDS),
            docs: lazy(DOCS),
            bodies: lazy(BODIES),
            updates: lazy(UPDATES),
            seats: lazy(SEATS),
            outcomes: lazy(OUTCOMES),
            expiring: lazy(EXPIRING),
            rows: lazy(ROWS),
            held,
            heads: None,
        }
    }
}

impl ReadTables<'_> {
    /// Reads boards' heads from memory, and keeps there what it reads. `before` was asked before the transaction began.
    pub(super) fn with_heads(self, heads: Arc<Heads>, before: Before) -> Self {
        Self {
            heads: Some((heads, before)),
            ..self
        }
    }
}

impl WriteTables<'_> {
    pub(super) fn held_update_bytes(&self) -> usize {
        self.held.update_bytes()
    }

    /// Ends a part of a round.
    pub(super) fn into_held(self) -> Held {
        self.held
    }

    /// Writes the updates that were held back.
    pub(super) fn write_updates(&mut self) -> Result<(), Fault> {
        for (doc, held) in &mut self.held.docs {
            let run = std::mem::take(&mut held.updates);
            if !run.is_empty() {
                run.write(Key::of_doc(doc), self.updates.get_mut()?)?;
            }
        }
        self.held.update_bytes = 0;
        Ok(())
    }

    /// Ends a round: writes the marker, and what was held back until now. Gives the boards whose heads are others from the
    /// commit on.
    pub(super) fn finish(mut self, marker: &[u8]) -> Result<BTreeSet<BoardId>, Fault> {
        self.write_updates()?;
        let mut held = std::mem::take(&mut self.held);
        held.changed.extend(held.docs.keys().filter_map(board_of));
        for (doc, held) in &held.docs {
            let key = Key::of_doc(doc);
            if let Some(row) = &held.row {
                put(&mut self.docs, key.as_slice(), row)?;
            }
            for (seat, row) in &held.seats {
                put(&mut self.seats, key.u64(*seat).as_slice(), row)?;
            }
        }
        if let Some(at) = held.clock {
            put(&mut self.meta, META_CLOCK, &at)?;
        }
        put_bytes(&mut self.meta, META_MARKER, marker)?;
        Ok(held.changed)
    }

    /// A policy is part of its board's head.
    fn note_row(&mut self, kind: RowKind, key: &[u8]) {
        if kind == AccessRow::KIND {
            self.held.changed.extend(BoardId::read(key));
        }
    }

    /// At least this one.
    pub(super) fn raise_format(&mut self, format: u32) -> Result<(), Fault> {
        match self.format()? {
            Some(found) if found >= format => Ok(()),
            Some(_) | None => put_bytes(&mut self.meta, META_FORMAT, &format.to_be_bytes()),
        }
    }
}

impl<X: Opens> Tables<X> {
    /// Opens every table: fails if one is missing that cannot be made.
    pub(super) fn open_all(&self) -> Result<(), Fault> {
        for lazy in [
            &self.meta,
            &self.boards,
            &self.docs,
            &self.bodies,
            &self.updates,
            &self.seats,
            &self.outcomes,
            &self.expiring,
            &self.rows,
        ] {
            lazy.get()?;
        }
        Ok(())
    }

    pub(super) fn marker(&self) -> Result<Option<Vec<u8>>, Fault> {
        let row = self.meta.get()?.get(META_MARKER).map_err(fault)?;
        Ok(row.map(|row| row.value().to_vec()))
    }

    pub(super) fn format(&self) -> Result<Option<u32>, Fault> {
        let row = self.meta.get()?.get(META_FORMAT).map_err(fault)?;
        Ok(row.and_then(|row| Some(u32::from_be_bytes(row.value().try_into().ok()?))))
    }

    fn body_part(&self, doc: &DocName, part: u8) -> Result<Option<Bytes>, Fault> {
        let prefix = Key::of_doc(doc).push(&[part]);
        let end = prefix.after_prefix();
        let range = prefix.as_slice()..end.as_slice();
        let rows = self.bodies.get()?.range(range).map_err(fault)?;
        let rows: Vec<_> = rows.collect::<Result<_, _>>().map_err(fault)?;
        // Room for all of it at once: a large body would else be moved as it grows.
        let len = rows.iter().map(|(_, value)| value.value().len()).sum();
        let mut bytes = Vec::with_capacity(len);
        for (_, value) in &rows {
            bytes.extend_from_slice(value.value());
        }
        Ok((!rows.is_empty()).then(|| bytes.into()))
    }

    /// When the first of what expires after this moment is due; the end of time if there is none.
    fn due_after(&self, at: Time) -> Result<Time, Fault> {
        let begin = Key::of_time(at.plus_ms(1));
        let mut later = self
            .expiring
            .get()?
            .range(begin.as_slice()..)
            .map_err(fault)?;
        match later.next() {
            Some(row) => {
                let (key, _) = row.map_err(fault)?;
                let (due, _) =
                    keys::parse_expiring(key.value()).ok_or_else(|| bad_key("expiring"))?;
                Ok(due)
            }
            None => Ok(Time(u64::MAX)),
        }
    }
}

impl<X: Opens> ReadTx for Tables<X> {
    fn instance(&self) -> Result<Option<InstanceRow>, Fault> {
        get(&self.meta, META_INSTANCE)
    }

    fn clock(&self) -> Result<Time, Fault> {
        match self.held.clock {
            Some(at) => Ok(at),
            None => Ok(get(&self.meta, META_CLOCK)?.unwrap_or_default()),
        }
    }

    fn board(&self, board: BoardId) -> Result<Option<BoardRow>, Fault> {
        if let Some(row) = self.held.boards.borrow().get(&board) {
            return Ok(Some(row.clone()));
        }
        let row: Option<BoardRow> = get(&self.boards, board.as_bytes())?;
        // One who only reads looks at each board once.
        if let (true, Some(row)) = (X::WRITES, &row) {
            self.held.boards.borrow_mut().insert(board, row.clone());
        }
        Ok(row)
    }

    fn is_trashed(&self, board: BoardId) -> Result<Option<bool>, Fault> {
        if let Some(row) = self.held.boards.borrow().get(&board) {
            return Ok(Some(row.trashed_at.is_some()));
        }
        let row = self.board(board)?;
        Ok(row.map(|row| row.trashed_at.is_some()))
    }

    fn scan_boards(&self, visit: &mut Visit<'_, BoardId, BoardRow>) -> Result<(), Fault> {
        for row in self.boards.get()?.iter().map_err(fault)? {
            let (key, value) = row.map_err(fault)?;
            let board = keys::parse_board(key.value()).ok_or_else(|| bad_key("boards"))?;
            if visit(board, decode(value.value())?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn head(&self, board: BoardId) -> Result<Option<Arc<BoardHead>>, Fault> {
        let Some((heads, before)) = &self.heads else {
            return Ok(BoardHead::read(self, board)?.map(Arc::new));
        };
        if let Some(head) = heads.get(board) {
            return Ok(Some(head));
        }
        let head = BoardHead::read(self, board)?.map(Arc::new);
        if let Some(head) = &head {
            heads.put(*before, board, head.clone());
        }
        Ok(head)
    }

    fn doc(&self, doc: &DocName) -> Result<Option<DocRow>, Fault> {
        match self.held.docs.get(doc) {
            Some(HeldDoc { row: Some(row), .. }) => Ok(Some(row.clone())),
            Some(HeldDoc { row: None, .. }) | None => get(&self.docs, Key::of_doc(doc).as_slice()),
        }
    }

    fn body(&self, doc: &DocName) -> Result<Option<BodyContent>, Fault> {
        let content = match self.body_part(doc, PART_BODY)? {
            Some(bytes) => Payload::Inline(bytes),
            None => match self.body_part(doc, PART_APART)? {
                Some(row) => Payload::from(decode::<ApartRow>(&row)?.blob()),
                None => return Ok(None),
            },
        };
        let state_vector = self.body_part(doc, PART_STATE_VECTOR)?.unwrap_or_default();
        Ok(Some(BodyContent {
            content,
            state_vector,
        }))
    }

    fn scan_updates(
        &self,
        doc: &DocName,
        seqs: RangeInclusive<u64>,
        visit: &mut Visit<'_, u64, UpdateRow>,
    ) -> Result<(), Fault> {
        if seqs.is_empty() {
            return Ok(());
        }
        let held = self.held.docs.get(doc);
        let held = held.map_or_else(Vec::new, |held| held.updates.within(&seqs));
        let mut held = held.into_iter().peekable();
        let doc = Key::of_doc(doc);
        let (first, last) = (doc.u64(*seqs.start()), doc.u64(*seqs.end()));
        for row in self
            .updates
            .get()?
            .range(first.as_slice()..=last.as_slice())
            .map_err(fault)?
        {
            let (key, value) = row.map_err(fault)?;
            let seq = keys::parse_last_u64(key.value()).ok_or_else(|| bad_key("updates"))?;
            while let Some((seq, value)) = held.next_if(|(held, _)| *held < seq) {
                if visit(seq, decode(value)?)?.is_break() {
                    return Ok(());
                }
            }
            if visit(seq, decode(value.value())?)?.is_break() {
                return Ok(());
            }
        }
        for (seq, value) in held {
            if visit(seq, decode(value)?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn seat(&self, doc: &DocName, seat: u64) -> Result<Option<SeatRow>, Fault> {
        match self.held.seat(doc, seat) {
            Some(row) => Ok(Some(row.clone())),
            None => get(&self.seats, Key::of_doc(doc).u64(seat).as_slice()),
        }
    }

    fn outcome(&self, id: CommandId) -> Result<Option<OutcomeRow>, Fault> {
        get(&self.outcomes, id.as_bytes())
    }

    fn expiring(&self, until: Time, limit: usize) -> Result<Vec<(Time, Expiring)>, Fault> {
        if self.held.next_due.get().is_some_and(|next| until < next) {
            return Ok(Vec::new());
        }
        let end = Key::of_time(until.plus_ms(1));
        let mut due = Vec::new();
        for row in self
            .expiring
            .get()?
            .range(..end.as_slice())
            .map_err(fault)?
        {
            if due.len() == limit {
                break;
            }
            let (key, _) = row.map_err(fault)?;
            due.push(keys::parse_expiring(key.value()).ok_or_else(|| bad_key("expiring"))?);
        }
        if due.is_empty() {
            self.held.next_due.set(Some(self.due_after(until)?));
        }
        Ok(due)
    }

    fn counts(&self) -> Result<Counts, Fault> {
        let len = |table: &Lazy<X>| table.get()?.len().map_err(fault);
        let is_new = |table: &Lazy<X>, key: Key| {
            let stored = table.get()?.get(key.as_slice()).map_err(fault)?;
            Ok::<_, Fault>(u64::from(stored.is_none()))
        };
        let (mut docs, mut seats) = (len(&self.docs)?, len(&self.seats)?);
        let updates: usize = self.held.docs.values().map(|held| held.updates.len()).sum();
        for (doc, held) in &self.held.docs {
            let key = Key::of_doc(doc);
            if held.row.is_some() {
                docs += is_new(&self.docs, key)?;
            }
            for seat in held.seats.keys() {
                seats += is_new(&self.seats, key.u64(*seat))?;
            }
        }
        Ok(Counts {
            boards: len(&self.boards)?,
            docs,
            updates: len(&self.updates)? + updates as u64,
            seats,
            outcomes: len(&self.outcomes)?,
        })
    }

    fn get_row(&self, kind: RowKind, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let rows = self.rows.get()?;
        let row = rows.get(&*keys::of_row(kind, key)).map_err(fault)?;
        Ok(row.map(|row| row.value().to_vec()))
    }

    fn scan_rows(
        &self,
        kind: RowKind,
        prefix: &[u8],
        visit: &mut VisitBytes<'_>,
    ) -> Result<(), Fault> {
        let first = keys::of_row(kind, prefix);
        for row in self.rows.get()?.range(&*first..).map_err(fault)? {
            let (key, value) = row.map_err(fault)?;
            if !key.value().starts_with(&first) {
                break;
            }
            if visit(&key.value()[1..], value.value())?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl WriteTx for WriteTables<'_> {
    fn put_row(&mut self, kind: RowKind, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.note_row(kind, key);
        put_bytes(&mut self.rows, &keys::of_row(kind, key), value)
    }

    fn delete_row(&mut self, kind: RowKind, key: &[u8]) -> Result<(), Fault> {
        self.note_row(kind, key);
        delete(&mut self.rows, &keys::of_row(kind, key))
    }

    fn put_instance(&mut self, row: &InstanceRow) -> Result<(), Fault> {
        put(&mut self.meta, META_INSTANCE, row)
    }

    fn put_clock(&mut self, at: Time) -> Result<(), Fault> {
        self.held.clock = Some(at);
        Ok(())
    }

    fn put_board(&mut self, board: BoardId, row: &BoardRow) -> Result<(), Fault> {
        self.held.boards.get_mut().remove(&board);
        self.held.changed.insert(board);
        put(&mut self.boards, board.as_bytes(), row)
    }

    fn delete_board(&mut self, board: BoardId) -> Result<(), Fault> {
        self.held.boards.get_mut().remove(&board);
        self.held.changed.insert(board);
        delete(&mut self.boards, board.as_bytes())
    }

    fn put_doc(&mut self, doc: &DocName, row: &DocRow) -> Result<(), Fault> {
        self.held.doc(doc).row = Some(row.clone());
        Ok(())
    }

    fn delete_doc(&mut self, doc: &DocName) -> Result<(), Fault> {
        if let Some(held) = self.held.docs.remove(doc) {
            self.held.update_bytes -= held.updates.bytes();
        }
        self.held.changed.extend(board_of(doc));
        let key = Key::of_doc(doc);
        delete_prefix(&mut self.bodies, key)?;
        delete_prefix(&mut self.updates, key)?;
        delete_prefix(&mut self.seats, key)?;
        delete(&mut self.docs, key.as_slice())
    }

    fn put_body(&mut self, doc: &DocName, body: &BodyContent) -> Result<(), Fault> {
        let key = Key::of_doc(doc);
        delete_prefix(&mut self.bodies, key)?;
        let content = match &body.content {
            Payload::Inline(bytes) => (PART_BODY, bytes.clone()),
            Payload::Apart { hash, len } => {
                self.raise_format(FORMAT_WITH_APART)?;
                let (hash, len) = (*hash, *len);
                (PART_APART, codec::encode(&ApartRow { hash, len }).into())
            }
            Payload::Blob { .. } => return Err(never_accepted()),
        };
        for (part, bytes) in [(PART_STATE_VECTOR, body.state_vector.clone()), content] {
            for (row, chunk) in (0u32..).zip(bytes.chunks(BODY_ROW_BYTES)) {
                let key = key.push(&[part]).u32(row);
                put_bytes(&mut self.bodies, key.as_slice(), chunk)?;
            }
        }
        Ok(())
    }

    fn put_update(&mut self, doc: &DocName, seq: u64, row: &UpdateRow) -> Result<(), Fault> {
        const BESIDE_PAYLOAD: usize = 48;
        let size = BESIDE_PAYLOAD + row.payload.inline_bytes();
        match &row.payload {
            Payload::Inline(_) => {}
            Payload::Apart { .. } => self.raise_format(FORMAT_WITH_APART)?,
            Payload::Blob { .. } => return Err(never_accepted()),
        }
        if size > HELD_UPDATE_BYTES_MAX {
            let key = Key::of_doc(doc).u64(seq);
            let value = codec::encode_onto(row, Vec::with_capacity(size));
            return put_bytes(&mut self.updates, key.as_slice(), &value);
        }
        let run = &mut self.held.doc(doc).updates;
        let before = run.bytes();
        run.push(seq, |updates| codec::encode_onto(row, updates));
        let after = run.bytes();
        self.held.update_bytes += after - before;
        Ok(())
    }

    fn put_seat(&mut self, doc: &DocName, seat: u64, row: SeatRow) -> Result<(), Fault> {
        let held = self.held.doc(doc);
        let before = held.seats.insert(seat, row);
        self.held.rows += usize::from(before.is_none());
        Ok(())
    }

    fn delete_seat(&mut self, doc: &DocName, seat: u64) -> Result<(), Fault> {
        if let Some(held) = self.held.docs.get_mut(doc) {
            held.seats.remove(&seat);
        }
        delete(&mut self.seats, Key::of_doc(doc).u64(seat).as_slice())
    }

    fn put_outcome(&mut self, id: CommandId, row: &OutcomeRow) -> Result<(), Fault> {
        put(&mut self.outcomes, id.as_bytes(), row)
    }

    fn delete_outcome(&mut self, id: CommandId) -> Result<(), Fault> {
        delete(&mut self.outcomes, id.as_bytes())
    }

    fn put_expiring(&mut self, due: Time, what: &Expiring) -> Result<(), Fault> {
        let next = self.held.next_due.get_mut();
        *next = next.map(|next| next.min(due));
        put_bytes(
            &mut self.expiring,
            Key::of_expiring(due, what).as_slice(),
            &[],
        )
    }

    fn delete_expiring(&mut self, due: Time, what: &Expiring) -> Result<(), Fault> {
        delete(&mut self.expiring, Key::of_expiring(due, what).as_slice())
    }
}

fn get<R: DeserializeOwned>(table: &Lazy<impl Opens>, key: &[u8]) -> Result<Option<R>, Fault> {
    match table.get()?.get(key).map_err(fault)? {
        Some(row) => decode(row.value()).map(Some),
        None => Ok(None),
    }
}

fn decode<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, Fault> {
    codec::decode(bytes).map_err(|error| Fault::Corrupt(error.to_string()))
}

type WriteTable<'tx> = Lazy<&'tx WriteTransaction>;

fn put(table: &mut WriteTable<'_>, key: &[u8], row: &impl Serialize) -> Result<(), Fault> {
    put_bytes(table, key, &codec::encode(row))
}

fn put_bytes(table: &mut WriteTable<'_>, key: &[u8], value: &[u8]) -> Result<(), Fault> {
    table.get_mut()?.insert(key, value).map_err(fault)?;
    Ok(())
}

fn delete(table: &mut WriteTable<'_>, key: &[u8]) -> Result<(), Fault> {
    table.get_mut()?.remove(key).map_err(fault)?;
    Ok(())
}

fn delete_prefix(table: &mut WriteTable<'_>, prefix: Key) -> Result<(), Fault> {
    let end = prefix.after_prefix();
    table
        .get_mut()?
        .retain_in(prefix.as_slice()..end.as_slice(), |_, _| false)
        .map_err(fault)
}

fn board_of(doc: &DocName) -> Option<BoardId> {
    match doc {
        DocName::Board(board) => Some(*board),
        DocName::Raw(_) => None,
    }
}

fn never_accepted() -> Fault {
    Fault::Engine("content is named in a form that the rules refuse".to_owned())
}

fn bad_key(table: &str) -> Fault {
    Fault::Corrupt(format!("a key of table {table} cannot be read"))
}
