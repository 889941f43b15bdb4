//! A snapshot as it becomes a database, fed row by row.
//!
//! It goes to the disk evenly, while others write their logs to the same one. Rows are put behind one another as runs, so
//! that a page is full when it is left, and committed step by step: a commit takes up every page that its transaction
//! made, to sum it up, and what had left memory by then would be read back and written a second time. A step's commit
//! is not durable; the last one is. A file that was cut off before that is nobody's.

use std::io::{self, Read};
use std::ops::Bound;

use ::redb::{CursorError, Database, Durability};

use super::fault;
use super::snapshot::{END, HASH_BYTES, InstallError, MAGIC, VERSION};
use super::tables::{self, Tables};

/// Rows of so many bytes are one step. Twice of it must fit into what the database holds back of writes: half its cache.
const STEP_BYTES: usize = 2 << 20;
/// As much cache as loading needs. What is held back when the end is reached is written at once, so it is not much.
pub(super) const CACHE_BYTES: usize = 16 << 20;

/// No key or value is larger (a command is at most 16 MiB), so a damaged length cannot ask for more.
const KEY_BYTES_MAX: usize = 4 << 10;
const VALUE_BYTES_MAX: usize = 64 << 20;

/// Loads a snapshot into a database without tables. What it holds is durable, and whole, only when this returns: the
/// hash is checked last. `stepped` is called after every step.
pub(super) fn load(
    database: &Database,
    source: &mut dyn Read,
    stepped: &mut dyn FnMut(),
) -> Result<(), InstallError> {
    let mut source = HashingSource {
        source,
        hasher: blake3::Hasher::new(),
        unhashed: Vec::with_capacity(2 * HASHED_BYTES),
    };
    check_header(&mut source)?;
    let mut number = source.byte()?;
    while number != END {
        number = load_step(database, &mut source, number)?;
        stepped();
    }
    check_end(&mut source)?;
    let mut tx = database.begin_write().map_err(fault)?;
    tx.set_quick_repair(true);
    {
        // Opening also makes the tables of which the snapshot held no row.
        let mut tables = Tables::of(&tx);
        tables.open_all()?;
        check_format(tables.format()?)?;
        tables.raise_format(tables::FORMAT)?;
    }
    tx.commit().map_err(fault)?;
    Ok(())
}

fn check_header(source: &mut HashingSource<'_>) -> Result<(), InstallError> {
    if source.array::<8>()? != *MAGIC {
        return Err(damaged("it does not begin like one"));
    }
    match u32::from_be_bytes(source.array()?) {
        VERSION => Ok(()),
        found if found > VERSION => Err(InstallError::Newer {
            found,
            known: VERSION,
        }),
        _ => Err(damaged("it has a version that never was")),
    }
}

/// Loads rows, of the table with this number first; returns the number of the table that the next row belongs to.
fn load_step(
    database: &Database,
    source: &mut HashingSource<'_>,
    first: u8,
) -> Result<u8, InstallError> {
    let mut tx = database.begin_write().map_err(fault)?;
    tx.set_durability(Durability::None).map_err(fault)?;
    let (mut key, mut value) = (Vec::new(), Vec::new());
    let (mut number, mut bytes) = (first, 0);
    while number != END && bytes < STEP_BYTES {
        let (_, definition) = tables::ALL
            .into_iter()
            .find(|(known, _)| *known == number)
            .ok_or_else(|| damaged("it names a table that does not exist"))?;
        let mut table = tx.open_table(definition).map_err(fault)?;
        let end = Bound::<&[u8]>::Unbounded;
        let mut rows = table.upper_bound_mut(end).map_err(fault)?;
        let current = number;
        while number == current && bytes < STEP_BYTES {
            let key_len = source.len(KEY_BYTES_MAX)?;
            let value_len = source.len(VALUE_BYTES_MAX)?;
            key.resize(key_len, 0);
            source.fill(&mut key)?;
            value.resize(value_len, 0);
            source.fill(&mut value)?;
            rows.insert_before(&*key, &*value)
                .map_err(|error| match error {
                    CursorError::UnorderedKey => damaged("its rows are not in order"),
                    error => fault(error).into(),
                })?;
            bytes += key_len + value_len;
            number = source.byte()?;
        }
        rows.close().map_err(fault)?;
    }
    tx.commit().map_err(fault)?;
    Ok(number)
}

fn check_end(source: &mut HashingSource<'_>) -> Result<(), InstallError> {
    let computed = source.hash();
    let sent = source.array::<HASH_BYTES>()?;
    // blake3 compares in constant time and by value.
    if computed != sent {
        return Err(damaged("its hash does not match"));
    }
    Ok(())
}

fn check_format(format: Option<u32>) -> Result<(), InstallError> {
    match format {
        Some(tables::FORMAT | tables::FORMAT_WITHOUT_ACCOUNTS | tables::FORMAT_WITH_APART) => {
            Ok(())
        }
        Some(found) if found > tables::FORMAT_WITH_APART => Err(InstallError::Newer {
            found,
            known: tables::FORMAT_WITH_APART,
        }),
        Some(_) | None => Err(damaged("it does not say which format it has")),
    }
}

fn damaged(what: &str) -> InstallError {
    InstallError::Damaged(what.to_owned())
}

/// Rows are small, and BLAKE3 is several times as fast on much at once.
const HASHED_BYTES: usize = 64 << 10;

/// Reads exactly, and hashes what it read.
struct HashingSource<'a> {
    source: &'a mut dyn Read,
    hasher: blake3::Hasher,
    /// The end of what was read.
    unhashed: Vec<u8>,
}

