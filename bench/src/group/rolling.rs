//! Three nodes are stopped and started in turn, again and again, while 50 people draw and programs ask.

use super::Options;
use super::asker;
use super::nodes::Group;
use super::people::People;
use crate::crowd::sleep_seconds;
use crate::scenario::Figures;
use anyhow::Result;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

/// What was asked for.
const GAP_MS_MAX: f64 = 1_000.0;
/// Between the end of one node's restart and the next one's.
const PAUSE_SECONDS: f64 = 0.5;

pub(crate) async fn run(group: &mut Group, options: &Options) -> Result<Figures> {
    let people = People::come(group).await?;
    let ledger = people.ledger.clone();
    let answered = Rc::new(Cell::new(0));
    let addresses: Vec<_> = group
        .nodes
        .iter()
        .map(|node| node.address.clone())
        .collect();
    let askers = (0..addresses.len()).map(|first| {
        let asking = asker::ask(addresses.clone(), first, ledger.clone(), answered.clone());
        tokio::task::spawn_local(asking)
    });
    let askers: Vec<_> = askers.collect();
    sleep_seconds(options.seconds / 4.0).await;
    take_gaps(&people);
    sleep_seconds(PAUSE_SECONDS * 2.0).await;
    // For comparison: the gaps of people who are not interrupted.
    let undisturbed = take_gaps(&people);

    ledger.latency.borrow_mut().clear();
    let (mut gaps, mut stops, mut returns) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        for place in 0..group.nodes.len() {
            take_gaps(&people);
            stops.push(group.stop(place).await?.as_secs_f64() * 1e3);
            let ended = Instant::now();
            group.start_again(place).await?;
            let caught_up = group.until_caught_up(place).await?;
            group.until_all_vote().await?;
            returns.push((caught_up - ended).as_secs_f64() * 1e3);
            sleep_seconds(PAUSE_SECONDS).await;
            gaps.extend(take_gaps(&people));
        }
    }
    let sent_away = ledger.sent_away.get();
    let not_there = ledger.not_there.get();
    let latency = ledger.latency.borrow().clone();
    let lost = people.go().await?;
    for asker in askers {
        asker.await?;
    }
    let errors = ledger.errors.borrow();
    if !errors.is_empty() {
        eprintln!("what people were told instead of being served: {errors:?}");
    }

    let mut figures = Figures::default();
    figures.set("restarts", stops.len() as f64);
    figures.set("gap_p50_ms", share(&mut gaps, 0.5));
    figures.set("gap_p95_ms", share(&mut gaps, 0.95));
    figures.set("gap_max_ms", share(&mut gaps, 1.0));
    figures.set(
        "gap_of_bar",
        share(&mut gaps, 0.95).map(|ms| ms / GAP_MS_MAX),
    );
    figures.set("undisturbed_p95_ms", share(&mut undisturbed.clone(), 0.95));
    figures.set("p99_ms", latency.quantile_ms(0.99));
    figures.set("stop_ms", share(&mut stops, 0.5));
    figures.set("stop_max_ms", share(&mut stops, 1.0));
    figures.set("return_ms", share(&mut returns, 0.5));
    figures.set("return_max_ms", share(&mut returns, 1.0));
    figures.set("sent_away", f64::from(sent_away));
    figures.set("not_there", f64::from(not_there));
    figures.set("asked", f64::from(answered.get()));
    figures.set("errors", f64::from(errors.values().sum::<u32>()));
    figures.set("lost", lost as f64);
    Ok(figures)
}

/// Each person's longest time without a saved stroke since this was called last.
fn take_gaps(people: &People) -> Vec<f64> {
    let people = people.people.iter();
    people.map(|person| person.take_longest_gap_ms()).collect()
}

/// The value that this share of all lie at or below.
fn share(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.max(1) - 1).copied()
}
