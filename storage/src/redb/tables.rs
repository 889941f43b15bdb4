//! The records as rows of redb tables, for reading and writing transactions alike.
//!
//! All tables map bytes to bytes: a snapshot then copies rows without knowing them. What the bytes are is
//! [`super::keys`] and [`crate::codec`].

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ::redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction,
};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault;
use super::keys::{self, Key};
use crate::codec;
use crate::command::Payload;
use crate::ids::{BoardId, CommandId, DocName, Time};
use crate::records::{
    BoardRow, BodyContent, DocRow, Expiring, InstanceRow, OutcomeRow, SeatRow, UpdateRow,
};
use crate::tx::{Counts, Fault, ReadTx, Visit, WriteTx};

type RawTable = TableDefinition<'static, &'static [u8], &'static [u8]>;
type BytesTable<'tx> = Table<'tx, &'static [u8], &'static [u8]>;

const META: RawTable = TableDefinition::new("meta");
const BOARDS: RawTable = TableDefinition::new("boards");
const DOCS: RawTable = TableDefinition::new("docs");
const BODIES: RawTable = TableDefinition::new("bodies");
const UPDATES: RawTable = TableDefinition::new("updates");
const SEATS: RawTable = TableDefinition::new("seats");
const OUTCOMES: RawTable = TableDefinition::new("outcomes");
const EXPIRING: RawTable = TableDefinition::new("expiring");

/// Every table with its number in snapshots. Numbers are never reused.
pub(super) const ALL: [(u8, RawTable); 8] = [
    (1, META),
    (2, BOARDS),
    (3, DOCS),
    (4, BODIES),
    (5, UPDATES),
    (6, SEATS),
    (7, OUTCOMES),
    (8, EXPIRING),
];

/// The format of the whole file: which tables there are and what their keys mean.
pub(super) const FORMAT: u32 = 1;

const META_FORMAT: &[u8] = b"format";
const META_MARKER: &[u8] = b"marker";
const META_CLOCK: &[u8] = b"clock";
const META_INSTANCE: &[u8] = b"instance";

/// Bodies are cut into rows a little under 64 KiB, so that a row and its page header fill one 64 KiB page.
const BODY_ROW_BYTES: usize = (64 << 10) - 256;
const PART_STATE_VECTOR: u8 = 0;
const PART_BODY: u8 = 1;

/// The open tables of one transaction.
pub(super) struct Tables<T> {
    meta: T,
    boards: T,
    docs: T,
    bodies: T,
    updates: T,
    seats: T,
    outcomes: T,
    expiring: T,
    /// Documents that were put: every update of a document changes its row, which is written once, at the end.
    put_docs: BTreeMap<DocName, DocRow>,
}

pub(super) type ReadTables = Tables<ReadOnlyTable<&'static [u8], &'static [u8]>>;
type WriteTables<'tx> = Tables<BytesTable<'tx>>;

impl ReadTables {
    pub(super) fn open_for_reading(tx: &ReadTransaction) -> Result<Self, Fault> {
        let open = |table: RawTable| tx.open_table(table).map_err(fault);
        Ok(Self {
            meta: open(META)?,
            boards: open(BOARDS)?,
            docs: open(DOCS)?,
            bodies: open(BODIES)?,
            updates: open(UPDATES)?,
            seats: open(SEATS)?,
            outcomes: open(OUTCOMES)?,
            expiring: open(EXPIRING)?,
            put_docs: BTreeMap::new(),
        })
    }
}

impl<'tx> WriteTables<'tx> {
    /// Opens the tables, and makes those that do not exist yet.
    pub(super) fn open_for_writing(tx: &'tx WriteTransaction) -> Result<Self, Fault> {
        let open = |table: RawTable| tx.open_table(table).map_err(fault);
        Ok(Self {
            meta: open(META)?,
            boards: open(BOARDS)?,
            docs: open(DOCS)?,
            bodies: open(BODIES)?,
            updates: open(UPDATES)?,
            seats: open(SEATS)?,
            outcomes: open(OUTCOMES)?,
            expiring: open(EXPIRING)?,
            put_docs: BTreeMap::new(),
        })
    }

    /// Keeps the marker, and what was held back until now.
    pub(super) fn finish(mut self, marker: &[u8]) -> Result<(), Fault> {
        for (doc, row) in &self.put_docs {
            put(&mut self.docs, Key::of_doc(doc).as_slice(), row)?;
        }
        put_bytes(&mut self.meta, META_MARKER, marker)
    }

    pub(super) fn put_format(&mut self) -> Result<(), Fault> {
        put_bytes(&mut self.meta, META_FORMAT, &FORMAT.to_be_bytes())
    }
}

