//! Whether the node can still write. It fails once and for good; the process is then ended by whoever
//! watches the status, and starts anew from what is on disk.

use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct Health {
    failure: watch::Sender<Option<String>>,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self {
            failure: watch::Sender::new(None),
        }
    }

    /// The first reason stays.
    pub(crate) fn fail(&self, why: String) {
        self.failure.send_if_modified(|failure| {
            if failure.is_some() {
                return false;
            }
            tracing::error!(error = %why, "the node can no longer write and stops");
            *failure = Some(why);
            true
        });
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.borrow().is_some()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Option<String>> {
        self.failure.subscribe()
    }
}
