//! A disk for tests that forgets what was not synced.

use std::io;
use std::sync::Arc;

use ::redb::StorageBackend;
use parking_lot::Mutex;

/// Writes survive or vanish in pieces of this size: a disk writes a sector whole.
const SECTOR_BYTES: usize = 512;

/// A file in memory whose unsynced writes can be lost, each on its own, as a power cut loses them.
#[derive(Debug, Clone, Default)]
pub struct ForgetfulDisk {
    inner: Arc<Mutex<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    /// What a crash leaves for certain.
    synced: Vec<u8>,
    /// What a reader sees now.
    current: Vec<u8>,
    /// What came after the last sync, in order.
    unsynced: Vec<Change>,
    cut: Option<PowerCut>,
    /// Growing past this fails as on a full disk.
    capacity_bytes: Option<usize>,
}

/// A crash that is to happen during a sync.
#[derive(Debug)]
enum PowerCut {
    Waiting { syncs: u32, seed: u64 },
    Happened { left: Vec<u8> },
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    SetLen(usize),
}

impl ForgetfulDisk {
    pub fn new() -> Self {
        Self::default()
    }

    /// This disk as a backend; several see the same content.
    pub fn backend(&self) -> impl StorageBackend + use<> {
        Backend {
            inner: Arc::clone(&self.inner),
        }
    }

    /// The disk after a power cut now. Of what was not synced, each sector survives or not as the seed has it. This
    /// disk goes on unharmed.
    pub fn after_crash(&self, seed: u64) -> Self {
        Self::holding(self.inner.lock().left_by_crash(seed))
    }

    /// Cuts the power as a later sync begins, after so many others; [`Self::after_cut`] is what that leaves.
    pub fn cut_power_after_syncs(&self, syncs: u32, seed: u64) {
        self.inner.lock().cut = Some(PowerCut::Waiting { syncs, seed });
    }

    /// The disk as the power cut left it, if it has happened.
    pub fn after_cut(&self) -> Option<Self> {
        match &self.inner.lock().cut {
            Some(PowerCut::Happened { left }) => Some(Self::holding(left.clone())),
            Some(PowerCut::Waiting { .. }) | None => None,
        }
    }

    /// Lets the disk hold no more than this from now on; `None` lifts it.
    pub fn limit_bytes(&self, capacity: Option<usize>) {
        self.inner.lock().capacity_bytes = capacity;
    }

    pub fn len_bytes(&self) -> usize {
        self.inner.lock().current.len()
    }

    fn holding(synced: Vec<u8>) -> Self {
        let content = Content {
            current: synced.clone(),
            synced,
            ..Content::default()
        };
        Self {
            inner: Arc::new(Mutex::new(content)),
        }
    }

    /// Bytes that a crash now might lose.
    pub fn unsynced_bytes(&self) -> usize {
        let content = self.inner.lock();
        let bytes = |change: &Change| match change {
            Change::Write { data, .. } => data.len(),
            Change::SetLen(_) => 0,
        };
        content.unsynced.iter().map(bytes).sum()
    }
}

impl Content {
    fn left_by_crash(&self, seed: u64) -> Vec<u8> {
        let mut random = SplitMix(seed);
        let mut left = self.synced.clone();
        for change in &self.unsynced {
            match change {
                Change::Write { offset, data } => {
                    for (nth, sector) in data.chunks(SECTOR_BYTES).enumerate() {
                        if random.next_is_odd() {
                            write_at(&mut left, offset + nth * SECTOR_BYTES, sector);
                        }
                    }
                }
                // A file system journals its lengths, so they keep their order and are not lost among the writes.
                Change::SetLen(len) => left.resize(*len, 0),
            }
        }
        left
    }

    fn check_capacity(&self, len: usize) -> io::Result<()> {
        if self.capacity_bytes.is_some_and(|capacity| len > capacity) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

fn write_at(content: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(data);
}

#[derive(Debug)]
struct Backend {
    inner: Arc<Mutex<Content>>,
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.inner.lock().current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let content = self.inner.lock();
        let start = offset as usize;
        let read = content
            .current
            .get(start..start + out.len())
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(read);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut content = self.inner.lock();
        content.check_capacity(len as usize)?;
        content.current.resize(len as usize, 0);
        content.unsynced.push(Change::SetLen(len as usize));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut content = self.inner.lock();
        content.cut = match content.cut.take() {
            Some(PowerCut::Waiting { syncs: 0, seed }) => {
                let left = content.left_by_crash(seed);
                Some(PowerCut::Happened { left })
            }
            Some(PowerCut::Waiting { syncs, seed }) => Some(PowerCut::Waiting {
                syncs: syncs - 1,
                seed,
            }),
            other @ (Some(PowerCut::Happened { .. }) | None) => other,
        };
        content.synced = content.current.clone();
        content.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut content = self.inner.lock();
        let offset = offset as usize;
        content.check_capacity(offset + data.len())?;
        write_at(&mut content.current, offset, data);
        content.unsynced.push(Change::Write {
            offset,
            data: data.to_vec(),
        });
        Ok(())
    }
}

/// A few random bits from a seed; enough to choose sectors.
struct SplitMix(u64);

impl SplitMix {
    fn next_is_odd(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) & 1 == 1
    }
}
