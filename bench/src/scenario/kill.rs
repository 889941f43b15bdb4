//! kill -9 while people draw: what of it is there after a restart, before any of them is back.

use super::{Figures, Plan};
use crate::client::{Client, Message, Options};
use crate::collector::Collector;
use crate::crowd::{Person, sleep_seconds};
use crate::servers::Server;
use crate::update::Finder;
use anyhow::Result;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

const WRITERS: usize = 5;
const PER_SECOND: f64 = 20.0;
const POINTS: usize = 12;
/// Some servers send what they stored some time after they say that they have sent everything.
const PATIENCE_SECONDS: f64 = 2.0;

/// A writer, and which sync frame of its connection each of its strokes was.
struct Writer {
    person: Rc<Person>,
    frames: Rc<RefCell<Vec<u64>>>,
}

pub(crate) async fn run(server: &mut Server, plan: &Plan) -> Result<Figures> {
    let target = server.room("kill").await?;
    let seen = Rc::new(RefCell::new(BTreeSet::new()));
    let (watched, mut finder) = (seen.clone(), Finder::default());
    let watcher = Client::join(&target, move |_, _, message| {
        if let Message::Update(update) = message {
            finder.each(update, |marker| {
                watched.borrow_mut().insert((marker.writer, marker.number));
            });
        }
    })
    .await?;
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let person = Person::new(number, POINTS);
        person.sit(&Client::join(&target, |_, _, _| {}).await?);
        let frames = Rc::new(RefCell::new(Vec::new()));
        let noted = frames.clone();
        person.keep(PER_SECOND, plan.seed, move |person| {
            person.draw();
            noted.borrow_mut().push(person.client().sync_frames());
        });
        writers.push(Writer { person, frames });
    }
    sleep_seconds(plan.seconds * 0.8).await;
    server.process_mut()?.kill()?;
    watcher.until_closed().await?;
    for writer in &writers {
        writer.person.client().until_closed().await?;
    }
    server.run().await?;
    let reader = Collector::ask(&target, Options::default()).await?;
    sleep_seconds(PATIENCE_SECONDS).await;
    let kept = reader.elements()?;

    let is_kept =
        |writer: &Writer, number: u32| kept.contains(&writer.person.pen.borrow().element(number));
    let mut saved = 0;
    let mut lost_saved = 0;
    let mut lost_seen = 0;
    let mut written = 0;
    for writer in &writers {
        let durable = writer.person.client().saved_frames();
        for (number, frame) in (1..).zip(writer.frames.borrow().iter()) {
            written += 1;
            if *frame <= durable {
                saved += 1;
                lost_saved += u32::from(!is_kept(writer, number));
            }
        }
    }
    let seen = seen.borrow();
    for (writer, number) in &*seen {
        lost_seen += u32::from(!is_kept(&writers[usize::from(*writer)], *number));
    }
    let mut figures = Figures::default();
    figures.set("written", f64::from(written));
    figures.set("seen", seen.len() as f64);
    figures.set("lost_seen", f64::from(lost_seen));
    // Only a server that says what is saved can break its word.
    let says = saved > 0;
    figures.set("saved", says.then_some(f64::from(saved)));
    figures.set("lost_saved", says.then_some(f64::from(lost_saved)));
    Ok(figures)
}
