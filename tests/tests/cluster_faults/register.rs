//! One title that many change, each only if it is still what they read: a register with compare-and-swap.

use crate::tally::Tally;
use reqwest::header;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longer than any election.
const ANSWER_MAX: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// One attempt that may have come to be.
#[derive(Debug)]
pub(crate) struct Change {
    began: Instant,
    ended: Instant,
    /// The revision it was to replace.
    base: u64,
    title: String,
    /// The revision it became, or `None` if nobody knows.
    acknowledged: Option<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Register {
    changes: Mutex<Vec<Change>>,
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(ANSWER_MAX)
        .build()
        .expect("a client")
}

/// What a node says of the title: its revision, the tag and the title.
pub(crate) async fn read(
    http: &reqwest::Client,
    address: &str,
    board: &str,
) -> Option<(u64, String, String)> {
    let url = format!("http://{address}/api/v1/boards/{board}");
    let answer = http.get(url).send().await.ok()?;
    if answer.status() != 200 {
        return None;
    }
    let tag = answer
        .headers()
        .get(header::ETAG)?
        .to_str()
        .ok()?
        .to_owned();
    let board: Value = answer.json().await.ok()?;
    Some((revision(&tag)?, tag, board["title"].as_str()?.to_owned()))
}

fn revision(tag: &str) -> Option<u64> {
    tag.trim_matches('"').split('-').next()?.parse().ok()
}

impl Register {
    pub(crate) async fn change(
        self: Arc<Self>,
        name: String,
        board: String,
        tally: Arc<Tally>,
        mut node: usize,
    ) {
        let http = http();
        for number in 0.. {
            if tally.is_over() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
            let Some((base, tag, _)) = read(&http, tally.address(node), &board).await else {
                node += 1;
                continue;
            };
            let title = format!("{name}-{number}");
            let url = format!("http://{}/api/v1/boards/{board}", tally.address(node));
            let began = Instant::now();
            let answer = http
                .patch(url)
                .header(header::IF_MATCH, tag)
                .header(header::CONTENT_TYPE, "application/merge-patch+json")
                .json(&json!({ "title": title }))
                .send()
                .await;
            let acknowledged = match answer {
                Ok(answer) if answer.status() == 412 => continue,
                Ok(answer) if answer.status() == 200 => {
                    let tag = answer.headers().get(header::ETAG).expect("a tag");
                    let told = revision(tag.to_str().expect("text")).expect("with a revision");
                    // The board is answered as it is by then, which may be a later change of somebody else's.
                    assert!(told > base, "{title}: {told} after {base}");
                    Some(base + 1)
                }
                Ok(answer) => {
                    note(&tally, "PATCH", answer).await;
                    node += 1;
                    None
                }
                Err(_) => {
                    node += 1;
                    None
                }
            };
            self.changes.lock().expect("no panic").push(Change {
                began,
                ended: Instant::now(),
                base,
                title,
                acknowledged,
            });
        }
    }

    /// Holds the history to a register's: the changes stand in one order that respects time, each made of what the one
    /// before left, and the last of them is what was read at the end. Returns how many were acknowledged, and how many
    /// nobody knows of.
    pub(crate) fn check(&self, last: (u64, String)) -> (usize, usize) {
        let changes = self.changes.lock().expect("no panic");
        let mut order: BTreeMap<u64, &Change> = BTreeMap::new();
        for change in changes.iter() {
            let Some(became) = change.acknowledged else {
                continue;
            };
            assert!(change.base < became, "{change:?} goes backwards");
            let other = order.insert(became, change);
            assert!(other.is_none(), "{other:?} and {change:?} became the same");
        }
        let ordered: Vec<(&u64, &&Change)> = order.iter().collect();
        for pair in ordered.windows(2) {
            let ((before, earlier), (_, later)) = (pair[0], pair[1]);
            assert!(
                later.base >= *before,
                "{earlier:?} was overwritten by {later:?}, which did not know it"
            );
        }
        // Whoever begins after somebody's answer comes after them.
        let mut latest_began = None;
        for change in order.values() {
            assert!(
                latest_began.is_none_or(|began| change.ended >= began),
                "{change:?} had been answered before one that it comes after began"
            );
            latest_began = latest_began.max(Some(change.began));
        }
        let unknown = changes
            .iter()
            .filter(|change| change.acknowledged.is_none());
        let (revision, title) = last;
        if let Some((became, change)) = order.last_key_value() {
            assert!(
                revision >= *became,
                "{change:?} is lost: {revision} {title}"
            );
            let is_its = *became == revision && change.title == title;
            let mut later = unknown.clone().filter(|other| other.base >= *became);
            assert!(
                is_its || later.any(|other| other.title == title),
                "{title} at {revision} came from nowhere; acknowledged last: {change:?}"
            );
        }
        (order.len(), unknown.count())
    }
}

/// Counts an answer that is no success; a 503 that says when to come back is one kind.
pub(crate) async fn note(tally: &Tally, asked: &str, answer: reqwest::Response) {
    let status = answer.status().as_u16();
    let comes_back = answer.headers().contains_key(header::RETRY_AFTER);
    let said: Value = answer.json().await.unwrap_or_default();
    let kind = said["type"]
        .as_str()
        .and_then(|kind| kind.rsplit('/').next());
    let kind = kind.unwrap_or("no problem document").to_owned();
    tally.refused(match (status, comes_back) {
        (503, true) => "503 with Retry-After".to_owned(),
        _ => format!("{asked}: {status} {kind}"),
    });
}
