//! Updates that a round holds back. What is appended to one document stands together in the table, in the middle of all
//! others; written one by one each of them is looked up from the root, and the pages of such a place stay half
//! empty. Written as a run they take one look and fill their pages.

use std::ops::{Bound, RangeInclusive};

use ::redb::CursorError;

use super::fault;
use super::keys::Key;
use super::tables::BytesTable;
use crate::tx::Fault;

/// Fewer are written one by one.
const RUN_MIN: usize = 4;

/// New updates of one document, encoded, in the order in which they were put.
#[derive(Default)]
pub(super) struct Run {
    /// Each with where it ends in `bytes`.
    ends: Vec<(u64, usize)>,
    bytes: Vec<u8>,
}

impl Run {
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Adds what `encode` puts behind the bytes that it is given.
    pub(super) fn push(&mut self, seq: u64, encode: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        self.bytes = encode(std::mem::take(&mut self.bytes));
        self.ends.push((seq, self.bytes.len()));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        let updates = self.ends.iter().zip(starts);
        updates.map(|((seq, end), start)| (*seq, &self.bytes[start..*end]))
    }

    pub(super) fn within(&self, seqs: &RangeInclusive<u64>) -> Vec<(u64, &[u8])> {
        self.iter().filter(|(seq, _)| seqs.contains(seq)).collect()
    }

    /// Writes all behind what the table holds of the document, whose part of the key is given.
    pub(super) fn write(&self, doc: Key, table: &mut BytesTable<'_>) -> Result<(), Fault> {
        let mut updates = self.iter().peekable();
        let Some((first, _)) = updates.peek() else {
            return Ok(());
        };
        if self.len() >= RUN_MIN {
            let first = doc.u64(*first);
            let gap = Bound::Excluded(first.as_slice());
            let mut cursor = table.upper_bound_mut(gap).map_err(fault)?;
            while let Some((seq, value)) = updates.peek() {
                match cursor.insert_before(doc.u64(*seq).as_slice(), *value) {
                    Ok(()) => {}
                    // It is there already, or one behind it.
                    Err(CursorError::UnorderedKey) => break,
                    Err(error) => return Err(fault(error)),
                }
                updates.next();
            }
            cursor.close().map_err(fault)?;
        }
        for (seq, value) in updates {
            table
                .insert(doc.u64(seq).as_slice(), value)
                .map_err(fault)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::ControlFlow;

    use ::redb::{Database, ReadableDatabase};

    use crate::command::{Actor, NewUpdate, Payload};
    use crate::ids::{DocName, Time};
    use crate::records::UpdateRow;
    use crate::redb::create;
    use crate::redb::tables::Tables;
    use crate::tx::{ReadTx, WriteTx};

    fn doc(name: &str) -> DocName {
        name.parse().expect("a room name")
    }

    fn row(nth: u64, bytes: usize) -> UpdateRow {
        let update = NewUpdate {
            author: Actor::Local,
            origin: None,
            payload: Payload::Inline(vec![nth as u8; bytes].into()),
        };
        UpdateRow::new(Time(nth), &update)
    }

    fn read(tx: &impl ReadTx, doc: &DocName) -> Vec<(u64, UpdateRow)> {
        let mut found = Vec::new();
        tx.scan_updates(doc, 2..=u64::MAX, &mut |seq, row| {
            found.push((seq, row));
            Ok(ControlFlow::Continue(()))
        })
        .expect("a scan");
        found
    }

    /// Documents that lie beside each other, updates of all sizes, written in parts of all lengths.
    #[test]
    fn what_was_held_back_is_read_in_order_before_and_after_it_is_written() {
        let backend = ::redb::backends::InMemoryBackend::new();
        let database: Database = create::open_backend(backend, 16 << 20).expect("a database");
        let docs = ["a", "b", "c"].map(doc);
        let mut wanted: BTreeMap<&DocName, Vec<(u64, UpdateRow)>> = BTreeMap::new();
        let mut nth = 0;
        for round in [1, 3, 4, 5, 40, 300, 2] {
            let tx = database.begin_write().expect("a transaction");
            let mut tables = Tables::of(&tx);
            for _ in 0..round {
                for (of, doc) in docs.iter().enumerate() {
                    nth += 1;
                    let stored = wanted.entry(doc).or_default();
                    let seq = stored.len() as u64 + 1;
                    let bytes = match nth % 97 {
                        0 => 70_000,
                        some => some as usize * 9 * of,
                    };
                    let row = row(nth, bytes.max(1));
                    tables.put_update(doc, seq, &row).expect("a put");
                    stored.push((seq, row));
                    if nth % 171 == 0 {
                        tables.write_updates().expect("a write");
                    }
                }
            }
            for doc in &docs {
                assert_eq!(
                    read(&tables, doc),
                    wanted[doc][1..],
                    "before {round} are written"
                );
            }
            let all: usize = wanted.values().map(Vec::len).sum();
            assert_eq!(tables.counts().expect("counts").updates, all as u64);
            tables.finish(b"marker").expect("an end");
            tx.commit().expect("a commit");
            let tx = database.begin_read().expect("a transaction");
            for doc in &docs {
                assert_eq!(
                    read(&Tables::of(&tx), doc),
                    wanted[doc][1..],
                    "after {round}"
                );
            }
        }
    }
}
