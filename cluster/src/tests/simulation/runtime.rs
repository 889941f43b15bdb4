//! What stands in for tokio in every test of this crate: on a thread that runs a simulation, its time and order; elsewhere
//! tokio itself.

use std::future::Future;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use openraft::{AsyncRuntime, OptionalSend, TokioRuntime};
use tokio::sync::oneshot;
use tokio::task::JoinError;
pub(crate) use tokio::time::MissedTickBehavior;

use super::world::{Alarm, here};

/// When simulated clocks begin: 2026.
const BEGINNING: Duration = Duration::from_secs(1_767_225_600);

pub(crate) fn is_simulated() -> bool {
    here().is_some()
}

pub(crate) fn now() -> Instant {
    here().map_or_else(Instant::now, |world| world.instant())
}

pub(crate) fn since_boot() -> Duration {
    here().map_or_else(|| machine_started().elapsed(), |world| world.elapsed())
}

/// Of tests without a simulation: no later than any question.
fn machine_started() -> Instant {
    static STARTED: OnceLock<Instant> = OnceLock::new();
    *STARTED.get_or_init(Instant::now)
}

pub(crate) fn clock() -> Duration {
    match here() {
        Some(world) => BEGINNING + world.elapsed(),
        None => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default(),
    }
}

pub(crate) fn random() -> u32 {
    match here() {
        Some(world) => world.below(u64::from(u32::MAX)) as u32,
        None => getrandom::u32().expect("the system has random numbers"),
    }
}

/// The disk of this node is asked for something.
pub(crate) async fn disk_turns() {
    let wait = here().map(|world| super::machine::turn(&world));
    if let Some(wait) = wait {
        sleep(wait).await;
    }
}

/// The disk has done it. A power cut that was to come meanwhile ends this node.
pub(crate) fn disk_turned() {
    if let Some(world) = here() {
        super::machine::turned(&world);
    }
}

pub(crate) fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match here() {
        Some(world) => world.spawn(world.life(), future),
        None => JoinHandle::Tokio(tokio::spawn(future)),
    }
}

/// In a simulation it is done at once, when the disk's time for it has gone by.
pub(crate) fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    match is_simulated() {
        true => spawn(async move {
            disk_turns().await;
            let done = work();
            disk_turned();
            done
        }),
        false => JoinHandle::Tokio(tokio::task::spawn_blocking(work)),
    }
}

#[derive(Debug)]
pub(crate) enum JoinHandle<T> {
    Tokio(tokio::task::JoinHandle<T>),
    Simulated {
        id: u64,
        result: oneshot::Receiver<T>,
        ended: bool,
    },
}

impl<T> JoinHandle<T> {
    pub(super) fn simulated(id: u64, result: oneshot::Receiver<T>) -> Self {
        let ended = false;
        Self::Simulated { id, result, ended }
    }

    fn abort(&self) {
        match self {
            Self::Tokio(task) => task.abort(),
            Self::Simulated { id, .. } => {
                if let Some(world) = here() {
                    world.abort(*id);
                }
            }
        }
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Tokio(task) => Pin::new(task).poll(cx),
            Self::Simulated { ended: true, .. } => Poll::Pending,
            Self::Simulated { result, ended, .. } => match ready!(Pin::new(result).poll(cx)) {
                Ok(result) => Poll::Ready(Ok(result)),
                // Its node has ended, and nobody is there to be told.
                Err(_) => {
                    *ended = true;
                    Poll::Pending
                }
            },
        }
    }
}

#[derive(Debug)]
pub(crate) struct AbortOnDropHandle<T>(JoinHandle<T>);

impl<T> AbortOnDropHandle<T> {
    pub(crate) fn new(task: JoinHandle<T>) -> Self {
        Self(task)
    }
}

impl<T> Future for AbortOnDropHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for AbortOnDropHandle<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) enum Sleep {
    Tokio(Pin<Box<tokio::time::Sleep>>),
    Simulated {
        at: Duration,
        timer: Option<((Duration, u64), Arc<Alarm>)>,
    },
}

pub(crate) fn sleep(time: Duration) -> Sleep {
    match here() {
        Some(world) => Sleep::Simulated {
            at: world.elapsed().saturating_add(time),
            timer: None,
        },
        None => Sleep::Tokio(Box::pin(tokio::time::sleep(time))),
    }
}

