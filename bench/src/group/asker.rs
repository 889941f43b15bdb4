//! A program that makes boards and reads one over REST, and goes on at the next node when one is away, as the page does.

use super::person::Ledger;
use crate::http;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(50);
/// One read for each so many requests is a write.
const WRITES_ONE_IN: u32 = 4;

/// Asks until the ledger ends. What is not answered well is noted, but for a node that is not there, or says that it goes
/// away.
pub(crate) async fn ask(
    addresses: Vec<String>,
    first: usize,
    ledger: Rc<Ledger>,
    answered: Rc<Cell<u32>>,
) {
    let mut at = first;
    let mut board: Option<String> = None;
    let mut number = 0_u32;
    while !ledger.has_ended() {
        tokio::time::sleep(EVERY).await;
        number += 1;
        let address = &addresses[at % addresses.len()];
        let title = format!(r#"{{"title":"Asked {number} times"}}"#);
        let write = http::request(address, "POST", "/api/v1/boards", &title);
        let asked = match &board {
            Some(path) if !number.is_multiple_of(WRITES_ONE_IN) => {
                http::request(address, "GET", path, "").await
            }
            Some(_) | None => write.await,
        };
        match asked {
            Ok((200 | 201, said)) => {
                answered.set(answered.get() + 1);
                if board.is_none()
                    && let Ok(made) = serde_json::from_str::<serde_json::Value>(&said)
                    && let Some(id) = made["id"].as_str()
                {
                    board = Some(format!("/api/v1/boards/{id}"));
                }
            }
            Ok((503, said)) if said.contains("\"draining\"") => at += 1,
            Ok((status, said)) => {
                let problem: serde_json::Value = serde_json::from_str(&said).unwrap_or_default();
                ledger.note(format!("REST {status} {}", problem["code"]));
                at += 1;
            }
            Err(error) => {
                let refused =
                    |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
                if !error.downcast_ref().is_some_and(refused) {
                    ledger.note(format!("REST {error:#}"));
                }
                at += 1;
            }
        }
    }
}
