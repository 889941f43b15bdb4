//! Coming to a large board: one by one and all at once while others are on it, and first of all after a restart.

use super::{ELEMENTS, Figures, Plan};
use crate::client::{Client, Options, Target};
use crate::collector::{Collector, brings_the_end, fill};
use crate::crowd::sleep_seconds;
use crate::servers::Server;
use crate::stats::Spread;
use anyhow::{Result, ensure};
use std::rc::Rc;
use std::time::Instant;

const ONE_BY_ONE: usize = 20;
const AT_ONCE: usize = 30;

pub(crate) async fn in_memory(server: &Server, _: &Plan) -> Result<Figures> {
    let target = server.room("join").await?;
    let holder = fill(&target, ELEMENTS).await?;
    // The first may find things to be made that the others find ready.
    let first = Collector::join(&target).await?;
    first.check(ELEMENTS)?;
    let mut walls = Vec::new();
    let before = server.process()?.cpu()?;
    for _ in 0..ONE_BY_ONE {
        let begun = Instant::now();
        let client = look(&target).await?;
        walls.push(begun.elapsed().as_secs_f64() * 1e3);
        client.leave().await;
    }
    let one_by_one = server.process()?.cpu()? - before;

    let before = server.process()?.cpu()?;
    let begun = Instant::now();
    let joining: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let target = target.clone();
            tokio::task::spawn_local(async move { look(&target).await })
        })
        .collect();
    let mut clients = Vec::new();
    for client in joining {
        clients.push(client.await??);
    }
    let wall = begun.elapsed();
    let at_once = server.process()?.cpu()? - before;
    // Nobody was turned away with less than all.
    Collector::join(&target).await?.check(ELEMENTS)?;
    holder.leave().await;

    let mut figures = Figures::default();
    let median = Spread::of(&walls).map(|spread| spread.median);
    figures.set(
        "cpu_ms_each",
        one_by_one.as_secs_f64() * 1e3 / ONE_BY_ONE as f64,
    );
    figures.set("wall_ms_each", median);
    figures.set("at_once_wall_ms", wall.as_secs_f64() * 1e3);
    figures.set(
        "at_once_cpu_ms_each",
        at_once.as_secs_f64() * 1e3 / AT_ONCE as f64,
    );
    figures.set("first_wall_ms", first.wall.as_secs_f64() * 1e3);
    figures.set("received_kib", first.received_bytes() as f64 / 1024.0);
    figures.set("rss_mib", server.process()?.memory()?.rss as f64 / 1024.0);
    Ok(figures)
}

/// Joins and keeps nothing of what comes, until all has.
async fn look(target: &Target) -> Result<Rc<Client>> {
    let ended = Rc::new(std::cell::Cell::new(false));
    let end = ended.clone();
    let client = Client::connect(target, Options::default(), move |_, _, message| {
        if brings_the_end(message) {
            end.set(true);
        }
    })
    .await?;
    client.hello();
    client
        .until("the whole board", || client.is_synced() && ended.get())
        .await?;
    Ok(client)
}

pub(crate) async fn cold(server: &mut Server, _: &Plan) -> Result<Figures> {
    let target = server.room("cold").await?;
    let holder = fill(&target, ELEMENTS).await?;
    holder.leave().await;
    // Asked to end they would all write what they have, but not all wait for it.
    sleep_seconds(server.kind.writes_within_seconds()).await;
    server.restart().await?;
    let started = server.process()?.cpu()?;
    let opened = Collector::join(&target).await?;
    let cpu = server.process()?.cpu()? - started;
    opened.check(ELEMENTS)?;
    let again = Collector::join(&target).await?;
    ensure!(!again.client.is_closed(), "the second to come stays");

    let mut figures = Figures::default();
    figures.set("wall_ms", opened.wall.as_secs_f64() * 1e3);
    figures.set("cpu_ms", cpu.as_secs_f64() * 1e3);
    figures.set("second_wall_ms", again.wall.as_secs_f64() * 1e3);
    figures.set("start_cpu_ms", started.as_secs_f64() * 1e3);
    figures.set("rss_mib", server.process()?.memory()?.rss as f64 / 1024.0);
    Ok(figures)
}