impl<T: ReadableTable<&'static [u8], &'static [u8]>> Tables<T> {
    pub(super) fn marker(&self) -> Result<Option<Vec<u8>>, Fault> {
        let row = self.meta.get(META_MARKER).map_err(fault)?;
        Ok(row.map(|row| row.value().to_vec()))
    }

    /// The format the file was made in, if it says.
    pub(super) fn format(&self) -> Result<Option<u32>, Fault> {
        let row = self.meta.get(META_FORMAT).map_err(fault)?;
        Ok(row.and_then(|row| Some(u32::from_be_bytes(row.value().try_into().ok()?))))
    }

    fn body_part(&self, doc: &DocName, part: u8) -> Result<Option<Bytes>, Fault> {
        let prefix = Key::of_doc(doc).push(&[part]);
        let end = prefix.after_prefix();
        let mut bytes = Vec::new();
        let mut rows = 0;
        for row in self
            .bodies
            .range(prefix.as_slice()..end.as_slice())
            .map_err(fault)?
        {
            bytes.extend_from_slice(row.map_err(fault)?.1.value());
            rows += 1;
        }
        Ok((rows > 0).then(|| bytes.into()))
    }
}

impl<T: ReadableTable<&'static [u8], &'static [u8]>> ReadTx for Tables<T> {
    fn instance(&self) -> Result<Option<InstanceRow>, Fault> {
        get(&self.meta, META_INSTANCE)
    }

    fn clock(&self) -> Result<Time, Fault> {
        Ok(get(&self.meta, META_CLOCK)?.unwrap_or_default())
    }

    fn board(&self, board: BoardId) -> Result<Option<BoardRow>, Fault> {
        get(&self.boards, board.as_bytes())
    }

