//! Three real nodes under faults, with people drawing through all of them: nothing that was acknowledged is lost, and in
//! the end every node says the same. What "lost" means is told in `acknowledged`.
//!
//! The faults come from a seed, which is printed; `CLUSTER_FAULTS_SEED` gives it again, though not the same moments.
//! `CLUSTER_FAULTS_SECONDS` makes it longer, and with `CLUSTER_FAULTS_REPORT=1` the long form rewrites RELIABILITY.md.
//! `CLUSTER_FAULTS_NODES=5` makes it five nodes, of which two may be struck at once. `CLUSTER_FAULTS_ONLY='Cut(Off)-Leader'`
//! keeps the long form to one fault.
//!
//! Partitions are of the kind that this machine allows: by network namespaces and nft, else by TCP proxies. The run says
//! which; `CLUSTER_FAULTS_NETWORK=proxies` (or `namespaces`, and then it fails where it cannot have them) decides it.

mod acknowledged;
mod elsewhere;
mod faults;
mod journal;
mod long;
mod maker;
mod network;
mod page;
mod painter;
mod register;
mod report;
mod stock;
mod tally;
mod verdict;

use easel_tests::{Cluster, Cut};
use faults::{Deck, Dice, Fault, Struck, Whom};
use page::PagePainter;
use painter::{Kind, Painter};
use register::Register;
use report::{Outcome, Report, Rolled};
use rustix::process::Signal;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stock::StockPainter;
use tally::Tally;

