//! The file that the next segment will be: filled with zeros and synced while the current one is written to.
//!
//! A sync of what overwrites synced zeros is one flush of the disk. Into room that was only promised (`fallocate`) it
//! is two on a file system with a journal, which must note that the block is now in use.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::place::{Place, PlaceFile};

/// A spare under construction; what is left of it when the log is opened is swept away.
pub(crate) const NAME: &str = "segment.spare";

/// Synced piece by piece, so that the log's own syncs never wait for many.
const PIECE_BYTES: u64 = 1 << 20;

/// At most one file, under way or ready. Dropping it waits until nobody writes to it.
#[derive(Debug, Default)]
pub(super) struct Spare {
    made: Option<Made>,
    given_up: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Made {
    Beside(JoinHandle<io::Result<Arc<dyn PlaceFile>>>),
    #[cfg(test)]
    Here(Arc<dyn PlaceFile>),
}

impl Spare {
    pub(super) fn is_begun(&self) -> bool {
        self.made.is_some()
    }

    /// Begins to make it on a thread of its own.
    pub(super) fn begin(&mut self, place: Arc<dyn Place>, bytes: u64) -> io::Result<()> {
        let given_up = self.given_up.clone();
        let thread = thread::Builder::new().name("easel-log-spare".into());
        let making = thread.spawn(move || make(&*place, bytes, &given_up))?;
        self.made = Some(Made::Beside(making));
        Ok(())
    }

    /// Makes it at once; simulations need their changes in order.
    #[cfg(test)]
    pub(super) fn make_here(&mut self, place: &dyn Place, bytes: u64) -> io::Result<()> {
        let file = make(place, bytes, &self.given_up)?;
        self.made = Some(Made::Here(file));
        Ok(())
    }

    /// Takes the file, if it is ready.
    pub(super) fn take(&mut self) -> io::Result<Option<Arc<dyn PlaceFile>>> {
        match self.made.take() {
            Some(Made::Beside(making)) if !making.is_finished() => {
                self.made = Some(Made::Beside(making));
                Ok(None)
            }
            Some(Made::Beside(making)) => {
                let panicked = |_| io::Error::other("the thread that makes it panicked");
                making.join().map_err(panicked)?.map(Some)
            }
            #[cfg(test)]
            Some(Made::Here(file)) => Ok(Some(file)),
            None => Ok(None),
        }
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
        if let Some(Made::Beside(making)) = self.made.take() {
            // Whatever it came to, nobody needs it any more.
            let _ = making.join();
        }
    }
}

fn make(place: &dyn Place, bytes: u64, given_up: &AtomicBool) -> io::Result<Arc<dyn PlaceFile>> {
    let file = place.create(NAME)?;
    let mut filled = 0;
    while filled < bytes && !given_up.load(Ordering::Relaxed) {
        filled = (filled + PIECE_BYTES).min(bytes);
        file.fill_to(filled)?;
        file.sync()?;
    }
    Ok(file)
}
