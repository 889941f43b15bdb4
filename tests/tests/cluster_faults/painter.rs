//! Who draws: goes to another node when its own is gone, and sends again what was not saved.

use crate::acknowledged::Acknowledged;
use crate::elsewhere::Elsewhere;
use crate::faults::Dice;
use crate::journal::{self, Journal};
use crate::tally::Tally;
use easel_tests::{Client, Dialect};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use yrs::{Any, Doc};

const STROKE_EVERY: Duration = Duration::from_millis(50);
/// With so much unsaved nothing new is drawn.
const UNSAVED_MAX: usize = 100;
/// What a painter leaves on its board; the oldest goes.
const ELEMENTS_MAX: usize = 150;
/// A node that saves nothing for so long is left wherever it leads, as is one that does not let in. A connection that brought nothing
/// doubles it for the next, up to the second: where everything is slow, going on is worth more than going elsewhere.
const STALL_MAX: [Duration; 2] = [Duration::from_secs(4), Duration::from_secs(20)];

/// How it sends again what was not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Keeps its document, as the page does; what is missing goes by the handshake.
    Page,
    /// Begins with an empty document, waits until the node shows all that was acknowledged, and does again what was not.
    /// What the nodes lost stays lost. Its first try may come to be as well, beside the second.
    Program,
}

/// An element as it is to be: where it stands, or `None` when it was erased.
pub(crate) type Look = Option<u32>;

#[derive(Debug, Clone)]
struct Stroke {
    element: String,
    look: Look,
    /// The number of the frame, on this connection, that carries it.
    frame: u64,
    update: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Painter {
    name: String,
    pub(crate) board: String,
    kind: Kind,
    tally: Arc<Tally>,
    node: usize,
    /// Where it goes next, when it knows.
    found: Option<usize>,
    /// Says where it goes next: going the same way, a few faults would bring all together on one node.
    dice: Dice,
    stall_max: Duration,
    doc: Doc,
    unsaved: Vec<Stroke>,
    saved: BTreeMap<String, Look>,
    acknowledged: Acknowledged,
    /// What was sent over a connection that is lost, was not acknowledged there and was done again.
    tried: BTreeMap<String, BTreeSet<Look>>,
    next: u32,
    pub(crate) strokes_saved: usize,
    last_saved: Instant,
    pub(crate) journal: Journal,
    pub(crate) longest_gap: Duration,
}

impl Painter {
    pub(crate) fn new(
        name: String,
        board: String,
        kind: Kind,
        tally: Arc<Tally>,
        (node, dice): (usize, Dice),
    ) -> Self {
        Self {
            name,
            board,
            kind,
            tally,
            node,
            found: None,
            dice,
            stall_max: STALL_MAX[0],
            doc: Doc::new(),
            unsaved: Vec::new(),
            saved: BTreeMap::new(),
            acknowledged: Acknowledged::default(),
            tried: BTreeMap::new(),
            next: 0,
            strokes_saved: 0,
            last_saved: Instant::now(),
            journal: Journal::new(),
            longest_gap: Duration::ZERO,
        }
    }

    /// Draws until it is over; nothing is sent again after that.
    pub(crate) async fn paint(mut self) -> Self {
        self.last_saved = Instant::now();
        while !self.tally.is_over() {
            let saved_before = self.strokes_saved;
            if let Some(client) = self.connect().await {
                self.send_again(&client);
                self.draw_while_it_saves(&client).await;
                let closed = client.closed();
                self.journal.note(None, format!("leaves: {closed:?}"));
                client.leave();
            }
            self.stall_max = match self.strokes_saved > saved_before {
                true => STALL_MAX[0],
                false => STALL_MAX[1].min(2 * self.stall_max),
            };
            let nodes = self.tally.addresses.len() as u64;
            let any_other = self.node + 1 + self.dice.below(nodes - 1) as usize;
            self.node = self.found.take().unwrap_or(any_other);
            self.tally.reconnects.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(STROKE_EVERY).await;
        }
        self
    }

