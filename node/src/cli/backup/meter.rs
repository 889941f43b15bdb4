//! How far something has come, where somebody looks on.

use super::shown::size;
use crate::backup::{Doing, Progress};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// One line on a terminal that says how far it has come. Elsewhere nothing.
pub(super) struct Meter {
    shown: parking_lot::Mutex<Option<Instant>>,
    is_terminal: bool,
}

impl Meter {
    const EVERY: Duration = Duration::from_millis(100);

    pub(super) fn new() -> Meter {
        Meter {
            shown: parking_lot::Mutex::new(None),
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    pub(super) fn show(&self, progress: Progress) {
        let mut shown = self.shown.lock();
        if !self.is_terminal || shown.is_some_and(|at| at.elapsed() < Self::EVERY) {
            return;
        }
        *shown = Some(Instant::now());
        let amount = |bytes| match progress.doing {
            Doing::State | Doing::Log | Doing::Pictures => size(bytes),
            Doing::Boards => bytes.to_string(),
        };
        let what = match progress.doing {
            Doing::State => "state",
            Doing::Log => "log",
            Doing::Pictures => "pictures",
            Doing::Boards => "boards",
        };
        let of = progress.of.map(|of| format!(" of {}", amount(of)));
        let line = format!(
            "{what} {}{}",
            amount(progress.bytes),
            of.unwrap_or_default()
        );
        let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
    }

    pub(super) fn clear(&self) {
        if self.is_terminal && self.shown.lock().take().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.clear();
    }
}
