//! What must hold when all is quiet again: everything acknowledged is there, and every node says the same.

use crate::journal;
use crate::maker::{self, Made};
use crate::page::PagePainter;
use crate::painter::Painter;
use crate::register;
use crate::stock::StockPainter;
use easel_tests::cluster::PATIENCE;
use easel_tests::{Client, Dialect, within_for};
use std::collections::BTreeSet;
use std::time::Duration;
use yrs::{Any, ReadTxn, Transact};

/// One try. A node that takes a call and says nothing is asked anew.
const PROBE_MAX: Duration = Duration::from_secs(2);

/// Compares the boards of all nodes until they are one and the same and hold what was saved. Returns how many elements are
/// seen as a first try left them that was not acknowledged.
pub(crate) async fn boards_are_whole(addresses: &[String], painters: &[Painter]) -> usize {
    let mut first_tries = 0;
    let boards: BTreeSet<&String> = painters.iter().map(|painter| &painter.board).collect();
    for board in boards {
        let mut clients = Vec::new();
        for address in addresses {
            clients.push(newcomer(address, board).await);
        }
        let painters = || painters.iter().filter(|painter| painter.board == *board);
        let differs = || {
            let snapshot = |client: &Client| client.doc().transact().snapshot();
            let (first, shown) = (snapshot(&clients[0]), clients[0].json("elements"));
            if clients.iter().any(|client| snapshot(client) != first) {
                return Some(vec!["state vector or delete set".to_owned()]);
            }
            if clients
                .iter()
                .any(|client| client.json("elements") != shown)
            {
                return Some(vec!["JSON".to_owned()]);
            }
            let lost = painters().filter_map(|p| p.lost(clients[0].doc()));
            let unlike = painters().flat_map(|p| p.unlike(&shown));
            let wrong: Vec<String> = lost.chain(unlike.map(|(_, what)| what)).collect();
            (!wrong.is_empty()).then_some(wrong)
        };
        let explained = || {
            let doc = clients[0].doc();
            let shown = clients[0].json("elements");
            let explain = |(element, what): (String, String), painter: &Painter| {
                let (did, is) = (painter.journal.of(&element), journal::all_of(doc, &element));
                format!("{what}\n{did}{is}")
            };
            let each = painters().flat_map(|p| {
                let unlike = p.unlike(&shown).into_iter();
                unlike.map(move |unlike| explain(unlike, p))
            });
            each.take(5).collect::<Vec<_>>().join("\n")
        };
        let begun = std::time::Instant::now();
        while let Some(what) = differs() {
            assert!(
                begun.elapsed() < PATIENCE,
                "{board} differs after {PATIENCE:?} in {} places: {:?}\n{}",
                what.len(),
                &what[..what.len().min(5)],
                explained()
            );
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let shown = clients[0].json("elements");
        let seen = painters().map(|painter| painter.seen_as_first_tried(&shown));
        first_tries += seen.sum::<usize>();
        for client in clients {
            client.leave();
        }
    }
    first_tries
}

/// On every node there is what a stock client drew.
pub(crate) async fn stock_is_whole(addresses: &[String], stock: &mut StockPainter) -> usize {
    let mut elements = 0;
    for address in addresses {
        let newcomer = newcomer(address, &stock.board).await;
        elements = stock.agrees_with(&newcomer).await;
        newcomer.leave();
    }
    elements
}

pub(crate) async fn page_is_whole(addresses: &[String], page: &mut PagePainter) {
    for address in addresses {
        let newcomer = newcomer(address, &page.board).await;
        page.agrees_with(&newcomer).await;
        newcomer.leave();
    }
}

/// A client that knows nothing, on this node, which may only just have come back.
async fn newcomer(address: &str, board: &str) -> Client {
    within_for(PATIENCE, "a node to show a board", async || {
        let connecting = Client::connect(yrs::Doc::new(), address, board, Dialect::Easel);
        let client = tokio::time::timeout(PATIENCE, connecting)
            .await
            .ok()?
            .ok()?;
        client.send_step_1();
        while !client.is_synced() {
            if client.closed().is_some() {
                return None;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Some(client)
    })
    .await
}

/// Something can be saved through this node.
pub(crate) async fn saves(address: &str, board: &str) {
    within_for(PATIENCE, "a node that was struck to save", async || {
        let asked = tokio::time::timeout(PROBE_MAX, async {
            let connecting = Client::connect(yrs::Doc::new(), address, board, Dialect::Easel);
            let client = connecting.await.ok()?;
            client.draw(
                "probe",
                &[("type", Any::from("sticky")), ("z", Any::from("a0"))],
            );
            while client.saved_frames() < client.sent_frames() {
                if client.closed().is_some() {
                    return None;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            client.leave();
            Some(())
        });
        asked.await.ok().flatten()
    })
    .await;
}

/// The title, when every node says the same: its revision and what it is.
pub(crate) async fn title_everywhere(addresses: &[String], board: &str) -> (u64, String) {
    let http = register::http();
    within_for(PATIENCE, "the same title on all nodes", async || {
        let mut said = BTreeSet::new();
        for address in addresses {
            let (revision, _, title) = register::read(&http, address, board).await?;
            said.insert((revision, title));
        }
        (said.len() == 1).then(|| said.pop_first())?
    })
    .await
}

/// Each board that somebody was told of is on every node, once. Returns how many there are.
pub(crate) async fn boards_are_there_once(addresses: &[String], made: &Made) -> usize {
    let http = register::http();
    for address in addresses {
        let wrong = async || {
            let listed = maker::listed(&http, address).await?;
            let wrong = made.iter().find(|(key, board)| {
                listed
                    .get(*key)
                    .is_none_or(|ids| ids != std::slice::from_ref(*board))
            });
            Some(wrong.map(|(key, board)| format!("{key}: {board}, listed {:?}", listed.get(key))))
        };
        let mut last = None;
        let begun = std::time::Instant::now();
        loop {
            match wrong().await {
                Some(None) => break,
                other => last = other.flatten().or(last),
            }
            assert!(begun.elapsed() < PATIENCE, "{address}: {last:?}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    made.len()
}
