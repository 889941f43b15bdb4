//! Makes boards under keys, and asks until it has an answer: each is there once.

use crate::register;
use crate::tally::Tally;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(250);

/// The boards it was told of, by title, which is the key.
pub(crate) type Made = BTreeMap<String, String>;

pub(crate) async fn make(name: String, tally: Arc<Tally>, mut node: usize) -> Made {
    let http = register::http();
    let mut made = Made::new();
    for number in 0.. {
        tokio::time::sleep(PAUSE).await;
        if tally.is_over() {
            break;
        }
        let key = format!("{name}-{number}");
        let begun = Instant::now();
        // Asked twice, as by somebody who lost the first answer.
        for _ in 0..2 {
            let board = loop {
                if tally.is_over() {
                    return made;
                }
                let patience = 2 * easel_tests::cluster::PATIENCE;
                assert!(begun.elapsed() < patience, "no node makes {key}");
                node += 1;
                let url = format!("http://{}/api/v1/boards", tally.address(node));
                let asked = http.post(url).header("idempotency-key", &key);
                match asked.json(&json!({ "title": key })).send().await {
                    Ok(answer) if answer.status() == 201 => {
                        if let Ok(board) = answer.json::<Value>().await {
                            break board["id"].as_str().expect("an id").to_owned();
                        }
                    }
                    Ok(answer) => register::note(&tally, "POST", answer).await,
                    Err(_) => {}
                }
            };
            let before = made.insert(key.clone(), board.clone());
            assert!(
                before.as_ref().is_none_or(|before| *before == board),
                "{key} made {before:?} and {board}"
            );
        }
    }
    made
}

/// All boards of a node: their ids by title. `None` when it does not say.
pub(crate) async fn listed(
    http: &reqwest::Client,
    address: &str,
) -> Option<BTreeMap<String, Vec<String>>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let url = format!("http://{address}/api/v1/boards?limit=200{cursor}");
        let answer = http.get(url).send().await.ok()?;
        let page: Value = answer.error_for_status().ok()?.json().await.ok()?;
        for board in page["data"].as_array()? {
            let title = board["title"].as_str()?.to_owned();
            found
                .entry(title)
                .or_default()
                .push(board["id"].as_str()?.to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Some(found),
        }
    }
}
