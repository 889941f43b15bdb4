//! The embedded engine: one redb file.
//!
//! [`State`] applies batches in transactions that also carry the cluster's marker, so that what was applied and how far
//! it got can never disagree. Applies that follow one another share a transaction (`round`). An apply is not durable
//! by itself ([`State::flush`] makes everything before it so): the log is what keeps a command until then, and it is
//! replayed from the marker.

mod backend;
mod check;
mod create;
mod heads;
mod keys;
mod load;
mod round;
mod run;
mod snapshot;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::redb::{Database, ReadableDatabase, StorageBackend};
use parking_lot::{Mutex, RwLock};

use crate::answered::Answered;
use crate::command::Reply;
use crate::query::{self, Answer, Query};
use crate::store::Batch;
use crate::tx::{Fault, ReadTx};

pub use backend::ForgetfulDisk;
pub use check::Checked;
pub use create::OpenError;
pub use snapshot::{InstallError, SnapshotReader};

use heads::Heads;
use round::Round;
use tables::Tables;

/// Durable state in one redb file. Clones share it.
///
/// Calls block on the disk; call from a thread that may. Reads see what was last applied; they wait for an append that is
/// being applied, and for nothing else.
#[derive(Clone)]
pub struct State {
    shared: Arc<Shared>,
}

struct Shared {
    home: Home,
    cache_bytes: usize,
    /// Swapped by an install. A read or snapshot under way holds on to the database it began with: dropping the last
    /// handle closes the file under its transaction.
    database: RwLock<Arc<Database>>,
    /// Held by every write, so that an install never swaps the database under one.
    writer: Mutex<()>,
    /// What readers do not see yet. Taken after `writer`, by whoever takes both.
    applied: Mutex<Applied>,
    heads: Arc<Heads>,
}

impl Shared {
    fn database(&self) -> Arc<Database> {
        Arc::clone(&self.database.read())
    }
}

enum Applied {
    /// All that was applied is in the database.
    Ended,
    Open(Box<Round>),
    /// A fault took with it what was applied since the last round.
    Lost,
}

impl Applied {
    /// Puts all that was applied into the database.
    fn end(&mut self, heads: &Heads) -> Result<(), Fault> {
        match std::mem::replace(self, Self::Lost) {
            Self::Ended => {}
            Self::Open(round) => round.end(heads)?,
            Self::Lost => return Err(lost()),
        }
        *self = Self::Ended;
        Ok(())
    }

    fn apply(
        &mut self,
        shared: &Shared,
        batches: &[Batch],
        marker: &[u8],
    ) -> Result<Vec<Vec<Reply>>, Fault> {
        let mut round = match std::mem::replace(self, Self::Lost) {
            Self::Ended => Box::new(Round::begin(&shared.database())?),
            Self::Open(round) => round,
            Self::Lost => return Err(lost()),
        };
        let replies = round.apply(batches, marker)?;
        let full = round.is_full();
        *self = Self::Open(round);
        if full {
            self.end(&shared.heads)?;
        }
        Ok(replies)
    }
}

fn lost() -> Fault {
    Fault::Engine("a write failed; the file must be opened again".to_owned())
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Nothing asked for it to be durable, so nothing is owed when this fails.
        let _ = self.applied.get_mut().end(&self.heads);
    }
}

/// Where the database lives, which decides where an install puts the next one.
enum Home {
    File(PathBuf),
    Memory,
}

/// A state that arrived whole, on its way into the place of the current one. Dropping it deletes it.
pub struct Received {
    place: Place,
}

enum Place {
    File(create::Beside),
    Memory(Database),
}

impl Received {
    /// The marker that came with it.
    pub fn marker(&self) -> Result<Option<Vec<u8>>, Fault> {
        let database = match &self.place {
            Place::File(beside) => beside.database(),
            Place::Memory(database) => database,
        };
        let tx = database.begin_read().map_err(fault)?;
        Tables::of(&tx).marker()
    }
}

impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("State");
        match &self.shared.home {
            Home::File(path) => shown.field("path", path).finish(),
            Home::Memory => shown.finish_non_exhaustive(),
        }
    }
}

impl State {
    /// Cache for a state in memory, which needs none to speak of.
    const MEMORY_CACHE_BYTES: usize = 16 << 20;

    /// Opens the file, or makes it if there is none. Whether there should be one is for the caller to know.
    ///
    /// A file half made or half installed by a crash is swept away: both happen beside the real one and end in a
    /// rename.
    pub fn open(path: &Path, cache_bytes: usize) -> Result<Self, OpenError> {
        let database = create::open_or_create(path, cache_bytes)?;
        Ok(Self::new(
            Home::File(path.to_owned()),
            database,
            cache_bytes,
        ))
    }

    /// An empty state that goes with the process.
    pub fn in_memory() -> Result<Self, OpenError> {
        Self::on_backend(::redb::backends::InMemoryBackend::new())
    }

    /// A state on any backend, for tests that lose writes. An install replaces it by one in memory.
    pub fn on_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        let database = create::open_backend(backend, Self::MEMORY_CACHE_BYTES)?;
        Ok(Self::new(Home::Memory, database, Self::MEMORY_CACHE_BYTES))
    }

    fn new(home: Home, database: Database, cache_bytes: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                home,
                cache_bytes,
                database: RwLock::new(Arc::new(database)),
                writer: Mutex::new(()),
                applied: Mutex::new(Applied::Ended),
                heads: Arc::default(),
            }),
        }
    }

    /// Applies batches in order and keeps the marker, all in one transaction; the replies are batch by batch.
    ///
    /// Readers see it when this returns. It is durable after the next [`State::flush`]; after a crash before that, it
    /// is gone together with its marker. After a fault the state answers nothing more until it is opened again.
    pub fn apply(&self, batches: &[Batch], marker: &[u8]) -> Result<Vec<Vec<Reply>>, Fault> {
        let _writer = self.shared.writer.lock();
        if round::may_join(batches) {
            let mut applied = self.shared.applied.lock();
            return applied.apply(&self.shared, batches, marker);
        }
        // A transaction of its own, beside which readers see what was before.
        self.end_round()?;
        let mut alone = Applied::Ended;
        let replies = alone.apply(&self.shared, batches, marker);
        let ended = replies.and_then(|replies| alone.end(&self.shared.heads).map(|()| replies));
        if ended.is_err() {
            *self.shared.applied.lock() = Applied::Lost;
        }
        ended
    }

    /// The marker of the last apply or install; `None` before the first.
    pub fn marker(&self) -> Result<Option<Vec<u8>>, Fault> {
        self.read(|tables| tables.marker())
    }

    /// Returns when everything applied so far is durable.
    ///
    /// Quick-repair is on, so that opening after a crash does not walk the whole file.
    pub fn flush(&self) -> Result<(), Fault> {
        let _writer = self.shared.writer.lock();
        // On its own, so that readers do not wait for the disk.
        self.end_round()?;
        let mut tx = self.database().begin_write().map_err(fault)?;
        tx.set_quick_repair(true);
        tx.commit().map_err(fault)
    }

    /// The answer of a state in which nothing lies apart; see [`State::answer`].
    pub fn query(&self, query: &Query) -> Result<Answer, Fault> {
        self.answer(query)?.whole()
    }

    pub fn answer(&self, query: &Query) -> Result<Answered, Fault> {
        self.read(|tables| query::answer(tables, query))
    }

    /// The same where nothing has to be waited for: `None` while something is being applied, or much of it is still to be put
    /// into the database. What is not in memory is read from the disk all the same, so it is for a few rows.
    pub fn answer_now(&self, query: &Query) -> Option<Result<Answered, Fault>> {
        let mut applied = self.shared.applied.try_lock()?;
        if matches!(&*applied, Applied::Open(round) if !round.ends_at_once()) {
            return None;
        }
        let ended = applied.end(&self.shared.heads);
        drop(applied);
        Some(ended.and_then(|()| self.read_ended(|tables| query::answer(tables, query))))
    }

    /// Runs a read of the caller's own over one consistent state.
    pub fn read_tx<R>(
        &self,
        read: impl FnOnce(&dyn ReadTx) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        self.read(|tables| read(tables))
    }

    /// The whole state, marker included, as it stands now; later writes do not change what the reader gives.
    pub fn snapshot(&self) -> Result<SnapshotReader, Fault> {
        self.end_round()?;
        SnapshotReader::new(self.database())
    }

    /// The same, with what a read of the caller's own finds in just that state.
    pub fn snapshot_with<R>(
        &self,
        read: impl FnOnce(&dyn ReadTx) -> Result<R, Fault>,
    ) -> Result<(SnapshotReader, R), Fault> {
        self.end_round()?;
        let database = self.database();
        let tx = database.begin_read().map_err(fault)?;
        let found = read(&Tables::of(&tx))?;
        Ok((SnapshotReader::of(&tx, Arc::clone(&database))?, found))
    }

    /// Replaces the whole state by a snapshot, durably. A stream that is damaged, cut short or too new changes nothing.
    pub fn install(&self, source: &mut dyn std::io::Read) -> Result<(), InstallError> {
        Ok(self.install_received(self.receive(source)?)?)
    }

    /// Loads a snapshot beside the current state, durably, and checks it whole, while the current one goes on being
    /// written and read. One at a time: a second takes the place of the first.
    pub fn receive(&self, source: &mut dyn std::io::Read) -> Result<Received, InstallError> {
        let cache_bytes = self.shared.cache_bytes;
        let place = match &self.shared.home {
            Home::File(path) => Place::File(create::Beside::load(path, cache_bytes, source)?),
            Home::Memory => {
                let backend = ::redb::backends::InMemoryBackend::new();
                let database = create::bare_database(backend, cache_bytes)?;
                load::load(&database, source, &mut || {})?;
                Place::Memory(database)
            }
        };
        Ok(Received { place })
    }

    /// Puts what was received in the place of the current state, durably: a rename, however large it is.
    pub fn install_received(&self, received: Received) -> Result<(), Fault> {
        let _writer = self.shared.writer.lock();
        let database = match received.place {
            Place::File(beside) => beside.put_in_place()?,
            Place::Memory(database) => database,
        };
        // Before its database goes: what was applied to that is replaced with it.
        let mut applied = self.shared.applied.lock();
        *applied = Applied::Ended;
        *self.shared.database.write() = Arc::new(database);
        self.shared.heads.all_changed();
        Ok(())
    }

    fn read<R>(
        &self,
        read: impl FnOnce(&tables::ReadTables<'_>) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        self.end_round()?;
        self.read_ended(read)
    }

    fn read_ended<R>(
        &self,
        read: impl FnOnce(&tables::ReadTables<'_>) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        let before = self.shared.heads.before();
        let database = self.database();
        let tx = database.begin_read().map_err(fault)?;
        read(&Tables::of(&tx).with_heads(self.shared.heads.clone(), before))
    }

    /// Returns when all that was applied before is in the database.
    fn end_round(&self) -> Result<(), Fault> {
        self.shared.applied.lock().end(&self.shared.heads)
    }

    fn database(&self) -> Arc<Database> {
        self.shared.database()
    }
}

/// Tells a full disk from every other failure of the engine.
fn fault(error: impl Into<::redb::Error>) -> Fault {
    match error.into() {
        ::redb::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            Fault::DiskFull
        }
        ::redb::Error::Corrupted(what) => Fault::Corrupt(what),
        other => Fault::Engine(other.to_string()),
    }
}
