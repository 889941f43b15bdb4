//! Many clients at once: who draws, what reaches whom, and what the server spends on it meanwhile.

use crate::client::{Client, Message, Target, now};
use crate::process::own_cpu;
use crate::scenario::Figures;
use crate::servers::Server;
use crate::stats::{Histogram, Rng};
use crate::update::{Finder, Marker, Pen, cursor, each_cursor};
use anyhow::Result;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Deliveries to all clients together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    deliveries: Cell<u64>,
    latency: RefCell<Histogram>,
}

impl Tally {
    /// One edit has reached one client that did not make it, so long after it was sent.
    fn deliver(&self, latency_ns: u64) {
        self.deliveries.set(self.deliveries.get() + 1);
        self.latency.borrow_mut().add(latency_ns);
    }
}

/// Somebody who draws and points.
#[derive(Debug)]
pub(crate) struct Person {
    number: u16,
    pub(crate) pen: RefCell<Pen>,
    client: OnceCell<Rc<Client>>,
    cursors: Cell<u32>,
}

impl Person {
    /// With a Yjs client id that nobody had.
    pub(crate) fn new(number: usize, points: usize) -> Rc<Self> {
        let number = u16::try_from(number).expect("a room has few people");
        let client = Rng(now()).below(u64::from(u32::MAX) - 1) + 1;
        Rc::new(Self {
            number,
            pen: RefCell::new(Pen::new(client, number, points)),
            client: OnceCell::new(),
            cursors: Cell::new(0),
        })
    }

    /// Sits down at this connection.
    pub(crate) fn sit(&self, client: &Rc<Client>) {
        assert!(self.client.set(client.clone()).is_ok(), "one seat each");
    }

    pub(crate) fn client(&self) -> &Rc<Client> {
        self.client.get().expect("they sit")
    }

    /// A new stroke.
    pub(crate) fn draw(&self) {
        self.client()
            .send_update(&self.pen.borrow_mut().draw(now()));
    }

    /// The last stroke again, otherwise.
    pub(crate) fn redraw(&self) {
        self.client()
            .send_update(&self.pen.borrow_mut().redraw(now()));
    }

    /// Moves the pointer.
    pub(crate) fn point(&self) {
        let number = self.cursors.get() + 1;
        self.cursors.set(number);
        let marker = Marker {
            writer: self.number,
            number,
            sent: now(),
        };
        let body = cursor(self.pen.borrow().client(), number, marker);
        self.client().send_awareness(&body);
    }

    /// How many strokes they have drawn, first and again.
    pub(crate) fn edits(&self) -> u32 {
        self.pen.borrow().edits()
    }

    /// How often the pointer was moved.
    pub(crate) fn points(&self) -> u32 {
        self.cursors.get()
    }

    /// Does something again and again, as long as the connection holds. People do not keep time with each other.
    pub(crate) fn keep(self: &Rc<Self>, per_second: f64, seed: u64, act: impl Fn(&Self) + 'static) {
        let person = self.clone();
        let mut rng = Rng(seed.wrapping_add(self.number.into()));
        tokio::task::spawn_local(async move {
            // When it is due, not so long after the last: a late timer must not make the load less.
            let mut due = Instant::now();
            while !person.client().is_closed() {
                due += Duration::from_secs_f64((0.5 + rng.unit()) / per_second);
                tokio::time::sleep_until(due.into()).await;
                act(&person);
            }
        });
    }
}

/// What a client listens for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ear {
    Edits,
    Cursors,
}

/// One client's ear: counts what others did, each thing once.
#[derive(Debug)]
pub(crate) struct Listener {
    ear: Ear,
    /// Which of the people it belongs to.
    own: Option<u16>,
    tally: Rc<Tally>,
    finder: Finder,
    /// The last number heard of each person.
    heard: Vec<u32>,
    /// Whose edits are each answered with their next.
    pub(crate) answers: Option<Rc<Person>>,
}

impl Listener {
    pub(crate) fn new(ear: Ear, own: Option<&Person>, people: usize, tally: &Rc<Tally>) -> Self {
        Self {
            ear,
            own: own.map(|person| person.number),
            tally: tally.clone(),
            finder: Finder::default(),
            heard: vec![0; people],
            answers: None,
        }
    }

    pub(crate) fn hear(&mut self, now: u64, message: Message<'_>) {
        let Self {
            ear,
            own,
            tally,
            finder,
            heard,
            answers,
        } = self;
        let count = |marker: Marker| {
            let Some(last) = heard.get_mut(usize::from(marker.writer)) else {
                return;
            };
            // Some servers send people their own edits, and states again.
            if Some(marker.writer) == *own || marker.number <= *last {
                return;
            }
            *last = marker.number;
            tally.deliver(now.saturating_sub(marker.sent));
            if let Some(person) = answers
                && person.number == marker.writer
            {
                person.redraw();
            }
        };
        match (message, ear) {
            (Message::Update(update) | Message::Step2(update), Ear::Edits) => {
                finder.each(update, count);
            }
            (Message::Awareness(states), Ear::Cursors) => each_cursor(states, count),
            _ => {}
        }
    }
}

