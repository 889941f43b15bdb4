//! Time and order: one thread runs every task of every node, one step after the other, as the seed has it.
//!
//! Among the tasks that can go on chance picks one. Time stands still while there is any; then it moves on to the next
//! timer, and one timer at a time goes off. So a task never finds two causes at once that could be told apart by
//! chance elsewhere, and in which order something woke several of them does not matter.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::runtime::JoinHandle;
use crate::tests::voters::Choices;

/// One life of a node, from a start to its end; a restart is another. What happens outside of all nodes is of life 0.
pub(crate) type Life = u64;
pub(super) const OUTSIDE: Life = 0;

/// Steps without time going by, after which somebody must be running in circles.
const STEPS_AT_ONCE_MAX: u32 = 200_000;
/// How many lines a failure shows.
const LINES_SHOWN: usize = 60;

thread_local! {
    static HERE: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// The simulation that this thread runs, if it runs one.
pub(super) fn here() -> Option<Rc<World>> {
    HERE.try_with(|here| here.borrow().clone()).ok().flatten()
}

pub(super) struct World {
    began: Instant,
    now: Cell<Duration>,
    random: RefCell<Choices>,
    next_id: Cell<u64>,
    /// Apart: openraft may or may not set a timer that it drops at once.
    next_timer: Cell<u64>,
    tasks: RefCell<BTreeMap<u64, Task>>,
    ready: Arc<Ready>,
    timers: RefCell<BTreeMap<(Duration, u64), Timer>>,
    /// Whose step this is.
    life: Cell<Life>,
    paused: RefCell<BTreeSet<Life>>,
    ended: RefCell<BTreeSet<Life>>,
    /// To be ended after this step.
    doomed: RefCell<Vec<Life>>,
    trace: RefCell<Trace>,
    pub(super) disks: RefCell<BTreeMap<Life, super::machine::Turns>>,
}

#[derive(Default)]
struct Trace {
    digest: u64,
    lines: VecDeque<String>,
}

struct Task {
    life: Life,
    /// Not there while it runs.
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    waker: Waker,
}

struct Timer {
    life: Life,
    alarm: Arc<Alarm>,
}

/// Goes off once.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    rang: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Alarm {
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.rang.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        *self.waker.lock() = Some(cx.waker().clone());
        Poll::Pending
    }

    fn ring(&self) {
        self.rang.store(true, Ordering::Relaxed);
        if let Some(waker) = self.waker.lock().take() {
            waker.wake();
        }
    }
}

#[derive(Debug, Default)]
struct Ready(Mutex<BTreeSet<u64>>);

struct WakeTask {
    id: u64,
    ready: Arc<Ready>,
}

impl Wake for WakeTask {
    fn wake(self: Arc<Self>) {
        self.ready.0.lock().insert(self.id);
    }
}

/// Lives `root` and all that it begins, until it ends; then everything else is dropped. Gives the trace's digest too.
/// A panic says what happened before.
pub(super) fn live<T: Send + 'static>(
    seed: u64,
    root: impl Future<Output = T> + Send + 'static,
) -> (T, u64) {
    let world = Rc::new(World {
        began: Instant::now(),
        now: Cell::default(),
        random: RefCell::new(Choices::new(seed)),
        next_id: Cell::new(1),
        next_timer: Cell::default(),
        tasks: RefCell::default(),
        ready: Arc::default(),
        timers: RefCell::default(),
        life: Cell::new(OUTSIDE),
        paused: RefCell::default(),
        ended: RefCell::default(),
        doomed: RefCell::default(),
        trace: RefCell::default(),
        disks: RefCell::default(),
    });
    HERE.with(|here| *here.borrow_mut() = Some(world.clone()));
    let _gone = Gone;
    let (done, mut result) = oneshot::channel();
    world.begin(
        OUTSIDE,
        Box::pin(async move {
            let _ = done.send(root.await);
        }),
    );
    let result = loop {
        if let Ok(result) = result.try_recv() {
            break result;
        }
        world.step();
    };
    world.drop_tasks(|_| true);
    let digest = world.trace.borrow().digest;
    (result, digest)
}

/// No simulation runs on this thread any more.
struct Gone;

impl Drop for Gone {
    fn drop(&mut self) {
        if let Some(world) = here() {
            if std::thread::panicking() {
                for line in &world.trace.borrow().lines {
                    eprintln!("{line}");
                }
            }
            world.drop_tasks(|_| true);
        }
        HERE.with(|here| here.borrow_mut().take());
    }
}

impl World {
    pub(super) fn elapsed(&self) -> Duration {
        self.now.get()
    }

    pub(super) fn instant(&self) -> Instant {
        self.began + self.now.get()
    }

