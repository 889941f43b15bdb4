//! Somebody who draws on a board of a group of nodes, as the page does it: what is not known to be saved is kept and sent
//! again, and when a node goes away, or does not answer, the next one is asked.

use crate::client::{Client, Message, Options, Target, now};
use crate::stats::{Histogram, Rng};
use crate::update::Pen;
use anyhow::Result;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Of each stroke.
const POINTS: usize = 48;
/// As the page waits after a failure: half of it and up to as much again, twice as long after each.
const RETRY_MS_MIN: u64 = 200;
const RETRY_MS_MAX: u64 = 10_000;
/// The server's word that it goes away and somebody comes back in a moment.
const GOING_AWAY: u16 = 1012;

/// What became of everybody's strokes.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// From when a stroke was drawn until its author was told that it is saved.
    pub(crate) latency: RefCell<Histogram>,
    pub(crate) saved: Cell<u64>,
    /// How often somebody was sent away by a node that stops, and how often they asked one that is not there.
    pub(crate) sent_away: Cell<u32>,
    pub(crate) not_there: Cell<u32>,
    /// Everything else that somebody was told instead of being served.
    pub(crate) errors: RefCell<BTreeMap<String, u32>>,
    has_ended: Cell<bool>,
}

impl Ledger {
    pub(crate) fn note(&self, error: String) {
        *self.errors.borrow_mut().entry(error).or_default() += 1;
    }

    pub(crate) fn count_errors(&self) -> u32 {
        self.errors.borrow().values().sum()
    }

    /// From here on nobody draws or asks any more.
    pub(crate) fn end(&self) {
        self.has_ended.set(true);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }
}

#[derive(Debug)]
pub(crate) struct Person {
    /// The board at each node, the one first that they come to first.
    way: Vec<Target>,
    at: Cell<usize>,
    pen: RefCell<Pen>,
    unsaved: RefCell<VecDeque<Stroke>>,
    seat: RefCell<Option<Rc<Client>>>,
    /// What the server told of when to come back.
    told_ms: Cell<Option<u64>>,
    saved: Cell<u32>,
    saved_at: Cell<u64>,
    longest_gap: Cell<u64>,
    rng: RefCell<Rng>,
    ledger: Rc<Ledger>,
    tasks: RefCell<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Stroke {
    update: Vec<u8>,
    drawn: u64,
    /// Which of this connection's sync frames it is; nothing yet for what was not sent on this one.
    frame: Option<u64>,
}

impl Person {
    /// Comes to a board, at `first` of the nodes, and draws so many strokes a second.
    pub(crate) fn come(
        number: u16,
        board: &[Target],
        first: usize,
        per_second: f64,
        ledger: &Rc<Ledger>,
    ) -> Rc<Self> {
        let mut way = board.to_vec();
        way.rotate_left(first);
        let mut rng = Rng(now() ^ (u64::from(number) << 48));
        let client = rng.below(u64::from(u32::MAX) - 1) + 1;
        let person = Rc::new(Self {
            way,
            at: Cell::new(0),
            pen: RefCell::new(Pen::new(client, number, POINTS)),
            unsaved: RefCell::default(),
            seat: RefCell::default(),
            told_ms: Cell::new(None),
            saved: Cell::new(0),
            saved_at: Cell::new(now()),
            longest_gap: Cell::new(0),
            rng: RefCell::new(rng),
            ledger: ledger.clone(),
            tasks: RefCell::default(),
        });
        let stay = tokio::task::spawn_local(person.clone().stay());
        let draw = tokio::task::spawn_local(person.clone().draw_on(per_second));
        person.tasks.borrow_mut().extend([stay, draw]);
        person
    }

    /// The longest time without a saved stroke since this was asked last, in milliseconds.
    pub(crate) fn take_longest_gap_ms(&self) -> f64 {
        let open = now().saturating_sub(self.saved_at.get());
        self.longest_gap.replace(0).max(open) as f64 / 1e6
    }

    pub(crate) fn is_all_saved(&self) -> bool {
        self.unsaved.borrow().is_empty()
    }

    /// The elements that they were told are saved.
    pub(crate) fn saved_elements(&self) -> Vec<String> {
        let pen = self.pen.borrow();
        (1..=self.saved.get()).map(|no| pen.element(no)).collect()
    }

    pub(crate) fn board(&self) -> &[Target] {
        &self.way
    }

    /// Puts the pen away and hangs up.
    pub(crate) async fn go(&self) {
        for task in self.tasks.take() {
            task.abort();
        }
        let seat = self.seat.take();
        if let Some(client) = seat {
            client.leave().await;
        }
    }