const NODES: u32 = 3;
const BOARDS: usize = 5;
/// Who draws on which board, at first through which node. On the last three somebody is alone: there no other node hears
/// over the bus what a node lost, and makes up for it.
const PAINTERS: [(Kind, usize, usize); 6] = [
    (Kind::Page, 0, 0),
    (Kind::Program, 0, 1),
    (Kind::Page, 1, 1),
    (Kind::Program, 2, 0),
    (Kind::Program, 3, 1),
    (Kind::Program, 4, 2),
];
const RENAMERS: usize = 3;
/// What a service manager gives a node to end.
const STOP_MAX: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_whatever_befalls_a_minority() {
    if !network::is_ready("nothing_acknowledged_is_lost_whatever_befalls_a_minority") {
        return;
    }
    let seconds: Option<u64> = number("CLUSTER_FAULTS_SECONDS");
    let seed = number("CLUSTER_FAULTS_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("CLUSTER_FAULTS_SEED={seed}");
    let mut dice = Dice::new(seed);
    let nodes = number("CLUSTER_FAULTS_NODES").unwrap_or(NODES);
    let mut cluster = Cluster::grow(nodes).await;
    println!("{nodes} nodes; partitions by {}", cluster.network().kind());
    let addresses = cluster.addresses();
    let tally = Arc::new(Tally::new(addresses.clone()));

    let mut boards = Vec::new();
    for number in 0..BOARDS {
        let title = format!("Board {number}");
        boards.push(cluster.nodes()[0].create_board(&title).await);
    }
    let title = cluster.nodes()[0].create_board("Register").await;
    let probed = cluster.nodes()[0].create_board("Probed").await;
    let register = Arc::new(Register::default());
    let painters = PAINTERS.iter().enumerate().map(|(n, (kind, board, node))| {
        let board = boards[*board].clone();
        let way = (*node, Dice::new(seed + 1 + n as u64));
        let painter = Painter::new(format!("p{n}"), board, *kind, tally.clone(), way);
        tokio::spawn(painter.paint())
    });
    let painters: Vec<_> = painters.collect();
    // And on the first through the third, by a client of other people's making.
    let stock = StockPainter::join(&addresses[2], boards[0].clone()).await;
    let stock = tokio::spawn(stock.paint(tally.clone()));
    // And on the second through the second, by the page's own provider.
    let page = PagePainter::join(&addresses[1], boards[1].clone()).await;
    let page = tokio::spawn(page.paint(tally.clone()));
    let renamers: Vec<_> = (0..RENAMERS)
        .map(|n| {
            let name = format!("r{n}");
            tokio::spawn(
                register
                    .clone()
                    .change(name, title.clone(), tally.clone(), n),
            )
        })
        .collect();
    let maker = tokio::spawn(maker::make("made".to_owned(), tally.clone(), 0));

    until_more_is_saved(&tally).await;
    let begun = Instant::now();
    let mut report = Report::new(seed, nodes, cluster.network().kind());
    match seconds {
        None => {
            // The roll at the end is the start at once.
            let mut order = [Fault::Away, Fault::Pause, Fault::Cut(Cut::Off)];
            order.rotate_left(dice.below(3) as usize);
            for fault in order {
                // That one leads who is killed is what everybody fears.
                let whom = match fault == Fault::Away || dice.below(2) == 0 {
                    true => Whom::Leader,
                    false => Whom::Follower,
                };
                let struck = faults::strike(&mut cluster, &mut dice, fault, whom).await;
                recover(&tally, &mut report, struck, &probed).await;
            }
        }
        Some(seconds) => {
            let mut deck =
                Deck::new(|fault, whom| is_wanted(fault, whom) && fault.is_possible(&cluster));
            while begun.elapsed() < Duration::from_secs(seconds) {
                let (fault, whom) = deck.draw(&mut dice);
                let struck = faults::strike(&mut cluster, &mut dice, fault, whom).await;
                recover(&tally, &mut report, struck, &probed).await;
                tokio::time::sleep(dice.millis(500, 3_000)).await;
            }
        }
    }
    report.refused_under_faults = tally.take_refused();
    report.struck_for = begun.elapsed();
    report.longest_without_saved = tally.longest_gap(begun);
    cluster.leader(&[]).await;
    report.rolled = roll(&mut cluster, &tally).await;
    let refused = tally.take_refused();
    report.refused_while_rolled = refused.clone();

    tally.end();
    let mut back = Vec::new();
    for painter in painters {
        back.push(painter.await.expect("it drew to the end"));
    }
    for renamer in renamers {
        renamer.await.expect("it renamed to the end");
    }
    let made = maker.await.expect("it made boards to the end");

    let mut stock = stock.await.expect("it drew to the end");
    report.stock_elements = verdict::stock_is_whole(&addresses, &mut stock).await;
    let mut page = page.await.expect("it drew to the end");
    verdict::page_is_whole(&addresses, &mut page).await;
    report.page_strokes = page.strokes_saved;
    report.page_moves = page.nodes.len().saturating_sub(1);
    report.page_longest = page.longest_gap;
    report.first_tries = verdict::boards_are_whole(&addresses, &back).await;
    let last = verdict::title_everywhere(&addresses, &title).await;
    (report.titles, report.titles_unknown) = register.check(last);
    report.boards = verdict::boards_are_there_once(&addresses, &made).await;
    report.strokes = back.iter().map(|painter| painter.strokes_saved).sum();
    report.longest_for_one = back.iter().map(|p| p.longest_gap).max().unwrap_or_default();
    report.reconnects = tally.reconnects.load(std::sync::atomic::Ordering::Relaxed);
    println!("{report}");
    assert!(report.page_strokes > 0, "{page:?}");
    for painter in &back {
        assert!(painter.strokes_saved > 0, "{painter:?}");
    }
    assert!(report.titles > 0 && report.boards > 0, "{report}");
    assert!(
        refused
            .keys()
            .all(|kind| kind == "503 with Retry-After" || kind.contains(": 4")),
        "a rolling restart answered {refused:?}"
    );
    if number::<u8>("CLUSTER_FAULTS_REPORT").is_some() {
        report.write();
    }
}

fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

fn is_wanted(fault: Fault, whom: Whom) -> bool {
    let only = number::<String>("CLUSTER_FAULTS_ONLY");
    only.is_none_or(|only| only == format!("{fault:?}-{whom:?}"))
}

/// Waits until the cluster saves again, and for so long that who was on the node that was struck draws too.
async fn until_more_is_saved(tally: &Tally) {
    let before = tally.strokes_saved();
    easel_tests::within_for(
        easel_tests::cluster::PATIENCE,
        "strokes to be saved",
        async || (tally.strokes_saved() > before + PAINTERS.len() * 10).then_some(()),
    )
    .await;
}

async fn recover(tally: &Tally, report: &mut Report, struck: Struck, board: &str) {
    let over = Instant::now();
    for place in &struck.places {
        verdict::saves(tally.address(*place), board).await;
    }
    let back = over.elapsed();
    until_more_is_saved(tally).await;
    let gap = tally.longest_gap(struck.at);
    println!(
        "{} of a {:?}: {} ms without a saved stroke; who was struck saves again after {} ms",
        struck.fault,
        struck.whom,
        gap.as_millis(),
        back.as_millis()
    );
    report.struck.push(Outcome { struck, gap, back });
}

/// Stops and starts each node in turn, as a new release would.
async fn roll(cluster: &mut Cluster, tally: &Tally) -> Vec<Rolled> {
    let mut rolled = Vec::new();
    for place in 0..cluster.nodes().len() {
        let leads = cluster.leader(&[]).await == place;
        let begun = Instant::now();
        let node = cluster.node(place);
        node.signal(Signal::TERM);
        let ended = tokio::time::timeout(STOP_MAX, node.wait()).await;
        let ended = ended.unwrap_or_else(|_| {
            panic!(
                "no end in {STOP_MAX:?}: {}",
                cluster.nodes()[place].output()
            )
        });
        assert!(
            ended.success(),
            "{ended}: {}",
            cluster.nodes()[place].output()
        );
        let stopped_in = begun.elapsed();
        cluster.restart(place).await;
        until_more_is_saved(tally).await;
        rolled.push(Rolled {
            leads,
            stopped_in,
            gap: tally.longest_gap(begun),
        });
    }
    rolled
}
