//! The drill: people draw while a backup is made, the node is lost, and what comes back is what was saved before the backup
//! began and nothing that nobody drew. Their pages bring the rest.

use crate::{Drawn, PATIENCE, Rooms, done, path};
use easel_tests::people::{ask, text};
use easel_tests::{Client, Dialect, Node, NodeOptions, within_for};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, ReadTxn, StateVector, Transact, Update};

const PAINTERS: usize = 3;
const STROKE_EVERY: Duration = Duration::from_millis(20);
/// Of each painter, before the backup begins.
const SAVED_BEFORE: usize = 15;

/// Draws one element after another, and knows which are saved.
struct Painter {
    name: String,
    client: Client,
    /// Elements by the number of the frame that carries them.
    sent: Vec<(u64, String)>,
}

impl Painter {
    fn draw(&mut self) {
        let id = format!("{}-{:05}", self.name, self.sent.len());
        let place = [10.0, 20.0, 200.0, 200.0, 0.0].map(Any::from);
        let members = [
            ("type", Any::from("sticky")),
            ("z", Any::from("a0")),
            ("box", Any::from(place.to_vec())),
        ];
        self.client.draw(&id, &members);
        self.sent.push((self.client.sent_frames(), id));
    }

    fn saved(&self) -> Vec<String> {
        let frames = self.client.saved_frames();
        let saved = self.sent.iter().filter(|(frame, _)| *frame <= frames);
        saved.map(|(_, id)| id.clone()).collect()
    }

    async fn draw_while(&mut self, goes_on: impl Fn(&Painter) -> bool) {
        let mut ticks = tokio::time::interval(STROKE_EVERY);
        while goes_on(self) {
            ticks.tick().await;
            self.draw();
        }
    }
}

/// A board as the node has it.
async fn document(node: &Node, token: &str, board: &str) -> Doc {
    let got = reqwest::Client::new()
        .get(node.url(&format!("/api/v1/boards/{board}/ydoc")))
        .bearer_auth(token);
    let got = got.send().await.expect("the node answers");
    assert_eq!(got.status(), 200);
    let doc = Doc::new();
    let bytes = got.bytes().await.expect("a document");
    take(&doc, &bytes);
    doc
}

fn take(doc: &Doc, update: &[u8]) {
    let update = Update::decode_v1(update).expect("an update");
    doc.transact_mut().apply_update(update).expect("it fits");
}

/// What anybody could tell one document from another by: who wrote how much, and all there is.
fn seen(doc: &Doc) -> (StateVector, Value) {
    let elements = doc.get_or_insert_map("elements");
    let tx = doc.transact();
    let shown = yrs::types::ToJson::to_json(&elements, &tx);
    let shown = serde_json::to_value(&shown).expect("plain values are JSON");
    (tx.state_vector(), shown)
}

fn ids(doc: &Doc) -> BTreeSet<String> {
    let (_, elements) = seen(doc);
    let elements = elements.as_object().expect("elements");
    elements.keys().cloned().collect()
}