    async fn draw_on(self: Rc<Self>, per_second: f64) {
        let mut due = Instant::now();
        while !self.ledger.has_ended() {
            let turn = 0.5 + self.rng.borrow_mut().unit();
            due += Duration::from_secs_f64(turn / per_second);
            tokio::time::sleep_until(due.into()).await;
            self.draw();
        }
    }

    fn draw(&self) {
        let drawn = now();
        let update = self.pen.borrow_mut().draw(drawn);
        let frame = self.seat.borrow().as_ref().map(|client| {
            client.send_update(&update);
            client.sync_frames()
        });
        self.unsaved.borrow_mut().push_back(Stroke {
            update,
            drawn,
            frame,
        });
    }

    /// Has a connection to one node or another, for as long as there are any.
    async fn stay(self: Rc<Self>) {
        let mut failures = 0;
        loop {
            let target = self.way[self.at.get() % self.way.len()].clone();
            self.told_ms.set(None);
            match self.sit(&target).await {
                Ok(client) => {
                    failures = 0;
                    while !client.is_closed() {
                        // However long it takes.
                        let _ = client.until_closed().await;
                    }
                    self.seat.take();
                    for stroke in self.unsaved.borrow_mut().iter_mut() {
                        stroke.frame = None;
                    }
                    match client.close_code() {
                        Some(GOING_AWAY) => {
                            self.ledger.sent_away.set(self.ledger.sent_away.get() + 1)
                        }
                        Some(code) => self.ledger.note(format!("hung up with {code}")),
                        None => self.ledger.note("hung up without a word".to_owned()),
                    }
                }
                Err(error) => self.fail(&error),
            }
            failures += 1;
            self.at.set(self.at.get() + 1);
            let wait_ms = self.wait_ms(failures);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
    }

    fn wait_ms(&self, failures: u32) -> u64 {
        let random = self.rng.borrow_mut().unit();
        match self.told_ms.get() {
            Some(told) => (told as f64 * (1.0 + random / 2.0)) as u64,
            None => {
                let longest = RETRY_MS_MAX.min(RETRY_MS_MIN << failures.min(10));
                (longest as f64 / 2.0 * (1.0 + random)) as u64
            }
        }
    }

    fn fail(&self, error: &anyhow::Error) {
        let refused =
            |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
        if error.downcast_ref().is_some_and(refused) {
            self.ledger.not_there.set(self.ledger.not_there.get() + 1);
        } else {
            let said = error.to_string();
            let line = said.lines().next().unwrap_or_default();
            // Ports differ from run to run.
            let words = line.split_once(": ").map_or(line, |(_, rest)| rest);
            self.ledger.note(words.to_owned());
        }
    }

    /// Comes to a node and sends what is not saved.
    async fn sit(self: &Rc<Self>, target: &Target) -> Result<Rc<Client>> {
        let person = self.clone();
        let client =
            Client::connect(
                target,
                Options::default(),
                move |_, now, message| match message {
                    Message::Saved(frames) => person.hear_saved(now, frames),
                    Message::Draining(after_ms) => person.told_ms.set(Some(after_ms)),
                    Message::Step1(_)
                    | Message::Step2(_)
                    | Message::Update(_)
                    | Message::Awareness(_)
                    | Message::Other => {}
                },
            )
            .await?;
        client.hello();
        client.until_synced().await?;
        for stroke in self.unsaved.borrow_mut().iter_mut() {
            client.send_update(&stroke.update);
            stroke.frame = Some(client.sync_frames());
        }
        *self.seat.borrow_mut() = Some(client.clone());
        Ok(client)
    }

    fn hear_saved(&self, now: u64, frames: u64) {
        let mut unsaved = self.unsaved.borrow_mut();
        let before = self.saved.get();
        while let Some(stroke) = unsaved.front()
            && stroke.frame.is_some_and(|frame| frame <= frames)
        {
            let took = now.saturating_sub(stroke.drawn);
            self.ledger.latency.borrow_mut().add(took);
            self.saved.set(self.saved.get() + 1);
            unsaved.pop_front();
        }
        let saved = self.saved.get() - before;
        if saved > 0 {
            let ledger = &self.ledger;
            ledger.saved.set(ledger.saved.get() + u64::from(saved));
            let gap = now.saturating_sub(self.saved_at.replace(now));
            self.longest_gap.set(self.longest_gap.get().max(gap));
        }
    }
}