    pub(super) fn since_began(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.began)
    }

    pub(super) fn below(&self, bound: u64) -> u64 {
        self.random.borrow_mut().below(bound)
    }

    pub(super) fn life(&self) -> Life {
        self.life.get()
    }

    pub(super) fn new_life(&self) -> Life {
        self.id()
    }

    pub(super) fn note(&self, line: impl Into<String>) {
        let line = format!("{:>9.3?} {}", self.now.get(), line.into());
        let mut trace = self.trace.borrow_mut();
        trace.digest = digest(&(trace.digest, &line));
        if trace.lines.len() == LINES_SHOWN {
            trace.lines.pop_front();
        }
        trace.lines.push_back(line);
    }

    pub(super) fn spawn<T: Send + 'static>(
        &self,
        life: Life,
        future: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let (done, result) = oneshot::channel();
        let id = self.begin(
            life,
            Box::pin(async move {
                // Nobody may wait for it.
                let _ = done.send(future.await);
            }),
        );
        JoinHandle::simulated(id, result)
    }

    /// Drops a task, which may have ended.
    pub(super) fn abort(&self, id: u64) {
        let task = self.tasks.borrow_mut().remove(&id);
        drop(task);
    }

    pub(super) fn set_timer(&self, at: Duration, alarm: Arc<Alarm>) -> (Duration, u64) {
        let nth = self.next_timer.get();
        self.next_timer.set(nth + 1);
        let key = (at.max(self.now.get()), nth);
        let life = self.life.get();
        self.timers.borrow_mut().insert(key, Timer { life, alarm });
        key
    }

    pub(super) fn take_timer(&self, key: (Duration, u64)) {
        self.timers.borrow_mut().remove(&key);
    }

    pub(super) fn pause(&self, life: Life) {
        self.paused.borrow_mut().insert(life);
    }

    pub(super) fn go_on(&self, life: Life) {
        self.paused.borrow_mut().remove(&life);
    }

    /// Ends a life as a power cut does: no task of it takes another step.
    pub(super) fn end(&self, life: Life) {
        self.ended.borrow_mut().insert(life);
        self.doomed.borrow_mut().push(life);
    }

    pub(super) fn has_ended(&self, life: Life) -> bool {
        self.ended.borrow().contains(&life)
    }

    fn id(&self) -> u64 {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        id
    }

    fn begin(&self, life: Life, future: Pin<Box<dyn Future<Output = ()> + Send>>) -> u64 {
        let id = self.id();
        if self.has_ended(life) {
            return id;
        }
        let ready = self.ready.clone();
        let waker = Waker::from(Arc::new(WakeTask { id, ready }));
        let future = Some(future);
        self.tasks.borrow_mut().insert(
            id,
            Task {
                life,
                future,
                waker,
            },
        );
        self.ready.0.lock().insert(id);
        id
    }

    fn step(&self) {
        let mut at_once = 0;
        while let Some(id) = self.pick() {
            at_once += 1;
            assert!(at_once < STEPS_AT_ONCE_MAX, "a task runs in circles");
            self.run(id);
            for life in self.doomed.take() {
                self.drop_tasks(|task| task.life == life);
                self.timers
                    .borrow_mut()
                    .retain(|_, timer| timer.life != life);
            }
            if self.life_of(1).is_none() {
                return;
            }
        }
        let (due, alarm) = {
            let mut timers = self.timers.borrow_mut();
            let paused = self.paused.borrow();
            let next = timers
                .iter()
                .find(|(_, timer)| !paused.contains(&timer.life));
            let key = *next.expect("everybody waits for ever").0;
            let timer = timers.remove(&key).expect("it was found");
            (key.0, timer.alarm)
        };
        self.now.set(self.now.get().max(due));
        alarm.ring();
    }

    fn life_of(&self, id: u64) -> Option<Life> {
        self.tasks.borrow().get(&id).map(|task| task.life)
    }

    /// One of the tasks that can go on.
    fn pick(&self) -> Option<u64> {
        let mut ready = self.ready.0.lock();
        let tasks = self.tasks.borrow();
        ready.retain(|id| tasks.contains_key(id));
        let paused = self.paused.borrow();
        let can = |id: &&u64| !paused.contains(&tasks[*id].life);
        let count = ready.iter().filter(can).count() as u64;
        let nth = match count {
            0 => return None,
            1 => 0,
            _ => self.below(count),
        };
        let id = *ready.iter().filter(can).nth(nth as usize)?;
        ready.remove(&id);
        Some(id)
    }

    fn run(&self, id: u64) {
        let (life, mut future, waker) = {
            let mut tasks = self.tasks.borrow_mut();
            let task = tasks.get_mut(&id).expect("it was picked");
            let future = task.future.take().expect("a task runs once at a time");
            (task.life, future, task.waker.clone())
        };
        {
            let mut trace = self.trace.borrow_mut();
            trace.digest = digest(&(trace.digest, self.now.get(), id));
        }
        self.life.set(life);
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let mut rest = Some(future);
        {
            let mut tasks = self.tasks.borrow_mut();
            match polled {
                Poll::Pending => {
                    if let Some(task) = tasks.get_mut(&id) {
                        task.future = rest.take();
                    }
                }
                Poll::Ready(()) => {
                    tasks.remove(&id);
                }
            }
        }
        drop(rest);
        self.life.set(OUTSIDE);
    }

    fn drop_tasks(&self, which: impl Fn(&Task) -> bool) {
        loop {
            let id = {
                let tasks = self.tasks.borrow();
                tasks
                    .iter()
                    .find(|(_, task)| which(task))
                    .map(|(id, _)| *id)
            };
            let Some(id) = id else {
                return;
            };
            let task = self.tasks.borrow_mut().remove(&id);
            drop(task);
        }
    }
}

fn digest(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
