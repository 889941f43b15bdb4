//! A client that does not read while others draw: what it costs the server, and whether it gets everything after.

use super::{Figures, Plan};
use crate::board::{document, same};
use crate::client::Options;
use crate::collector::Collector;
use crate::crowd::{Crowd, Ear, Echo, Person, Seats, Tally, sleep_seconds};
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

pub(crate) async fn run(server: &Server, plan: &Plan) -> Result<Figures> {
    let target = server.room("slow").await?;
    let tally = Rc::new(Tally::default());
    let seats = Seats {
        people: PEOPLE,
        onlookers: 1,
        ear: Ear::Edits,
        echo: Echo::Ignored,
        points: POINTS,
        tally: &tally,
    };
    let crowd = Crowd::join(&target, &seats).await?;
    for person in &crowd.people {
        person.keep(PER_SECOND, plan.seed, Person::redraw);
    }
    sleep_seconds(plan.warm_up_seconds).await;
    let options = Options {
        receive_bytes: Some(RECEIVE_BYTES),
    };
    let slow = Collector::ask(&target, options).await?;
    let with_all = peak_mib(server, plan.seconds).await?;
    slow.client.pause();
    let with_slow = peak_mib(server, plan.seconds).await?;
    let hung_up = slow.client.is_closed();

    let begun = Instant::now();
    let received = slow.received_bytes();
    crowd.leave().await;
    slow.client.resume();
    // Everybody has stopped: what a newcomer gets now is what there is.
    let reader = Collector::ask(&target, Options::default()).await?;
    sleep_seconds(1.0).await;
    let all = document(reader.updates().iter().map(Vec::as_slice))?;
    let is_complete = || {
        let updates = slow.updates();
        document(updates.iter().map(Vec::as_slice)).is_ok_and(|doc| same(&doc, &all))
    };
    let mut complete = is_complete();
    while !complete && begun.elapsed().as_secs_f64() < plan.seconds && !slow.client.is_closed() {
        sleep_seconds(SAMPLE_SECONDS).await;
        complete = is_complete();
    }
    let mut figures = Figures::default();
    figures.set("peak_mib_all_reading", with_all);
    figures.set("peak_mib_one_not", with_slow);
    figures.set("cost_mib", with_slow - with_all);
    figures.set(
        "unread_mib",
        plan.seconds * PER_SECOND * (PEOPLE * POINTS * 2) as f64 / f64::from(1 << 20),
    );
    figures.set("hung_up", f64::from(u8::from(hung_up)));
    figures.set("has_everything", f64::from(u8::from(complete)));
    figures.set(
        "received_kib_after",
        (slow.received_bytes() - received) as f64 / 1024.0,
    );
    Ok(figures)
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
