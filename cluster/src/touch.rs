//! Whether this node knows what the others know. A node that is cut off goes on reading its own state, which no longer
//! says who may do what; so everybody who decides by it asks here first.
//!
//! The leader is asked, several times a second, up to where it has confirmed by a majority. When this node has applied
//! that, it was in touch at the moment it asked, and counts as in touch for a second from there.
//!
//! Whoever decides holds that second against the clock itself ([`Touch::holds`]). A process that stood still, or a machine
//! that slept, goes on with what it knew then, and may answer long before any timer of its own has run.

use std::sync::Arc;
use std::time::Duration;

use easel_storage::ReadError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::read::Reader;
use crate::runtime;

/// What was revoked longer ago than this takes effect here, or nothing does.
const GOOD_FOR: Duration = Duration::from_secs(1);
const ASKED_EVERY: Duration = Duration::from_millis(200);
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// A question that has no answer by then would come too late.
const ANSWER_WAIT_MAX: Duration = GOOD_FOR;

/// Says whether the node is in touch at the moment of the question. Clones are the same node's.
#[derive(Debug, Clone)]
pub struct Touch {
    state: Arc<watch::Sender<State>>,
}

/// Where the same is told.
#[derive(Debug)]
pub struct TouchTeller {
    touch: Touch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    /// By the clock that counts since the machine started; nothing while it is lost.
    until: Option<Duration>,
    /// How often it was lost.
    losses: u64,
}

impl State {
    fn is_over(self, now: Duration) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    fn lose(&mut self) {
        if self.until.take().is_some() {
            self.losses += 1;
        }
    }
}

impl Touch {
    /// In touch until its teller says otherwise.
    pub fn told() -> (TouchTeller, Self) {
        let state = State {
            until: Some(Duration::MAX),
            losses: 0,
        };
        let state = Arc::new(watch::Sender::new(state));
        let touch = Self { state };
        (touch.teller(), touch)
    }

    /// For the node itself, and for tests of a node that has nobody to ask.
    pub fn teller(&self) -> TouchTeller {
        let touch = self.clone();
        TouchTeller { touch }
    }

    /// Of a node that is alone without a reader.
    pub(crate) fn start(reader: Option<Reader>, health: &Health, stop: CancellationToken) -> Self {
        let (teller, touch) = Self::told();
        if reader.is_some() {
            teller.lost();
        }
        let mut failure = health.watch();
        runtime::spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                // Whatever it hears from here on, it takes no part in it.
                _ = failure.wait_for(Option::is_some) => teller.lost(),
                () = keep(reader, &teller) => {}
            }
        });
        touch
    }

    /// Nothing, if the node is out of touch now; else how often it was before. Who finds another number than at the last
    /// question has been out of touch in between, even if nobody saw it.
    pub fn holds(&self) -> Option<u64> {
        let now = runtime::since_boot();
        let seen = *self.state.borrow();
        if !seen.is_over(now) {
            return seen.until.map(|_| seen.losses);
        }
        // Once anybody has found it lost it is, also for those who look when it is back.
        self.state.send_if_modified(|state| {
            let is_over = state.is_over(now);
            if is_over {
                state.lose();
            }
            is_over
        });
        let state = *self.state.borrow();
        state.until.map(|_| state.losses)
    }

    /// How often the touch was lost so far.
    pub fn losses(&self) -> u64 {
        let _ = self.holds();
        self.state.borrow().losses
    }

    /// Ends when it is in touch.
    pub async fn regained(&self) {
        let mut state = self.state.subscribe();
        loop {
            state.borrow_and_update();
            if self.holds().is_some() || state.changed().await.is_err() {
                return;
            }
        }
    }

    /// Ends when the touch was lost more often than this.
    pub async fn lost_again(&self, losses: u64) {
        let mut state = self.state.subscribe();
        let lost = state.wait_for(|state| state.losses > losses);
        // It holds the other end itself.
        let _ = lost.await;
    }

    pub(crate) fn watch(&self) -> TouchWatch {
        TouchWatch {
            state: self.state.subscribe(),
        }
    }
}

/// Tells of every change from in touch to not and back.
#[derive(Debug)]
pub(crate) struct TouchWatch {
    state: watch::Receiver<State>,
}

impl TouchWatch {
    /// As it was told last; see [`Touch::holds`] for who decides by it.
    pub(crate) fn is_in_touch(&self) -> bool {
        self.state.borrow().until.is_some()
    }

    pub(crate) async fn turned(&mut self) {
        let was = *self.state.borrow_and_update();
        let turned = |now: &State| now.until.is_some() != was.until.is_some();
        if self.state.wait_for(turned).await.is_err() {
            std::future::pending().await
        }
    }
}

impl TouchTeller {
    /// In touch for so long from now on.
    pub fn good_for(&self, time: Duration) {
        self.good_until(runtime::since_boot().saturating_add(time));
    }

    fn good_until(&self, until: Duration) {
        let now = runtime::since_boot();
        self.touch.state.send_modify(|state| {
            // It ran out before this came, and who asked meanwhile may have been told so.
            if state.is_over(now) {
                state.lose();
            }
            state.until = Some(until);
        });
    }

    /// Out of touch from here on.
    pub fn lost(&self) {
        self.touch.state.send_modify(State::lose);
    }
}

async fn keep(reader: Option<Reader>, teller: &TouchTeller) {
    let Some(reader) = reader else {
        return std::future::pending().await;
    };
    let mut until = Duration::ZERO;
    loop {
        let asked_at = runtime::since_boot();
        let asking = runtime::timeout(ANSWER_WAIT_MAX, ask(&reader));
        let heard = ends_with(asking, until, teller).await;
        let took = runtime::since_boot().saturating_sub(asked_at);
        let pause = match heard {
            Ok(Ok(())) if took < GOOD_FOR => {
                until = asked_at + GOOD_FOR;
                teller.good_until(until);
                ASKED_EVERY.saturating_sub(took)
            }
            Ok(Err(ReadError::Stopped)) => return teller.lost(),
            Ok(Ok(()) | Err(_)) | Err(_) => AGAIN_AFTER,
        };
        ends_with(runtime::sleep(pause), until, teller).await;
    }
}

async fn ask(reader: &Reader) -> Result<(), ReadError> {
    let index = reader.confirmed_once().await?;
    reader.applied(index).await
}

/// Waits for something, and says so when the touch ends meanwhile.
async fn ends_with<T>(work: impl Future<Output = T>, until: Duration, teller: &TouchTeller) -> T {
    tokio::pin!(work);
    let left = until.saturating_sub(runtime::since_boot());
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = runtime::sleep(left) => {}
    }
    teller.lost();
    work.await
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    #[test]
    fn who_asks_after_its_time_is_told_before_any_timer_has_run() {
        let (teller, touch) = Touch::told();
        assert_eq!(touch.holds(), Some(0));
        teller.good_for(Duration::ZERO);
        assert_eq!(touch.holds(), None);
        assert_eq!(touch.losses(), 1);
        teller.good_for(LONG);
        assert_eq!(touch.holds(), Some(1));
    }

    #[test]
    fn a_loss_that_nobody_saw_is_known_all_the_same() {
        let (teller, touch) = Touch::told();
        teller.good_for(Duration::ZERO);
        teller.good_for(LONG);
        assert_eq!(touch.holds(), Some(1));
        teller.good_for(LONG);
        assert_eq!(touch.holds(), Some(1));
        teller.lost();
        teller.lost();
        assert_eq!((touch.holds(), touch.losses()), (None, 2));
    }
}
