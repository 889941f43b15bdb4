//! The reserve: writes are refused while the disk has less free than it, so that the node can always
//! finish what it accepted, flush and compact. It ends by itself when there is room again.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

/// How long one look at the disk is believed. Far less than the reserve can be written in that time.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) struct Reserve {
    bytes: u64,
    free_bytes: Box<dyn Fn() -> io::Result<u64> + Send + Sync>,
    looked: Mutex<Option<Instant>>,
    full: watch::Sender<bool>,
}

impl Reserve {
    pub(crate) fn new(dir: PathBuf, bytes: u64) -> Self {
        Self::with_probe(bytes, move || easel_storage::disk::free_bytes(&dir))
    }

    fn with_probe(
        bytes: u64,
        free_bytes: impl Fn() -> io::Result<u64> + Send + Sync + 'static,
    ) -> Self {
        Self {
            bytes,
            free_bytes: Box::new(free_bytes),
            looked: Mutex::new(None),
            full: watch::Sender::new(false),
        }
    }

    /// Whether writes must be refused now.
    pub(crate) fn is_short(&self, now: Instant) -> bool {
        let mut looked = self.looked.lock();
        if looked.is_none_or(|at| now.duration_since(at) >= LOOK_EVERY) {
            *looked = Some(now);
            match (self.free_bytes)() {
                Ok(free) => self.report(free < self.bytes),
                // A disk that cannot be asked is not known to be full; the write itself will tell.
                Err(error) => tracing::warn!(%error, "cannot ask how much of the disk is free"),
            }
        }
        *self.full.borrow()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.full.subscribe()
    }

    fn report(&self, short: bool) {
        let changed = self.full.send_if_modified(|was| {
            let changed = *was != short;
            *was = short;
            changed
        });
        match (changed, short) {
            (true, true) => {
                tracing::warn!(
                    reserve_bytes = self.bytes,
                    "disk nearly full: writes are refused"
                );
            }
            (true, false) => tracing::info!("disk has room again: writes go on"),
            (false, _) => {}
        }
    }
}

impl std::fmt::Debug for Reserve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reserve")
            .field("bytes", &self.bytes)
            .field("full", &*self.full.borrow())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, Instant};

    use super::{LOOK_EVERY, Reserve};

    #[test]
    fn writes_are_refused_below_the_reserve_and_go_on_by_themselves() {
        let free = Arc::new(AtomicU64::new(101));
        let probe = free.clone();
        let reserve = Reserve::with_probe(100, move || Ok(probe.load(Ordering::Relaxed)));
        let mut now = Instant::now();
        assert!(!reserve.is_short(now));

        free.store(99, Ordering::Relaxed);
        assert!(!reserve.is_short(now), "one look is believed for a while");
        now += LOOK_EVERY;
        assert!(reserve.is_short(now));
        assert!(*reserve.watch().borrow());

        free.store(100, Ordering::Relaxed);
        now += LOOK_EVERY + Duration::from_millis(1);
        assert!(!reserve.is_short(now));
        assert!(!*reserve.watch().borrow());
    }

    #[test]
    fn a_disk_that_cannot_be_asked_does_not_stop_writes() {
        let reserve = Reserve::with_probe(100, || Err(std::io::Error::other("gone")));
        assert!(!reserve.is_short(Instant::now()));
    }
}