pub(crate) fn sleep_until(at: Instant) -> Sleep {
    match here() {
        Some(world) => Sleep::Simulated {
            at: world.since_began(at),
            timer: None,
        },
        None => Sleep::Tokio(Box::pin(tokio::time::sleep_until(at.into()))),
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.get_mut() {
            Self::Tokio(sleep) => sleep.as_mut().poll(cx),
            Self::Simulated { at, timer } => {
                let (_, alarm) = timer.get_or_insert_with(|| {
                    let world = here().expect("it began in a simulation");
                    let alarm = Arc::<Alarm>::default();
                    (world.set_timer(*at, alarm.clone()), alarm)
                });
                alarm.poll(cx)
            }
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Self::Simulated {
            timer: Some((key, _)),
            ..
        } = self
            && let Some(world) = here()
        {
            world.take_timer(*key);
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it took too long")]
pub(crate) struct Elapsed;

pub(crate) struct Timeout<F> {
    work: Pin<Box<F>>,
    sleep: Sleep,
}

pub(crate) fn timeout<F: Future>(time: Duration, work: F) -> Timeout<F> {
    Timeout {
        work: Box::pin(work),
        sleep: sleep(time),
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(done) = self.work.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        Pin::new(&mut self.sleep).poll(cx).map(|()| Err(Elapsed))
    }
}

#[derive(Debug)]
pub(crate) enum Interval {
    Tokio(tokio::time::Interval),
    Simulated { every: Duration, first: bool },
}

pub(crate) fn interval(every: Duration) -> Interval {
    match is_simulated() {
        true => Interval::Simulated { every, first: true },
        false => Interval::Tokio(tokio::time::interval(every)),
    }
}

impl Interval {
    pub(crate) fn set_missed_tick_behavior(&mut self, behaviour: MissedTickBehavior) {
        if let Self::Tokio(interval) = self {
            interval.set_missed_tick_behavior(behaviour);
        }
    }

    /// In a simulation a tick that was given up begins anew.
    pub(crate) async fn tick(&mut self) {
        match self {
            Self::Tokio(interval) => {
                interval.tick().await;
            }
            Self::Simulated { every, first } => {
                if !std::mem::replace(first, false) {
                    sleep(*every).await;
                }
            }
        }
    }
}

/// What openraft runs on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RaftRuntime;

/// A moment that openraft sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Instant);

impl From<Moment> for Instant {
    fn from(moment: Moment) -> Self {
        moment.0
    }
}

impl openraft::Instant for Moment {
    fn now() -> Self {
        Self(now())
    }
}

impl Add<Duration> for Moment {
    type Output = Self;
    fn add(self, time: Duration) -> Self {
        Self(self.0 + time)
    }
}

impl AddAssign<Duration> for Moment {
    fn add_assign(&mut self, time: Duration) {
        self.0 += time;
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;
    fn sub(self, time: Duration) -> Self {
        Self(self.0 - time)
    }
}

impl Sub for Moment {
    type Output = Duration;
    fn sub(self, other: Self) -> Duration {
        self.0.saturating_duration_since(other.0)
    }
}

impl SubAssign<Duration> for Moment {
    fn sub_assign(&mut self, time: Duration) {
        self.0 -= time;
    }
}

impl AsyncRuntime for RaftRuntime {
    type JoinError = JoinError;
    type JoinHandle<T: OptionalSend + 'static> = JoinHandle<T>;
    type Sleep = Sleep;
    type Instant = Moment;
    type TimeoutError = Elapsed;
    type Timeout<R, T: Future<Output = R> + OptionalSend> = Timeout<T>;
    // Only openraft's own clock for elections asks it, and in a group that is off.
    type ThreadLocalRng = <TokioRuntime as AsyncRuntime>::ThreadLocalRng;
    type OneshotSender<T: OptionalSend> = <TokioRuntime as AsyncRuntime>::OneshotSender<T>;
    type OneshotReceiver<T: OptionalSend> = oneshot::Receiver<T>;
    type OneshotReceiverError = oneshot::error::RecvError;

    fn spawn<T>(future: T) -> JoinHandle<T::Output>
    where
        T: Future + OptionalSend + 'static,
        T::Output: OptionalSend + 'static,
    {
        spawn(future)
    }

    fn sleep(time: Duration) -> Sleep {
        sleep(time)
    }

    fn sleep_until(at: Moment) -> Sleep {
        sleep_until(at.0)
    }

    fn timeout<R, F: Future<Output = R> + OptionalSend>(time: Duration, work: F) -> Timeout<F> {
        timeout(time, work)
    }

    fn timeout_at<R, F: Future<Output = R> + OptionalSend>(at: Moment, work: F) -> Timeout<F> {
        Timeout {
            work: Box::pin(work),
            sleep: sleep_until(at.0),
        }
    }

    fn is_panic(error: &JoinError) -> bool {
        error.is_panic()
    }

    fn thread_rng() -> Self::ThreadLocalRng {
        TokioRuntime::thread_rng()
    }

    fn oneshot<T: OptionalSend>() -> (Self::OneshotSender<T>, Self::OneshotReceiver<T>) {
        TokioRuntime::oneshot()
    }
}