async fn come_back(doc: Doc, node: &Node, board: &str, token: &str) -> Client {
    let client = Client::connect_as(doc, &node.address, board, Dialect::Easel, Some(token));
    let client = client.await.expect("the node lets in");
    client.send_step_1();
    // What the node lacks goes as the answer to its own first step.
    within_for(PATIENCE, "what a page brought to be saved", async || {
        let is_saved = client.sent_frames() > 0 && client.saved_frames() == client.sent_frames();
        (client.is_synced() && is_saved).then_some(())
    })
    .await;
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_saved_before_a_backup_began_comes_back_while_others_drew_on() {
    let rooms = Rooms::new();
    let (data, to, restored) = (
        path(&rooms.data),
        path(&rooms.backups),
        path(&rooms.restored),
    );
    let mut node = Node::start_at(&rooms.data, NodeOptions::default()).await;
    // One board on which nobody draws any more, with a picture, and a busy one.
    let drawn = Drawn::on(&node).await;
    let quiet = seen(&document(&node, &drawn.token, &drawn.board).await);
    let title = Some(json!({ "title": "Busy" }));
    let made = ask(&node, Some(&drawn.token), Method::POST, "/boards", title).await;
    assert_eq!(made.0, 201, "{}", made.1);
    let busy = text(&made.1["id"]);

    let mut painters = Vec::new();
    for number in 0..PAINTERS {
        let client = Client::join_as(&node.address, &busy, &drawn.token).await;
        let name = format!("p{number}");
        let sent = Vec::new();
        painters.push(Painter { name, client, sent });
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let mut before = BTreeSet::new();
    let mut painting = Vec::new();
    for mut painter in painters {
        painter
            .draw_while(|painter| painter.saved().len() < SAVED_BEFORE)
            .await;
        before.extend(painter.saved());
        let is_over = Arc::clone(&is_over);
        painting.push(tokio::spawn(async move {
            painter
                .draw_while(|_| !is_over.load(Ordering::Relaxed))
                .await;
            painter
        }));
    }
    let words = [
        "backup",
        "create",
        "--to",
        to,
        "--with-key",
        "--data-dir",
        data,
    ];
    let backup = done(&words, &[]).await;
    let in_backup = backup["updates"].as_u64().expect("a number");
    within_for(PATIENCE, "strokes after the backup", async || {
        let token = &drawn.token;
        let there = ids(&document(&node, token, &busy).await);
        (there.len() as u64 > in_backup).then_some(())
    })
    .await;
    node.kill().await;
    is_over.store(true, Ordering::Relaxed);
    let mut painters = Vec::new();
    for painter in painting {
        painters.push(painter.await.expect("a painter does not stumble"));
    }

    // What was lost is looked at once more, beside what came back.
    let put = done(&["restore", "--from", to, "--data-dir", restored], &[]).await;
    assert_eq!(put["backup"], backup["id"]);
    let lost = Node::start_at(&rooms.data, NodeOptions::default()).await;
    let node = Node::start_at(&rooms.restored, NodeOptions::default()).await;
    let token = &drawn.token;
    assert_eq!(seen(&document(&node, token, &drawn.board).await), quiet);
    let content = drawn.content(&node, token).await;
    assert_eq!(content.picture, drawn.content(&lost, token).await.picture);
    let there = document(&node, token, &busy).await;
    let all = document(&lost, token, &busy).await;
    let missing: Vec<_> = before.difference(&ids(&there)).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
    // Of each painter a beginning, and of the lost board nothing but what was in it.
    for painter in &painters {
        let own = |id: &&String| id.starts_with(&painter.name);
        let there: Vec<_> = ids(&there).iter().filter(own).cloned().collect();
        let drawn: Vec<_> = painter.sent.iter().map(|(_, id)| id.clone()).collect();
        assert_eq!(there, drawn[..there.len()], "{}", painter.name);
    }
    let whole = seen(&all);
    let restored = there
        .transact()
        .encode_state_as_update_v1(&StateVector::default());
    take(&all, &restored);
    assert_eq!(seen(&all), whole);
    assert!(ids(&there).len() < ids(&all).len());
    drop(lost);

    // The pages that were open come back, and with them what they had.
    let mut pages = Vec::new();
    for painter in &painters {
        pages.push(come_back(painter.client.doc().clone(), &node, &busy, token).await);
    }
    let every: BTreeSet<_> = painters
        .iter()
        .flat_map(|painter| painter.sent.iter().map(|(_, id)| id.clone()))
        .collect();
    within_for(PATIENCE, "everything that was drawn", async || {
        let there = ids(&document(&node, token, &busy).await);
        let shown = pages.iter().all(|page| ids(page.doc()) == every);
        (there == every && shown).then_some(())
    })
    .await;
}