    /// `None` when the node does not answer or does not know what is saved.
    async fn connect(&mut self) -> Option<Client> {
        if self.kind == Kind::Program {
            self.doc = Doc::new();
        }
        let address = self.tally.address(self.node);
        let connecting = Client::connect(self.doc.clone(), address, &self.board, Dialect::Easel);
        let connected = tokio::time::timeout(self.stall_max, connecting).await;
        let client = connected.ok()?.ok()?;
        client.send_step_1();
        // The answer to the node's own step 1 is the first thing that is sent.
        let is_here = || {
            let greeted = client.is_synced() && client.sent_frames() > 0;
            greeted && (self.kind == Kind::Page || self.acknowledged.lacks(client.doc()).is_none())
        };
        let begun = Instant::now();
        while !is_here() {
            if client.closed().is_some() || begun.elapsed() > self.stall_max || self.tally.is_over()
            {
                client.leave();
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let node = self.node % self.tally.addresses.len();
        let own = self.doc.client_id();
        let frames = client.sent_frames();
        let line = format!("draws through node {node} as {own}, with {frames} frames sent");
        self.journal.note(None, line);
        Some(client)
    }

    fn send_again(&mut self, client: &Client) {
        match self.kind {
            Kind::Page => {
                let frame = client.sent_frames();
                self.unsaved.iter_mut().for_each(|s| s.frame = frame);
            }
            Kind::Program => {
                for stroke in &mut self.unsaved {
                    let tried = self.tried.entry(stroke.element.clone());
                    tried.or_default().insert(stroke.look);
                    carry_out(client, stroke, &mut self.journal);
                }
            }
        }
    }

    async fn draw_while_it_saves(&mut self, client: &Client) {
        let mut ticks = tokio::time::interval(STROKE_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut progress = Instant::now();
        let stays = self.kind == Kind::Page;
        let first = self.dice.below(self.tally.addresses.len() as u64) as usize;
        let nodes = (self.node, first);
        let mut elsewhere = Elsewhere::new(&self.tally, &self.board, nodes, stays);
        loop {
            ticks.tick().await;
            if self.take_saved(client) > 0 || self.unsaved.is_empty() {
                progress = Instant::now();
            }
            let is_gone = client.closed().is_some() || progress.elapsed() > self.stall_max;
            self.found = elsewhere.look(client, progress.elapsed());
            if is_gone || self.found.is_some() || self.tally.is_over() {
                return;
            }
            if self.unsaved.len() < UNSAVED_MAX {
                let mut stroke = self.next_stroke();
                carry_out(client, &mut stroke, &mut self.journal);
                self.unsaved.push(stroke);
            }
        }
    }

    fn take_saved(&mut self, client: &Client) -> usize {
        let frames = client.saved_frames();
        let (saved, unsaved): (Vec<_>, Vec<_>) =
            self.unsaved.drain(..).partition(|s| s.frame <= frames);
        self.unsaved = unsaved;
        for stroke in &saved {
            self.acknowledged.note(&stroke.update);
            let line = format!("saved {:?} with {frames} frames", stroke.look);
            self.journal.note(Some(&stroke.element), line);
        }
        if !saved.is_empty() {
            self.tally.saved(saved.len());
            self.strokes_saved += saved.len();
            self.longest_gap = self.longest_gap.max(self.last_saved.elapsed());
            self.last_saved = Instant::now();
        }
        let strokes = saved.len();
        self.saved
            .extend(saved.into_iter().map(|s| (s.element, s.look)));
        strokes
    }

    /// Draws, moves what was drawn, and erases the oldest.
    fn next_stroke(&mut self) -> Stroke {
        self.next += 1;
        let unknown: BTreeSet<&String> = self.unsaved.iter().map(|s| &s.element).collect();
        let mut standing = self
            .saved
            .iter()
            .filter(|(element, look)| look.is_some() && !unknown.contains(element));
        let (element, look) = match (self.next % 4, standing.next()) {
            (0, Some((oldest, _))) if self.saved.len() > 3 => (oldest.clone(), Some(self.next)),
            (2, Some((oldest, _))) if standing.count() > ELEMENTS_MAX => (oldest.clone(), None),
            (3, Some((oldest, _))) => (oldest.clone(), None),
            _ => (format!("{}-{:06}", self.name, self.next), Some(self.next)),
        };
        Stroke {
            element,
            look,
            frame: 0,
            update: Vec::new(),
        }
    }

    /// What was acknowledged and is not there, by the document of somebody who knows what a node shows.
    pub(crate) fn lost(&self, doc: &Doc) -> Option<String> {
        let lacks = self.acknowledged.lacks(doc);
        lacks.map(|lacks| format!("{}: {lacks}", self.name))
    }

    /// What is to be seen and is not, or otherwise, with the element's name.
    pub(crate) fn unlike(&self, shown: &serde_json::Value) -> Vec<(String, String)> {
        let wrong = |(element, look): (&String, &Look)| {
            let seen = look_of(&shown[element]);
            let unsaved = self.unsaved.iter().filter(|s| s.element == *element);
            let tried = self.tried.get(element).into_iter().flatten();
            // What was sent and not acknowledged may have come to be.
            let mut may_be = unsaved.map(|s| &s.look).chain(tried).chain([look]);
            (!may_be.any(|look| *look == seen)).then(|| {
                let what = format!("{element} is to be {look:?} and is {seen:?}");
                (element.clone(), what)
            })
        };
        self.saved.iter().filter_map(wrong).collect()
    }

    /// How many elements are seen as a first try left them, and not as was acknowledged of the second.
    pub(crate) fn seen_as_first_tried(&self, shown: &serde_json::Value) -> usize {
        let unsaved: BTreeSet<&String> = self.unsaved.iter().map(|s| &s.element).collect();
        let is_such = |(element, look): &(&String, &Look)| {
            !unsaved.contains(element) && look_of(&shown[element]) != **look
        };
        self.saved.iter().filter(is_such).count()
    }
}

fn carry_out(client: &Client, stroke: &mut Stroke, journal: &mut Journal) {
    let before = journal::made_by(client.doc(), &stroke.element);
    stroke.update = match stroke.look {
        Some(at) => {
            let place = [f64::from(at), 0.0, 200.0, 200.0, 0.0].map(Any::from);
            client.draw(
                &stroke.element,
                &[
                    ("type", Any::from("sticky")),
                    ("z", Any::from("a0")),
                    ("box", Any::from(place.to_vec())),
                ],
            )
        }
        None => client.erase(&stroke.element),
    };
    stroke.frame = client.sent_frames();
    let after = journal::made_by(client.doc(), &stroke.element);
    let (look, frame) = (stroke.look, stroke.frame);
    let line = format!("frame {frame}: {look:?}, {before:?} -> {after:?}");
    journal.note(Some(&stroke.element), line);
}

pub(crate) fn look_of(element: &serde_json::Value) -> Look {
    element["box"][0].as_f64().map(|at| at as u32)
}
