//! Looks for another node beside a connection to one that is of no use, as the page does (`web/src/sync/scouts.ts`).

use crate::tally::Tally;
use easel_tests::client::control_message;
use easel_tests::{Client, Dialect};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use yrs::Doc;

/// What was sent has no answer for so long, nor did anything else come: the node may stand still.
const SILENCE_MAX: Duration = Duration::from_secs(1);
const NEXT_AFTER: Duration = Duration::from_millis(400);
const ATTEMPT_MAX: Duration = Duration::from_secs(4);
const AGAIN_AFTER: Duration = Duration::from_millis(500);
const OURS_FIRST: Duration = Duration::from_millis(250);

/// Whether a node is still of use, and which other one is.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    tally: Arc<Tally>,
    board: String,
    node: usize,
    stays: bool,
    /// Who is asked first: otherwise all of one node would go to the same.
    first: usize,
    asking: Option<JoinSet<usize>>,
    answered: Option<(usize, Instant)>,
    told: bool,
}

impl Elsewhere {
    /// Who does not say that they stay is sent away after a while, and goes then if they found nothing before.
    pub(crate) fn new(
        tally: &Arc<Tally>,
        board: &str,
        (node, first): (usize, usize),
        stays: bool,
    ) -> Self {
        Self {
            tally: tally.clone(),
            board: board.to_owned(),
            node: node % tally.addresses.len(),
            stays,
            first,
            asking: None,
            answered: None,
            told: false,
        }
    }

    /// Looked at all the time. The node to go to, once there is one and this one is still of no use.
    pub(crate) fn look(&mut self, client: &Client, unanswered_for: Duration) -> Option<usize> {
        let lost = client.is_out_of_touch();
        let silent_for = client.silent_for().unwrap_or_default();
        if !lost && silent_for.min(unanswered_for) < SILENCE_MAX {
            (self.asking, self.answered, self.told) = (None, None, false);
            return None;
        }
        if lost && self.stays && !self.told {
            client.send_raw(control_message(&json!({ "t": "stays" })));
            self.told = true;
        }
        if self.asking.is_none() {
            // It may only be slow, and then answers this.
            client.send_step_1();
            self.asking = Some(self.ask());
        }
        let found = self.asking.as_mut().and_then(JoinSet::try_join_next);
        if let Some(Ok(node)) = found {
            self.answered.get_or_insert((node, Instant::now()));
        }
        let (node, at) = self.answered?;
        (at.elapsed() >= OURS_FIRST).then_some(node)
    }

    fn ask(&self) -> JoinSet<usize> {
        let nodes = self.tally.addresses.len();
        let others = nodes - 1;
        (0..others)
            .map(|nth| {
                let node = (self.node + 1 + (self.first + nth) % others) % nodes;
                let (address, board) = (self.tally.addresses[node].clone(), self.board.clone());
                async move {
                    tokio::time::sleep(NEXT_AFTER * nth as u32).await;
                    while !answers(&address, &board).await {
                        tokio::time::sleep(AGAIN_AFTER).await;
                    }
                    node
                }
            })
            .collect()
    }
}

async fn answers(address: &str, board: &str) -> bool {
    let asking = async {
        let connecting = Client::connect(Doc::new(), address, board, Dialect::Easel);
        let Ok(client) = connecting.await else {
            return false;
        };
        while client.silent_for().is_none() && client.closed().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        client.leave();
        client.silent_for().is_some()
    };
    let asked = tokio::time::timeout(ATTEMPT_MAX, asking).await;
    asked.unwrap_or(false)
}
