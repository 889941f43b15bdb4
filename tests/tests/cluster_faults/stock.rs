//! Somebody else's client, as it is, that draws through one node and is told nothing of what is saved. It keeps its
//! document and comes back by itself, so in the end all that it drew is there.

use crate::painter::{Look, look_of};
use crate::tally::Tally;
use easel_tests::cluster::PATIENCE;
use easel_tests::{Client, Stock, within_for};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const STROKE_EVERY: Duration = Duration::from_millis(100);
/// What it leaves on its board; the oldest goes.
const ELEMENTS_MAX: usize = 20;

type Looks = BTreeMap<String, Look>;

#[derive(Debug)]
pub(crate) struct StockPainter {
    pub(crate) board: String,
    client: Stock,
    drawn: Looks,
}

impl StockPainter {
    pub(crate) async fn join(address: &str, board: String) -> Self {
        let mut client = Stock::y_websocket(address, &board);
        client.tell("synced").await;
        Self {
            board,
            client,
            drawn: Looks::new(),
        }
    }

    /// Draws until it is over, connected or not.
    pub(crate) async fn paint(mut self, tally: Arc<Tally>) -> Self {
        for number in 1.. {
            if tally.is_over() {
                break;
            }
            tokio::time::sleep(STROKE_EVERY).await;
            let element = format!("stock-{number:06}");
            self.client.tell(&format!("draw {element} {number}")).await;
            self.drawn.insert(element, Some(number));
            if self.drawn.len() > ELEMENTS_MAX {
                let (oldest, _) = self.drawn.pop_first().expect("there are many");
                self.client.tell(&format!("erase {oldest}")).await;
            }
        }
        self
    }

    /// Waits until a node and this client show the same, and of its own what it drew and no more. Returns how many elements
    /// of its own those are.
    pub(crate) async fn agrees_with(&mut self, newcomer: &Client) -> usize {
        within_for(PATIENCE, "the stock client's board on a node", async || {
            let own: Value = serde_json::from_str(&self.client.ask("json").await).ok()?;
            let (own, shown) = (looks(&own), looks(&newcomer.json("elements")));
            let of_its_own = own
                .iter()
                .filter(|(element, _)| element.starts_with("stock-"));
            (own == shown && of_its_own.eq(&self.drawn)).then_some(())
        })
        .await;
        self.drawn.len()
    }
}

pub(crate) fn looks(elements: &Value) -> Looks {
    let elements = elements.as_object().into_iter().flatten();
    elements
        .map(|(element, shown)| (element.clone(), look_of(shown)))
        .collect()
}
