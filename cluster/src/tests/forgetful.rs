//! A folder for tests that forgets what was not synced: contents sector by sector, names from the last on.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use easel_storage::redb::ForgetfulDisk;
use parking_lot::{Mutex, RwLock};
use redb::StorageBackend;

use crate::log::place::{Place, PlaceFile};

/// Clones are the same folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct ForgetfulFolder {
    content: Arc<Mutex<Content>>,
    /// Every change holds it shared; whoever cuts the power of a whole machine holds it alone.
    power: Arc<RwLock<()>>,
    pub(crate) full: Arc<AtomicBool>,
    /// It says that it has synced contents, and has not.
    lies: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Content {
    names: Names,
    /// What a crash leaves for certain.
    synced: Names,
    /// What came after the last sync, in order; a file system journals names, so a crash keeps some of the first.
    unsynced: Vec<Names>,
    crash: Option<Crash>,
}

type Names = BTreeMap<String, ForgetfulDisk>;

/// A crash that is to happen between two changes.
#[derive(Debug)]
enum Crash {
    Waiting { changes: u64, seed: u64 },
    Happened { left: Names },
}

#[derive(Debug)]
struct Opened<B> {
    disk: B,
    folder: ForgetfulFolder,
}

impl ForgetfulFolder {
    /// The same folder, on the power of a whole machine.
    pub(crate) fn on_power(&self, power: Arc<RwLock<()>>) -> Self {
        Self {
            power,
            ..self.clone()
        }
    }

    /// From now on it says of contents that they are synced, and they are not.
    pub(crate) fn lie(&self) {
        self.lies.store(true, Ordering::SeqCst);
    }

    /// The folder after a power cut now, which goes on unharmed itself.
    pub(crate) fn after_crash(&self, seed: u64) -> Self {
        Self::holding(self.content.lock().left_by_crash(seed))
    }

    /// Cuts the power before a change that is so many changes away; [`Self::after_cut`] is what that leaves.
    pub(crate) fn cut_power_before(&self, changes: u64, seed: u64) {
        self.content.lock().crash = Some(Crash::Waiting { changes, seed });
    }

    /// The folder as the power cut left it, if it has happened.
    pub(crate) fn after_cut(&self) -> Option<Self> {
        match &self.content.lock().crash {
            Some(Crash::Happened { left }) => Some(Self::holding(left.clone())),
            Some(Crash::Waiting { .. }) | None => None,
        }
    }

    /// The content of every file.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let content = self.content.lock();
        let read = content.names.iter().map(|(name, disk)| {
            let mut bytes = vec![0; disk.len_bytes()];
            disk.backend().read(0, &mut bytes).expect("a file");
            (name.clone(), bytes)
        });
        read.collect()
    }

    pub(crate) fn with_files(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let made = files.iter().map(|(name, bytes)| {
            let disk = ForgetfulDisk::new();
            let backend = disk.backend();
            backend.write(0, bytes).expect("a file");
            backend.sync_data().expect("a file");
            (name.clone(), disk)
        });
        Self::holding(made.collect())
    }

    fn holding(names: Names) -> Self {
        let content = Content {
            synced: names.clone(),
            names,
            ..Content::default()
        };
        Self {
            content: Arc::new(Mutex::new(content)),
            ..Self::default()
        }
    }

    /// Every change goes through here.
    fn change<T>(&self, change: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let _on = self.power.read();
        if self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.content.lock().count();
        change()
    }

    fn rename_names(&self, rename: impl FnOnce(&mut Names) -> io::Result<()>) -> io::Result<()> {
        self.change(|| {
            let mut content = self.content.lock();
            rename(&mut content.names)?;
            let names = content.names.clone();
            content.unsynced.push(names);
            Ok(())
        })
    }

    fn opened(&self, disk: &ForgetfulDisk) -> Arc<dyn PlaceFile> {
        Arc::new(Opened {
            disk: disk.backend(),
            folder: self.clone(),
        })
    }
}

impl Content {
    fn left_by_crash(&self, seed: u64) -> Names {
        let kept = seed.rotate_right(23) % (self.unsynced.len() as u64 + 1);
        let names = match kept.checked_sub(1) {
            Some(last) => &self.unsynced[last as usize],
            None => &self.synced,
        };
        let crashed = names
            .iter()
            .zip(0u64..)
            .map(|((name, disk), nth)| (name.clone(), disk.after_crash(seed ^ nth << 40)));
        crashed.collect()
    }

    fn count(&mut self) {
        self.crash = match self.crash.take() {
            Some(Crash::Waiting { changes: 0, seed }) => Some(Crash::Happened {
                left: self.left_by_crash(seed),
            }),
            Some(Crash::Waiting { changes, seed }) => Some(Crash::Waiting {
                changes: changes - 1,
                seed,
            }),
            other => other,
        };
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Place for ForgetfulFolder {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.content.lock().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn PlaceFile>> {
        let disk = ForgetfulDisk::new();
        self.rename_names(|names| {
            names.insert(name.to_owned(), disk.clone());
            Ok(())
        })?;
        Ok(self.opened(&disk))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn PlaceFile>> {
        let disk = self.content.lock().names.get(name).cloned();
        Ok(self.opened(&disk.ok_or_else(missing)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_names(|names| {
            let disk = names.remove(from).ok_or_else(missing)?;
            names.insert(to.to_owned(), disk);
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.rename_names(|names| names.remove(name).map(drop).ok_or_else(missing))
    }

    fn sync(&self) -> io::Result<()> {
        self.change(|| {
            let mut content = self.content.lock();
            content.synced = content.names.clone();
            content.unsynced.clear();
            Ok(())
        })
    }
}

impl<B: StorageBackend> PlaceFile for Opened<B> {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.folder.change(|| self.disk.write(offset, bytes))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.folder.change(|| self.disk.set_len(len))
    }

    fn fill_to(&self, len: u64) -> io::Result<()> {
        self.folder
            .change(|| self.disk.set_len(len.max(self.disk.len()?)))
    }

    fn sync(&self) -> io::Result<()> {
        self.folder
            .change(|| match self.folder.lies.load(Ordering::SeqCst) {
                true => Ok(()),
                false => self.disk.sync_data(),
            })
    }
}
