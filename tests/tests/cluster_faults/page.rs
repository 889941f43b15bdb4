//! The page's own provider, as it is, that draws without a browser: it finds its way to another node by itself, keeps its
//! document, and says what of it is saved.

use crate::painter::{Look, look_of};
use crate::stock::looks;
use crate::tally::Tally;
use easel_tests::cluster::PATIENCE;
use easel_tests::{Client, Stock, within_for};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const STROKE_EVERY: Duration = Duration::from_millis(100);
/// What it leaves on its board; the oldest goes.
const ELEMENTS_MAX: u32 = 20;

#[derive(Debug)]
pub(crate) struct PagePainter {
    pub(crate) board: String,
    client: Stock,
    drawn: BTreeMap<String, Look>,
    /// Of its strokes and erasures.
    pub(crate) strokes_saved: usize,
    pub(crate) longest_gap: Duration,
    /// The nodes that it was at, one after the other.
    pub(crate) nodes: Vec<String>,
}

impl PagePainter {
    pub(crate) async fn join(address: &str, board: String) -> Self {
        let mut client = Stock::page(address, &board);
        within_for(PATIENCE, "the page to be loaded", async || {
            (client.ask("phase").await == "saved").then_some(())
        })
        .await;
        Self {
            board,
            client,
            drawn: BTreeMap::new(),
            strokes_saved: 0,
            longest_gap: Duration::ZERO,
            nodes: Vec::new(),
        }
    }

    pub(crate) async fn paint(mut self, tally: Arc<Tally>) -> Self {
        let mut made = 0;
        let mut saved_at = Instant::now();
        for number in 1.. {
            if tally.is_over() {
                break;
            }
            tokio::time::sleep(STROKE_EVERY).await;
            let element = format!("page-{number:06}");
            self.client.tell(&format!("draw {element} {number}")).await;
            self.drawn.insert(element, Some(number));
            made += 1;
            if number > ELEMENTS_MAX {
                let oldest = format!("page-{:06}", number - ELEMENTS_MAX);
                self.client.tell(&format!("erase {oldest}")).await;
                self.drawn.insert(oldest, None);
                made += 1;
            }
            let saved = made - self.unsaved().await;
            if saved > self.strokes_saved {
                tally.saved(saved - self.strokes_saved);
                self.strokes_saved = saved;
                self.longest_gap = self.longest_gap.max(saved_at.elapsed());
                saved_at = Instant::now();
            }
            let node = self.client.ask("node").await;
            if self.nodes.last() != Some(&node) {
                self.nodes.push(node);
            }
        }
        self
    }

    async fn unsaved(&mut self) -> usize {
        self.client.ask("unsaved").await.parse().expect("a count")
    }

    /// What it drew is on a node and what it erased is not, and both show the same board.
    pub(crate) async fn agrees_with(&mut self, newcomer: &Client) {
        within_for(PATIENCE, "the page to have saved all", async || {
            (self.client.ask("phase").await == "saved").then_some(())
        })
        .await;
        within_for(PATIENCE, "the page's board on a node", async || {
            let own: Value = serde_json::from_str(&self.client.ask("json").await).ok()?;
            let shown = newcomer.json("elements");
            let as_drawn = |(element, look): (&String, &Look)| look_of(&shown[element]) == *look;
            (looks(&own) == looks(&shown) && self.drawn.iter().all(as_drawn)).then_some(())
        })
        .await;
    }
}
