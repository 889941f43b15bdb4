//! An empty node comes into a group of two that has 1 GiB of boards, while 50 people draw.

use super::Options;
use super::nodes::Group;
use super::people::People;
use crate::client::{Client, Target};
use crate::crowd::sleep_seconds;
use crate::process::own_cpu;
use crate::scenario::Figures;
use crate::update::Pen;
use anyhow::Result;
use futures_util::future::try_join_all;
use std::cell::Cell;
use std::time::Instant;

/// Boards that hold the state, each the history of one stroke that was drawn over again and again.
const BOARDS: u64 = 64;
/// About 1 KiB an edit: a line of handwriting.
const POINTS: usize = 500;
const EDIT_BYTES: u64 = 1_060;
/// Boards that are filled at the same time, and edits of each that are under way.
const AT_ONCE: usize = 4;
const UNDER_WAY: u64 = 1_024;

/// What was asked for.
const MIB_PER_S_MIN: f64 = 100.0;
const TIMES_P99_MAX: f64 = 2.0;

pub(crate) async fn run(group: &mut Group, options: &Options) -> Result<Figures> {
    let filling = Instant::now();
    fill(group, options.state_mib << 20).await?;
    let filled = filling.elapsed();
    let begun = Instant::now();
    group.grow().await?;
    group.until_all_vote().await?;
    let second = begun.elapsed();

    let people = People::come(group).await?;
    let ledger = people.ledger.clone();
    sleep_seconds(options.seconds / 4.0).await;
    ledger.latency.borrow_mut().clear();
    sleep_seconds(options.seconds).await;
    let before = ledger.latency.borrow().clone();

    ledger.latency.borrow_mut().clear();
    let own = own_cpu();
    let begun = Instant::now();
    group.grow().await?;
    let place = group.nodes.len() - 1;
    let caught_up = group.until_caught_up(place).await? - begun;
    group.until_all_vote().await?;
    let joined = begun.elapsed();
    let meanwhile = ledger.latency.borrow().clone();
    let generator = own_cpu() - own;

    let mib = options.state_mib as f64;
    let rate = mib / joined.as_secs_f64();
    let mut figures = Figures::default();
    figures.set("state_mib", mib);
    figures.set("filled_s", filled.as_secs_f64());
    figures.set("second_joined_s", second.as_secs_f64());
    figures.set("caught_up_s", caught_up.as_secs_f64());
    figures.set("joined_s", joined.as_secs_f64());
    figures.set("caught_up_mib_per_s", mib / caught_up.as_secs_f64());
    figures.set("mib_per_s", rate);
    figures.set("rate_of_bar", rate / MIB_PER_S_MIN);
    let (quiet, busy) = (before.quantile_ms(0.99), meanwhile.quantile_ms(0.99));
    figures.set("p99_before_ms", quiet);
    figures.set("p99_ms", busy);
    let times = quiet.zip(busy).map(|(quiet, busy)| busy / quiet);
    figures.set("p99_times", times);
    figures.set("p99_of_bar", times.map(|times| times / TIMES_P99_MAX));
    figures.set("p50_before_ms", before.quantile_ms(0.5));
    figures.set("p50_ms", meanwhile.quantile_ms(0.5));
    figures.set("max_ms", meanwhile.quantile_ms(1.0));
    let cpu = group.nodes[place].process.cpu()?;
    figures.set("newcomer_cpu_s", cpu.as_secs_f64());
    figures.set("generator_cpu_s", generator.as_secs_f64());
    figures.set("errors", f64::from(ledger.count_errors()));
    figures.set("lost", people.go().await? as f64);
    Ok(figures)
}

/// Draws until the boards' histories are so long.
async fn fill(group: &Group, bytes: u64) -> Result<()> {
    let edits = bytes.div_ceil(BOARDS * EDIT_BYTES);
    let mut boards = Vec::new();
    for number in 0..BOARDS {
        boards.extend(group.board(&format!("Past {number}")).await?);
    }
    let next = Cell::new(0);
    try_join_all((0..AT_ONCE).map(|_| async {
        while let Some(board) = boards.get(next.replace(next.get() + 1)) {
            fill_board(board, edits).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    Ok(())
}

async fn fill_board(board: &Target, edits: u64) -> Result<()> {
    let writer = Client::join(board, |_, _, _| {}).await?;
    let mut pen = Pen::new(1, 0, POINTS);
    for number in 1..=edits {
        writer.send_update(&pen.redraw(number));
        if number.is_multiple_of(UNDER_WAY) || number == edits {
            let sent = writer.sync_frames();
            writer
                .until("the word that it is saved", || {
                    writer.saved_frames() + UNDER_WAY > sent || writer.saved_frames() == sent
                })
                .await?;
        }
    }
    let all = || writer.saved_frames() == writer.sync_frames();
    writer.until("the word that all is saved", all).await?;
    writer.leave().await;
    Ok(())
}
