//! A client that does not read while others draw: what it costs the server, and whether it gets everything after.

use super::{Figures, Plan};
use crate::board::{document, same};
use crate::client::Options;
use crate::collector::Collector;
use crate::crowd::{Crowd, Person, Seats, Tally, sleep_seconds};
use crate::servers::Server;
use anyhow::Result;
use std::rc::Rc;
use std::time::Instant;

const PEOPLE: usize = 10;
const PER_SECOND: f64 = 100.0;
/// Two bytes each: about 2 MB a second for every client.
const POINTS: usize = 1_000;
/// So that the kernel holds little of what is not read.
const RECEIVE_BYTES: u32 = 64 << 10;
const SAMPLE_SECONDS: f64 = 0.25;

/// What the last to come does in the second span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Reads,
    DoesNotRead,
}

/// Twice the same load for the same two spans, each on a server of its own: a server's memory grows while people draw,
/// and only against one with all reading does it show what the slow client adds.
pub(crate) async fn run(server: &Server, plan: &Plan) -> Result<Figures> {
    let control = measure(&server.another().await?, plan, Last::Reads).await?;
    let slow = measure(server, plan, Last::DoesNotRead).await?;
    let peak = |of: &Figures| of.get("peak_mib");
    let mut figures = slow.clone();
    figures.set("control_peak_mib", peak(&control));
    figures.set("control_has_everything", control.get("has_everything"));
    figures.set("cost_mib", peak(&slow) - peak(&control));
    figures.set(
        "unread_mib",
        plan.seconds * PER_SECOND * (PEOPLE * POINTS * 2) as f64 / f64::from(1 << 20),
    );
    Ok(figures)
}

async fn measure(server: &Server, plan: &Plan, last_does: Last) -> Result<Figures> {
    let target = server.room("slow").await?;
    let tally = Rc::new(Tally::default());
    let seats = Seats::watched(PEOPLE, POINTS, &tally);
    let crowd = Crowd::join(&target, &seats).await?;
    for person in &crowd.people {
        person.keep(PER_SECOND, plan.seed, Person::redraw);
    }
    sleep_seconds(plan.warm_up_seconds).await;
    let options = Options {
        receive_bytes: Some(RECEIVE_BYTES),
    };
    let last = Collector::ask(&target, options).await?;
    let peak_before = peak_mib(server, plan.seconds).await?;
    if last_does == Last::DoesNotRead {
        last.client.pause();
    }
    let peak = peak_mib(server, plan.seconds).await?;
    let hung_up = last.client.is_closed();

    let (received, answers) = (last.received_bytes(), last.answers());
    crowd.leave().await;
    last.client.resume();
    // Everybody has stopped: what a newcomer gets now is what there is.
    let reader = Collector::ask(&target, Options::default()).await?;
    let complete = comes_to_have(&last, &reader, plan.seconds).await?;
    let mut figures = Figures::default();
    figures.set(
        "edits",
        crowd
            .people
            .iter()
            .map(|of| f64::from(of.edits()))
            .sum::<f64>(),
    );
    figures.set("peak_before_mib", peak_before);
    figures.set("peak_mib", peak);
    figures.set("hung_up", f64::from(u8::from(hung_up)));
    figures.set("has_everything", f64::from(u8::from(complete)));
    figures.set("answers_after", (last.answers() - answers) as f64);
    figures.set(
        "received_kib_after",
        (last.received_bytes() - received) as f64 / 1024.0,
    );
    Ok(figures)
}

/// Whether one comes to have all that another was sent, within this time.
async fn comes_to_have(one: &Collector, other: &Collector, seconds: f64) -> Result<bool> {
    let begun = Instant::now();
    sleep_seconds(1.0).await;
    let all = document(other.updates().iter().map(Vec::as_slice))?;
    loop {
        let updates = one.updates().clone();
        if document(updates.iter().map(Vec::as_slice)).is_ok_and(|doc| same(&doc, &all)) {
            return Ok(true);
        }
        if begun.elapsed().as_secs_f64() > seconds || one.client.is_closed() {
            return Ok(false);
        }
        sleep_seconds(SAMPLE_SECONDS).await;
    }
}

/// The greatest resident size in this time.
async fn peak_mib(server: &Server, seconds: f64) -> Result<f64> {
    let mut most = 0;
    let begun = Instant::now();
    while begun.elapsed().as_secs_f64() < seconds {
        sleep_seconds(SAMPLE_SECONDS).await;
        most = most.max(server.process()?.memory()?.rss);
    }
    Ok(most as f64 / 1024.0)
}
