//! One room of 100, in which 10 redraw their stroke and everybody else must see it.

use super::{Figures, Plan};
use crate::client::{Client, Message, Target, now};
use crate::crowd::{Tally, Window, sleep_seconds};
use crate::servers::Server;
use crate::stats::Rng;
use crate::update::{Finder, Pen};
use anyhow::Result;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

const CLIENTS: usize = 100;
const WRITERS: usize = 10;
const PER_SECOND: f64 = 20.0;
const IN_FLIGHT: usize = 4;
const POINTS: usize = 12;

/// Somebody who draws.
struct Writer {
    pen: RefCell<Pen>,
    client: OnceCell<Rc<Client>>,
}

impl Writer {
    fn edit(&self) {
        if let Some(client) = self.client.get() {
            client.send_update(&self.pen.borrow_mut().redraw(now()));
        }
    }

    fn edits(&self) -> u64 {
        self.pen.borrow().edits().into()
    }
}

pub(crate) async fn steady(server: &Server, plan: &Plan) -> Result<Figures> {
    let target = server.room("fanout-steady").await?;
    let crowd = Crowd::join(&target, plan, Echo::Ignored).await?;
    let mut rng = Rng(plan.seed);
    for writer in &crowd.writers {
        let (writer, mut rng) = (writer.clone(), Rng(rng.next()));
        tokio::task::spawn_local(async move {
            while writer
                .client
                .get()
                .is_some_and(|client| !client.is_closed())
            {
                // People do not keep time with each other.
                sleep_seconds((0.5 + rng.unit()) / PER_SECOND).await;
                writer.edit();
            }
        });
    }
    crowd.measure(server, plan).await
}

pub(crate) async fn saturated(server: &Server, plan: &Plan) -> Result<Figures> {
    let target = server.room("fanout-saturated").await?;
    let crowd = Crowd::join(&target, plan, Echo::Answered).await?;
    for writer in &crowd.writers {
        for _ in 0..IN_FLIGHT {
            writer.edit();
        }
    }
    crowd.measure(server, plan).await
}

/// What happens when another client sees a writer's edit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Echo {
    Ignored,
    /// The next one is sent when one certain other client has it.
    Answered,
}

struct Crowd {
    writers: Vec<Rc<Writer>>,
    clients: Vec<Rc<Client>>,
    tally: Rc<Tally>,
}

impl Crowd {
    async fn join(target: &Target, plan: &Plan, echo: Echo) -> Result<Self> {
        let mut rng = Rng(plan.seed ^ now());
        let writers: Vec<Rc<Writer>> = (0..WRITERS)
            .map(|writer| {
                let client = 1 + rng.below(u64::from(u32::MAX) - 1);
                Rc::new(Writer {
                    pen: RefCell::new(Pen::new(client, writer as u16, POINTS)),
                    client: OnceCell::new(),
                })
            })
            .collect();
        let tally = Rc::new(Tally::default());
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            // The last ten each watch one of the first ten.
            let watched = (CLIENTS - 1).checked_sub(number).filter(|at| *at < WRITERS);
            let watched = watched.filter(|_| echo == Echo::Answered);
            let watched = watched.map(|at| (at, writers[at].clone()));
            let mut listener = Listener::new(number, tally.clone(), watched);
            let client = Client::join(target, move |_, now, message| {
                listener.hear(now, message);
            })
            .await?;
            if let Some(writer) = writers.get(number) {
                let _ = writer.client.set(client.clone());
            }
            clients.push(client);
        }
        for writer in &writers {
            writer.edit();
        }
        Ok(Self {
            writers,
            clients,
            tally,
        })
    }

    async fn measure(&self, server: &Server, plan: &Plan) -> Result<Figures> {
        sleep_seconds(plan.warm_up_seconds).await;
        let edits = || {
            self.writers
                .iter()
                .map(|writer| writer.edits())
                .sum::<u64>()
        };
        let window = Window::open(server, &self.tally)?;
        let before = edits();
        sleep_seconds(plan.seconds).await;
        let sent = edits() - before;
        let mut figures = window.close(server, &self.tally)?;
        figures.set("edits_per_s", sent as f64 / plan.seconds);
        // Against what everybody else was to get of what was sent in the window; its ends blur it by what was under way.
        let due = sent * (CLIENTS as u64 - 1);
        figures.set("delivered_share", figures.get("deliveries") / due as f64);
        let lost = self
            .clients
            .iter()
            .filter(|client| client.is_closed())
            .count();
        figures.set("hung_up", lost as f64);
        for client in &self.clients {
            client.leave();
        }
        Ok(figures)
    }
}

/// One client's ear: counts the edits of others, each once.
struct Listener {
    number: usize,
    tally: Rc<Tally>,
    finder: Finder,
    /// The last number heard of each writer.
    heard: [u32; WRITERS],
    watched: Option<(usize, Rc<Writer>)>,
}

impl Listener {
    fn new(number: usize, tally: Rc<Tally>, watched: Option<(usize, Rc<Writer>)>) -> Self {
        Self {
            number,
            tally,
            finder: Finder::default(),
            heard: [0; WRITERS],
            watched,
        }
    }

    fn hear(&mut self, now: u64, message: Message<'_>) {
        let (Message::Update(update) | Message::Step2(update)) = message else {
            return;
        };
        let Self {
            number,
            tally,
            finder,
            heard,
            watched,
        } = self;
        finder.each(update, |marker| {
            let writer = usize::from(marker.writer);
            let Some(last) = heard.get_mut(writer) else {
                return;
            };
            // Some servers send a writer its own edits.
            if writer == *number || marker.number <= *last {
                return;
            }
            *last = marker.number;
            tally.deliver(now.saturating_sub(marker.sent));
            if let Some((at, watched)) = watched
                && *at == writer
            {
                watched.edit();
            }
        });
    }
}