impl HashingSource<'_> {
    fn byte(&mut self) -> Result<u8, InstallError> {
        Ok(self.array::<1>()?[0])
    }

    fn len(&mut self, max: usize) -> Result<usize, InstallError> {
        let len = u32::from_be_bytes(self.array()?) as usize;
        if len > max {
            return Err(damaged("a row is too long"));
        }
        Ok(len)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], InstallError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<(), InstallError> {
        self.source
            .read_exact(out)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => damaged("it was cut short"),
                _ => InstallError::Source(error),
            })?;
        for part in out.chunks(HASHED_BYTES) {
            self.unhashed.extend_from_slice(part);
            if self.unhashed.len() >= HASHED_BYTES {
                self.hasher.update(&self.unhashed[..HASHED_BYTES]);
                self.unhashed.drain(..HASHED_BYTES);
            }
        }
        Ok(())
    }

    /// Of all that was read.
    fn hash(&mut self) -> blake3::Hash {
        self.hasher.update(&self.unhashed);
        self.unhashed.clear();
        self.hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use ::redb::backends::InMemoryBackend;
    use ::redb::{ReadableDatabase, ReadableTable, StorageBackend};

    use super::{CACHE_BYTES, load};
    use crate::redb::create;
    use crate::redb::snapshot::{END, InstallError, MAGIC, SnapshotReader, VERSION, push_row};
    use crate::redb::tables::{self, numbers};

    /// What a board's edits are: the key is as long as theirs.
    const ROW_BYTES: usize = 1_060;

    /// Counts what is written to it.
    #[derive(Debug, Default)]
    struct Counting {
        inner: InMemoryBackend,
        written: Arc<AtomicU64>,
    }

    impl StorageBackend for Counting {
        fn len(&self) -> io::Result<u64> {
            self.inner.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.inner.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.inner.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.inner.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.written.fetch_add(data.len() as u64, Ordering::Relaxed);
            self.inner.write(offset, data)
        }
    }

    /// A stream of rows as they are given, which need not be a state.
    fn stream_of(rows: &[(u8, [u8; 32], usize)]) -> Vec<u8> {
        let mut stream = MAGIC.to_vec();
        stream.extend(VERSION.to_be_bytes());
        for (table, key, bytes) in rows {
            push_row(&mut stream, *table, key, &vec![key[31]; *bytes]);
        }
        stream.push(END);
        let hash = blake3::hash(&stream);
        stream.extend(hash.as_bytes());
        stream
    }

    fn key(nth: u64) -> [u8; 32] {
        let mut key = [0; 32];
        key[24..].copy_from_slice(&nth.to_be_bytes());
        key
    }

    #[test]
    fn what_is_loaded_is_written_once_into_full_pages_and_step_by_step() {
        let source = create::open_backend(InMemoryBackend::new(), 64 << 20).unwrap();
        let tx = source.begin_write().unwrap();
        let rows = 3 * CACHE_BYTES / ROW_BYTES;
        let (_, updates) = tables::ALL
            .into_iter()
            .find(|(number, _)| *number == numbers::UPDATES)
            .unwrap();
        {
            let mut table = tx.open_table(updates).unwrap();
            for nth in 0..rows as u64 {
                let value = vec![nth as u8; ROW_BYTES];
                table.insert(&key(nth)[..], &value[..]).unwrap();
            }
        }
        tx.commit().unwrap();
        let mut stream = SnapshotReader::new(Arc::new(source)).unwrap();

        let backend = Counting::default();
        let written = backend.written.clone();
        let target = create::bare_database(backend, CACHE_BYTES).unwrap();
        let (mut steps, mut most, mut before) = (0, 0, 0);
        let mut stepped = || {
            steps += 1;
            let now = written.load(Ordering::Relaxed);
            most = (now - before).max(most);
            before = now;
        };
        load(&target, &mut stream, &mut stepped).unwrap();
        most = (written.load(Ordering::Relaxed) - before).max(most);

        assert!(steps > 10, "{steps} steps");
        let loaded = (rows * (ROW_BYTES + 32)) as u64;
        // Three of these rows fill a page of 4 KiB to four fifths.
        let all = written.load(Ordering::Relaxed);
        assert!(all < loaded * 3 / 2, "{all} written of {loaded}");
        // What is held back until the end is much less than all.
        let held = CACHE_BYTES as u64;
        assert!(most < held, "{most} written at once");
        let tx = target.begin_read().unwrap();
        let table = tx.open_table(updates).unwrap();
        for (nth, row) in table.iter().unwrap().enumerate() {
            let (found, value) = row.unwrap();
            assert_eq!(found.value(), key(nth as u64));
            assert_eq!(value.value(), vec![nth as u8; ROW_BYTES]);
        }
        assert_eq!(table.iter().unwrap().count(), rows);
    }

    #[test]
    fn rows_out_of_order_are_damage() {
        let (one, two) = (key(1), key(2));
        for rows in [[two, one], [one, one]] {
            let rows = rows.map(|key| (numbers::UPDATES, key, 10));
            let target = create::bare_database(InMemoryBackend::new(), CACHE_BYTES).unwrap();
            let loaded = load(&target, &mut &stream_of(&rows)[..], &mut || {});
            let Err(InstallError::Damaged(why)) = loaded else {
                panic!("{loaded:?}");
            };
            assert_eq!(why, "its rows are not in order");
        }
    }
}
