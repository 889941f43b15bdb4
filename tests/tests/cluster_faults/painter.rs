//! Who draws: goes to another node when its own is gone, and sends again what was not saved.

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
/// A node that saves nothing for so long is left, as is one that does not let in.
const STALL_MAX: Duration = Duration::from_secs(4);

/// How it sends again what was not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Keeps its document, as the page does; what is missing goes by the handshake.
    Page,
    /// Begins with an empty document and does again only what was not saved. What a node lost stays lost.
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
}

#[derive(Debug)]
pub(crate) struct Painter {
    name: String,
    pub(crate) board: String,
    kind: Kind,
    tally: Arc<Tally>,
    node: usize,
    doc: Doc,
    unsaved: Vec<Stroke>,
    saved: BTreeMap<String, Look>,
    next: u32,
    pub(crate) strokes_saved: usize,
    last_saved: Instant,
    pub(crate) longest_gap: Duration,
}

impl Painter {
    pub(crate) fn new(
        name: String,
        board: String,
        kind: Kind,
        tally: Arc<Tally>,
        node: usize,
    ) -> Self {
        Self {
            name,
            board,
            kind,
            tally,
            node,
            doc: Doc::new(),
            unsaved: Vec::new(),
            saved: BTreeMap::new(),
            next: 0,
            strokes_saved: 0,
            last_saved: Instant::now(),
            longest_gap: Duration::ZERO,
        }
    }

    /// Draws until it is over; nothing is sent again after that.
    pub(crate) async fn paint(mut self) -> Self {
        self.last_saved = Instant::now();
        while !self.tally.is_over() {
            if let Some(client) = self.connect().await {
                self.send_again(&client);
                self.draw_while_it_saves(&client).await;
                client.leave();
            }
            self.node += 1;
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
        let connected = tokio::time::timeout(STALL_MAX, connecting).await;
        let client = connected.ok()?.ok()?;
        client.send_step_1();
        // The answer to the node's own step 1 is the first thing that is sent.
        let is_here = || {
            let greeted = client.is_synced() && client.sent_frames() > 0;
            greeted && (self.kind == Kind::Page || self.is_there(&client))
        };
        let begun = Instant::now();
        while !is_here() {
            if client.closed().is_some() || begun.elapsed() > STALL_MAX || self.tally.is_over() {
                client.leave();
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Some(client)
    }

    /// Whether the node shows what is saved; one that has just started may have to be told of it first.
    fn is_there(&self, client: &Client) -> bool {
        let unknown: BTreeSet<&String> = self.unsaved.iter().map(|s| &s.element).collect();
        let shown = client.json("elements");
        self.saved
            .iter()
            .filter(|(element, _)| !unknown.contains(element))
            .all(|(element, look)| look_of(&shown[element]) == *look)
    }

    fn send_again(&mut self, client: &Client) {
        match self.kind {
            Kind::Page => {
                let frame = client.sent_frames();
                self.unsaved.iter_mut().for_each(|s| s.frame = frame);
            }
            Kind::Program => {
                for stroke in &mut self.unsaved {
                    carry_out(client, stroke);
                }
            }
        }
    }

    async fn draw_while_it_saves(&mut self, client: &Client) {
        let mut ticks = tokio::time::interval(STROKE_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut progress = Instant::now();
        loop {
            ticks.tick().await;
            if self.take_saved(client) > 0 || self.unsaved.is_empty() {
                progress = Instant::now();
            }
            let is_gone = client.closed().is_some() || progress.elapsed() > STALL_MAX;
            if is_gone || self.tally.is_over() {
                return;
            }
            if self.unsaved.len() < UNSAVED_MAX {
                let mut stroke = self.next_stroke();
                carry_out(client, &mut stroke);
                self.unsaved.push(stroke);
            }
        }
    }

    fn take_saved(&mut self, client: &Client) -> usize {
        let frames = client.saved_frames();
        let (saved, unsaved): (Vec<_>, Vec<_>) =
            self.unsaved.drain(..).partition(|s| s.frame <= frames);
        self.unsaved = unsaved;
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
        }
    }

    /// What was acknowledged and is not there, by what a node shows of the board.
    pub(crate) fn missing(&self, shown: &serde_json::Value) -> Vec<String> {
        let wrong = |element: &String, look: &Look| {
            let seen = look_of(&shown[element]);
            let unknown = self.unsaved.iter().filter(|s| s.element == *element);
            // What was sent and not acknowledged may have come to be.
            let mut may_be = unknown.map(|s| s.look).chain([*look]);
            (!may_be.any(|look| look == seen))
                .then(|| format!("{element} is to be {look:?} and is {seen:?}"))
        };
        self.saved
            .iter()
            .filter_map(|(element, look)| wrong(element, look))
            .collect()
    }
}

fn carry_out(client: &Client, stroke: &mut Stroke) {
    match stroke.look {
        Some(at) => {
            let place = [f64::from(at), 0.0, 200.0, 200.0, 0.0].map(Any::from);
            client.draw(
                &stroke.element,
                &[
                    ("type", Any::from("sticky")),
                    ("z", Any::from("a0")),
                    ("box", Any::from(place.to_vec())),
                ],
            );
        }
        None => client.erase(&stroke.element),
    }
    stroke.frame = client.sent_frames();
}

fn look_of(element: &serde_json::Value) -> Look {
    element["box"][0].as_f64().map(|at| at as u32)
}
