//! Opening, making and replacing the database file.
//!
//! A new file is always made beside the real one, synced, and renamed over it. So the real name never holds half a
//! database, and an empty or short file under it is damage, not a beginning.

use std::fs::{self, File};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use ::redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageBackend, StorageError};
use rustix::fs::Advice;

use super::fault;
use super::load;
use super::snapshot::InstallError;
use super::tables::{self, Tables};
use crate::tx::Fault;

/// What every redb file begins with.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// Why the state cannot be opened. Each is a different thing to do for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("it is not a file of Easel's")]
    Foreign,
    #[error("the file was cut short")]
    Truncated,
    #[error("the file is damaged: {0}")]
    Damaged(String),
    #[error("the file has format {found}, this release knows up to {known}")]
    NewerFormat { found: u32, known: u32 },
    #[error("another process has the file open")]
    InUse,
    #[error(transparent)]
    Io(#[from] io::Error),
}

pub(super) fn open_or_create(path: &Path, cache_bytes: usize) -> Result<Database, OpenError> {
    remove_if_there(&path_beside(path))?;
    if !path.try_exists()? {
        return Ok(Beside::empty(path, cache_bytes)?.put_in_place()?);
    }
    check_beginning(path)?;
    let database = opened(|| builder(cache_bytes).open(path))?;
    check_format(&database)?;
    Ok(database)
}

/// Opens what the backend holds; an empty one becomes an empty state.
pub(super) fn open_backend(
    backend: impl StorageBackend,
    cache_bytes: usize,
) -> Result<Database, OpenError> {
    let empty = backend.len()? == 0;
    let database = opened(|| builder(cache_bytes).create_with_backend(backend))?;
    if empty {
        initialise(&database).map_err(damaged)?;
    }
    check_format(&database)?;
    Ok(database)
}

/// A database without any table, to load a snapshot into.
pub(super) fn bare_database(
    backend: impl StorageBackend,
    cache_bytes: usize,
) -> Result<Database, Fault> {
    builder(cache_bytes)
        .create_with_backend(backend)
        .map_err(fault)
}

/// A whole database on disk under a name of its own. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct Beside {
    database: Option<Database>,
    file: PathBuf,
    path: PathBuf,
    is_in_place: bool,
}

impl Beside {
    /// An empty state.
    fn empty(path: &Path, cache_bytes: usize) -> Result<Self, Fault> {
        let made = Self::begin(path, cache_bytes)?;
        initialise(made.database())?;
        made.sync()?;
        Ok(made)
    }

    /// What a snapshot holds.
    pub(super) fn load(
        path: &Path,
        cache_bytes: usize,
        source: &mut dyn Read,
    ) -> Result<Self, InstallError> {
        let mut made = Self::begin(path, load::CACHE_BYTES)?;
        let file = File::open(&made.file).map_err(io_fault)?;
        load::load(made.database(), source, &mut || write_early(&file))?;
        made.sync()?;
        made.reopen(cache_bytes)?;
        Ok(made)
    }

    /// One at a time for each path: a second takes the place of the first.
    fn begin(path: &Path, cache_bytes: usize) -> Result<Self, Fault> {
        let file = path_beside(path);
        remove_if_there(&file).map_err(io_fault)?;
        let database = builder(cache_bytes).create(&file).map_err(fault)?;
        Ok(Self {
            database: Some(database),
            file,
            path: path.to_owned(),
            is_in_place: false,
        })
    }

    /// After a durable commit, which synced the content: this covers the file's length.
    fn sync(&self) -> Result<(), Fault> {
        File::open(&self.file)
            .and_then(|file| file.sync_all())
            .map_err(io_fault)
    }

    fn reopen(&mut self, cache_bytes: usize) -> Result<(), Fault> {
        if let Some(database) = self.database.take() {
            database.close().map_err(fault)?;
        }
        self.database = Some(builder(cache_bytes).open(&self.file).map_err(fault)?);
        Ok(())
    }