/// People in one room, each connected.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    pub(crate) people: Vec<Rc<Person>>,
    pub(crate) clients: Vec<Rc<Client>>,
}

impl Crowd {
    /// Connects so many people, and beside them some who only look on.
    pub(crate) async fn join(target: &Target, seats: &Seats<'_>) -> Result<Self> {
        let mut crowd = Self {
            people: (0..seats.people)
                .map(|number| Person::new(number, seats.points))
                .collect(),
            clients: Vec::new(),
        };
        for number in 0..seats.people + seats.onlookers {
            let person = crowd.people.get(number);
            let own = person.map(|person| &**person);
            let mut listener = Listener::new(seats.ear, own, seats.people, seats.tally);
            // The last of the room each watch one of the first.
            let last = seats.people + seats.onlookers - 1;
            let watched = crowd.people.get(last - number).cloned();
            listener.answers = watched.filter(|_| seats.echo == Echo::Answered);
            let client = Client::join(target, move |_, now, message| {
                listener.hear(now, message);
            })
            .await?;
            if let Some(person) = person {
                person.sit(&client);
                // A stock client says who it is.
                person.point();
            }
            crowd.clients.push(client);
        }
        Ok(crowd)
    }

    pub(crate) fn edits(&self) -> u64 {
        self.people
            .iter()
            .map(|person| u64::from(person.edits()))
            .sum()
    }

    pub(crate) fn points(&self) -> u64 {
        self.people
            .iter()
            .map(|person| u64::from(person.points()))
            .sum()
    }

    pub(crate) fn hung_up(&self) -> usize {
        self.clients
            .iter()
            .filter(|client| client.is_closed())
            .count()
    }

    /// Everybody goes.
    pub(crate) async fn leave(&self) {
        for client in &self.clients {
            client.leave().await;
        }
    }
}

/// Who sits in a room.
#[derive(Debug)]
pub(crate) struct Seats<'t> {
    pub(crate) people: usize,
    pub(crate) onlookers: usize,
    pub(crate) ear: Ear,
    pub(crate) echo: Echo,
    /// Points in each stroke.
    pub(crate) points: usize,
    pub(crate) tally: &'t Rc<Tally>,
}

impl<'t> Seats<'t> {
    /// People who draw, and one who looks on.
    pub(crate) const fn watched(people: usize, points: usize, tally: &'t Rc<Tally>) -> Self {
        Self {
            people,
            onlookers: 1,
            ear: Ear::Edits,
            echo: Echo::Ignored,
            points,
            tally,
        }
    }
}

/// What happens when another client sees somebody's edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    Ignored,
    /// The next one is sent when one certain other client has it.
    Answered,
}

/// A span of time in which everything is counted.
#[derive(Debug)]
pub(crate) struct Window {
    begun: Instant,
    deliveries: u64,
    server_cpu: Duration,
    own_cpu: Duration,
}

impl Window {
    pub(crate) fn open(server: &Server, tally: &Tally) -> Result<Self> {
        tally.latency.borrow_mut().clear();
        Ok(Self {
            begun: Instant::now(),
            deliveries: tally.deliveries.get(),
            server_cpu: server.process()?.cpu()?,
            own_cpu: own_cpu(),
        })
    }

    /// The figures of what came since it was opened.
    pub(crate) fn close(self, server: &Server, tally: &Tally) -> Result<Figures> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let server_cpu = (server.process()?.cpu()? - self.server_cpu).as_secs_f64();
        let generator_cpu = (own_cpu() - self.own_cpu).as_secs_f64();
        let deliveries = (tally.deliveries.get() - self.deliveries) as f64;
        let memory = server.process()?.memory()?;
        let latency = tally.latency.borrow();
        let mut figures = Figures::default();
        figures.set("window_s", seconds);
        figures.set("deliveries", deliveries);
        figures.set("deliveries_per_s", deliveries / seconds);
        figures.set("deliveries_per_cpu_s", deliveries / server_cpu);
        figures.set("server_cpu_s", server_cpu);
        figures.set("server_cpu_percent", 100.0 * server_cpu / seconds);
        figures.set("generator_cpu_percent", 100.0 * generator_cpu / seconds);
        figures.set("p50_ms", latency.quantile_ms(0.5));
        figures.set("p99_ms", latency.quantile_ms(0.99));
        figures.set("rss_mib", memory.rss as f64 / 1024.0);
        Ok(figures)
    }
}

pub(crate) async fn sleep_seconds(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}
