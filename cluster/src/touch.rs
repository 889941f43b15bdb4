//! Whether this node knows what the others know. A node that is cut off goes on reading its own state, which no longer
//! says who may do what; so everybody who decides by it asks here first.
//!
//! The leader is asked, several times a second, up to where it has confirmed by a majority. When this node has applied
//! that, it was in touch at the moment it asked, and counts as in touch for a second from there.

use std::time::{Duration, Instant};

use easel_storage::ReadError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::read::Reader;

/// What was revoked longer ago than this takes effect here, or nothing does.
const GOOD_FOR: Duration = Duration::from_secs(1);
const ASKED_EVERY: Duration = Duration::from_millis(200);
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// A question that has no answer by then would come too late.
const ANSWER_WAIT_MAX: Duration = GOOD_FOR;

#[derive(Debug)]
pub(crate) struct Touch {
    in_touch: watch::Receiver<bool>,
}

impl Touch {
    /// There is nobody to lose touch with.
    pub(crate) fn alone() -> Self {
        let (_, in_touch) = watch::channel(true);
        Self { in_touch }
    }

    pub(crate) fn start(reader: Reader, stop: CancellationToken) -> Self {
        let (told, in_touch) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = keep(reader, told) => {}
            }
        });
        Self { in_touch }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.in_touch.clone()
    }
}

async fn keep(reader: Reader, told: watch::Sender<bool>) {
    let mut until = Instant::now();
    loop {
        let asked_at = Instant::now();
        let asking = tokio::time::timeout(ANSWER_WAIT_MAX, ask(&reader));
        let heard = ends_with(asking, until, &told).await;
        let pause = match heard {
            Ok(Ok(())) if asked_at.elapsed() < GOOD_FOR => {
                until = asked_at + GOOD_FOR;
                told.send_if_modified(|in_touch| !std::mem::replace(in_touch, true));
                ASKED_EVERY.saturating_sub(asked_at.elapsed())
            }
            Ok(Err(ReadError::Stopped)) => {
                told.send_replace(false);
                return;
            }
            Ok(Ok(()) | Err(_)) | Err(_) => AGAIN_AFTER,
        };
        ends_with(tokio::time::sleep(pause), until, &told).await;
    }
}

async fn ask(reader: &Reader) -> Result<(), ReadError> {
    let index = reader.confirmed_once().await?;
    reader.applied(index).await
}

/// Waits for something, and says so when the touch ends meanwhile.
async fn ends_with<T>(
    work: impl Future<Output = T>,
    until: Instant,
    told: &watch::Sender<bool>,
) -> T {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep_until(until.into()) => {}
    }
    told.send_if_modified(|in_touch| std::mem::replace(in_touch, false));
    work.await
}