    pub(super) fn database(&self) -> &Database {
        self.database.as_ref().expect("taken only by value")
    }

    /// The handle stays valid over the rename, so the database need not be opened again.
    pub(super) fn put_in_place(mut self) -> Result<Database, Fault> {
        fs::rename(&self.file, &self.path).map_err(io_fault)?;
        self.is_in_place = true;
        sync_folder_of(&self.path).map_err(io_fault)?;
        Ok(self.database.take().expect("taken only by value"))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.database.take());
        if !self.is_in_place {
            // Best effort: what is left is swept away by the next open.
            let _ = fs::remove_file(&self.file);
        }
    }
}

/// Has what was written to a file brought to the disk, without waiting for it. Left alone it would be gathered until the
/// sync at the end, and until that much is on the disk nobody else's sync ends. What is on the disk is let go from memory.
fn write_early(file: &File) {
    // It is only advice; the sync at the end is what counts.
    let _ = rustix::fs::fadvise(file, 0, None, Advice::DontNeed);
}

/// Makes the tables that are missing and names the format, durably.
fn initialise(database: &Database) -> Result<(), Fault> {
    let mut tx = database.begin_write().map_err(fault)?;
    tx.set_quick_repair(true);
    let mut tables = Tables::of(&tx);
    tables.open_all()?;
    tables.raise_format(tables::FORMAT)?;
    drop(tables);
    tx.commit().map_err(fault)
}

fn check_beginning(path: &Path) -> Result<(), OpenError> {
    let mut beginning = Vec::new();
    File::open(path)?
        .take(MAGIC.len() as u64)
        .read_to_end(&mut beginning)?;
    if beginning.len() < MAGIC.len() && MAGIC.starts_with(&beginning) {
        return Err(OpenError::Truncated);
    }
    if beginning != MAGIC {
        return Err(OpenError::Foreign);
    }
    Ok(())
}

/// Refuses what is not a state or a later release's; brings an earlier release's up to this one's format.
fn check_format(database: &Database) -> Result<(), OpenError> {
    let tx = database
        .begin_read()
        .map_err(|error| damaged(fault(error)))?;
    let tables = Tables::of(&tx);
    // A sound redb file without our tables is another program's.
    let foreign = |fault| match fault {
        Fault::Engine(_) => OpenError::Foreign,
        other => damaged(other),
    };
    match tables.format().map_err(foreign)? {
        Some(tables::FORMAT | tables::FORMAT_WITH_APART) => tables.open_all().map_err(foreign),
        Some(tables::FORMAT_WITHOUT_ACCOUNTS) => {
            drop(tables);
            drop(tx);
            Ok(initialise(database)?)
        }
        Some(found) if found > tables::FORMAT_WITH_APART => Err(OpenError::NewerFormat {
            found,
            known: tables::FORMAT_WITH_APART,
        }),
        Some(_) | None => Err(OpenError::Foreign),
    }
}

/// Opens, and turns every way in which a damaged file shows itself into an error: redb reports most and panics on a few.
fn opened(open: impl FnOnce() -> Result<Database, DatabaseError>) -> Result<Database, OpenError> {
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(error)) => Err(open_error(error)),
        Err(_) => Err(OpenError::Damaged("it contradicts itself".to_owned())),
    }
}

fn open_error(error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            OpenError::InUse
        }
        DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
            io::ErrorKind::UnexpectedEof => OpenError::Truncated,
            _ => OpenError::Io(error),
        },
        other => OpenError::Damaged(other.to_string()),
    }
}

fn damaged(fault: Fault) -> OpenError {
    OpenError::Damaged(fault.to_string())
}

fn builder(cache_bytes: usize) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(cache_bytes);
    builder
}

fn path_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn io_fault(error: io::Error) -> Fault {
    fault(StorageError::Io(error))
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::DiskFull => Self::Io(io::ErrorKind::StorageFull.into()),
            Fault::Engine(what) => Self::Io(io::Error::other(what)),
            Fault::Corrupt(what) => Self::Damaged(what),
        }
    }
}