    fn scan_boards(&self, visit: &mut Visit<'_, BoardId, BoardRow>) -> Result<(), Fault> {
        for row in self.boards.iter().map_err(fault)? {
            let (key, value) = row.map_err(fault)?;
            let board = keys::parse_board(key.value()).ok_or_else(|| bad_key("boards"))?;
            if visit(board, decode(value.value())?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn doc(&self, doc: &DocName) -> Result<Option<DocRow>, Fault> {
        match self.put_docs.get(doc) {
            Some(row) => Ok(Some(row.clone())),
            None => get(&self.docs, Key::of_doc(doc).as_slice()),
        }
    }

    fn body(&self, doc: &DocName) -> Result<Option<BodyContent>, Fault> {
        let Some(bytes) = self.body_part(doc, PART_BODY)? else {
            return Ok(None);
        };
        let state_vector = self.body_part(doc, PART_STATE_VECTOR)?.unwrap_or_default();
        Ok(Some(BodyContent {
            bytes,
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
        let doc = Key::of_doc(doc);
        let (first, last) = (doc.u64(*seqs.start()), doc.u64(*seqs.end()));
        for row in self
            .updates
            .range(first.as_slice()..=last.as_slice())
            .map_err(fault)?
        {
            let (key, value) = row.map_err(fault)?;
            let seq = keys::parse_last_u64(key.value()).ok_or_else(|| bad_key("updates"))?;
            if visit(seq, decode(value.value())?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn seat(&self, doc: &DocName, seat: u64) -> Result<Option<SeatRow>, Fault> {
        get(&self.seats, Key::of_doc(doc).u64(seat).as_slice())
    }

    fn outcome(&self, id: CommandId) -> Result<Option<OutcomeRow>, Fault> {
        get(&self.outcomes, id.as_bytes())
    }

    fn expiring(&self, until: Time, limit: usize) -> Result<Vec<(Time, Expiring)>, Fault> {
        let end = Key::of_time(until.plus_ms(1));
        let mut due = Vec::new();
        for row in self.expiring.range(..end.as_slice()).map_err(fault)? {
            if due.len() == limit {
                break;
            }
            let (key, _) = row.map_err(fault)?;
            due.push(keys::parse_expiring(key.value()).ok_or_else(|| bad_key("expiring"))?);
        }
        Ok(due)
    }

    fn counts(&self) -> Result<Counts, Fault> {
        let mut docs = self.docs.len().map_err(fault)?;
        for doc in self.put_docs.keys() {
            let stored = self.docs.get(Key::of_doc(doc).as_slice());
            docs += u64::from(stored.map_err(fault)?.is_none());
        }
        Ok(Counts {
            boards: self.boards.len().map_err(fault)?,
            docs,
            updates: self.updates.len().map_err(fault)?,
            seats: self.seats.len().map_err(fault)?,
            outcomes: self.outcomes.len().map_err(fault)?,
        })
    }
}

impl WriteTx for WriteTables<'_> {
    fn put_instance(&mut self, row: &InstanceRow) -> Result<(), Fault> {
        put(&mut self.meta, META_INSTANCE, row)
    }

    fn put_clock(&mut self, at: Time) -> Result<(), Fault> {
        put(&mut self.meta, META_CLOCK, &at)
    }

    fn put_board(&mut self, board: BoardId, row: &BoardRow) -> Result<(), Fault> {
        put(&mut self.boards, board.as_bytes(), row)
    }

    fn delete_board(&mut self, board: BoardId) -> Result<(), Fault> {
        delete(&mut self.boards, board.as_bytes())
    }

    fn put_doc(&mut self, doc: &DocName, row: &DocRow) -> Result<(), Fault> {
        match self.put_docs.get_mut(doc) {
            Some(held) => held.clone_from(row),
            None => drop(self.put_docs.insert(doc.clone(), row.clone())),
        }
        Ok(())
    }

    fn delete_doc(&mut self, doc: &DocName) -> Result<(), Fault> {
        let key = Key::of_doc(doc);
        delete_prefix(&mut self.bodies, key)?;
        delete_prefix(&mut self.updates, key)?;
        delete_prefix(&mut self.seats, key)?;
        self.put_docs.remove(doc);
        delete(&mut self.docs, key.as_slice())
    }

    fn put_body(&mut self, doc: &DocName, body: &BodyContent) -> Result<(), Fault> {
        let key = Key::of_doc(doc);
        delete_prefix(&mut self.bodies, key)?;
        for (part, bytes) in [
            (PART_STATE_VECTOR, &body.state_vector),
            (PART_BODY, &body.bytes),
        ] {
            for (row, chunk) in (0u32..).zip(bytes.chunks(BODY_ROW_BYTES)) {
                let key = key.push(&[part]).u32(row);
                put_bytes(&mut self.bodies, key.as_slice(), chunk)?;
            }
        }
        Ok(())
    }

    fn put_update(&mut self, doc: &DocName, seq: u64, row: &UpdateRow) -> Result<(), Fault> {
        const BESIDE_PAYLOAD: usize = 48;
        let size = BESIDE_PAYLOAD
            + match &row.payload {
                Payload::Inline(bytes) => bytes.len(),
                Payload::Blob { .. } => 0,
            };
        let key = Key::of_doc(doc).u64(seq);
        let value = codec::encode_onto(row, Vec::with_capacity(size));
        put_bytes(&mut self.updates, key.as_slice(), &value)
    }

    fn put_seat(&mut self, doc: &DocName, seat: u64, row: &SeatRow) -> Result<(), Fault> {
        put(&mut self.seats, Key::of_doc(doc).u64(seat).as_slice(), row)
    }

    fn delete_seat(&mut self, doc: &DocName, seat: u64) -> Result<(), Fault> {
        delete(&mut self.seats, Key::of_doc(doc).u64(seat).as_slice())
    }

    fn put_outcome(&mut self, id: CommandId, row: &OutcomeRow) -> Result<(), Fault> {
        put(&mut self.outcomes, id.as_bytes(), row)
    }

    fn delete_outcome(&mut self, id: CommandId) -> Result<(), Fault> {
        delete(&mut self.outcomes, id.as_bytes())
    }

    fn put_expiring(&mut self, due: Time, what: &Expiring) -> Result<(), Fault> {
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

fn get<R: DeserializeOwned>(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<R>, Fault> {
    match table.get(key).map_err(fault)? {
        Some(row) => decode(row.value()).map(Some),
        None => Ok(None),
    }
}

fn decode<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, Fault> {
    codec::decode(bytes).map_err(|error| Fault::Corrupt(error.to_string()))
}

fn put(table: &mut BytesTable<'_>, key: &[u8], row: &impl Serialize) -> Result<(), Fault> {
    put_bytes(table, key, &codec::encode(row))
}

fn put_bytes(table: &mut BytesTable<'_>, key: &[u8], value: &[u8]) -> Result<(), Fault> {
    table.insert(key, value).map_err(fault)?;
    Ok(())
}

fn delete(table: &mut BytesTable<'_>, key: &[u8]) -> Result<(), Fault> {
    table.remove(key).map_err(fault)?;
    Ok(())
}

fn delete_prefix(table: &mut BytesTable<'_>, prefix: Key) -> Result<(), Fault> {
    let end = prefix.after_prefix();
    table
        .retain_in(prefix.as_slice()..end.as_slice(), |_, _| false)
        .map_err(fault)
}

fn bad_key(table: &str) -> Fault {
    Fault::Corrupt(format!("a key of table {table} cannot be read"))
}
