//! The promise: what was shown as saved is there after a kill, whatever was going on.

use easel_tests::{Client, Dialect, Node, NodeOptions, within};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use yrs::{Any, Doc};

const WRITERS: usize = 5;
const PER_SECOND: u64 = 20;
const PATIENCE: Duration = Duration::from_secs(60);

struct Writer {
    client: Client,
    /// Keys by the number of the sync frame of this connection that carries them.
    sent: Vec<(u64, String)>,
    next: usize,
}

impl Writer {
    fn new(client: Client) -> Self {
        Self {
            client,
            sent: Vec::new(),
            next: 0,
        }
    }

    fn write(&mut self, writer: usize, run: usize) {
        let key = format!("w{writer}-r{run}-{}", self.next);
        self.next += 1;
        self.client.set(&key, 1.0);
        self.sent.push((self.client.sent_frames(), key));
    }

    fn saved(&self) -> impl Iterator<Item = &String> {
        let saved = self.client.saved_frames();
        self.sent
            .iter()
            .filter(move |(frame, _)| *frame <= saved)
            .map(|(_, key)| key)
    }
}

/// Five people draw 20 strokes a second; the process is killed after 8 s and again 5 s after its return.
///
/// After each kill: everything acknowledged is there for a newcomer before any writer is back. Once the writers are
/// back, everything that anybody else had seen is there too.
#[tokio::test]
async fn nothing_saved_is_lost_by_kill_9_under_load() {
    let mut node = Node::start(NodeOptions::raw()).await;
    let mut docs: Vec<Doc> = (0..WRITERS).map(|_| Doc::new()).collect();
    let mut saved = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (run, seconds) in [(0, 8), (1, 5)] {
        let watcher = Client::join(&node.address, "load", Dialect::Easel).await;
        let mut writers = Vec::new();
        for doc in &docs {
            let client =
                Client::join_with(doc.clone(), &node.address, "load", Dialect::Easel).await;
            client.until_saved().await;
            writers.push(Writer::new(client));
        }
        let begun = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_millis(1_000 / PER_SECOND));
        // The kill must come in the middle of writing, and find much that is acknowledged: how soon is the machine's affair.
        let is_enough = |writers: &[Writer]| {
            let written: usize = writers.iter().map(|writer| writer.sent.len()).sum();
            let acknowledged: usize = writers.iter().map(|writer| writer.saved().count()).sum();
            acknowledged * 10 >= written * 8
        };
        while begun.elapsed() < Duration::from_secs(seconds) || !is_enough(&writers) {
            assert!(begun.elapsed() < PATIENCE, "most of it stays unsaved");
            ticks.tick().await;
            for (number, writer) in writers.iter_mut().enumerate() {
                writer.write(number, run);
            }
        }
        node.kill().await;
        for writer in &writers {
            writer.client.until_closed().await;
            saved.extend(writer.saved().cloned());
        }
        seen.extend(watcher.keys("root"));
        let written: usize = writers.iter().map(|writer| writer.sent.len()).sum();
        let acknowledged: usize = writers.iter().map(|writer| writer.saved().count()).sum();
        println!(
            "run {run}: {written} written, {acknowledged} acknowledged, {} seen by another",
            seen.len()
        );
        node = node.restart().await;
        let newcomer = Client::join(&node.address, "load", Dialect::Easel).await;
        let there: BTreeSet<String> = newcomer.keys("root").into_iter().collect();
        let lost: Vec<&String> = saved.difference(&there).collect();
        assert!(
            lost.is_empty(),
            "{} saved updates lost, such as {:?}",
            lost.len(),
            lost.first()
        );
        docs = writers
            .into_iter()
            .map(|writer| writer.client.doc().clone())
            .collect();
    }
    let mut back = Vec::new();
    for doc in docs {
        back.push(Client::join_with(doc, &node.address, "load", Dialect::Easel).await);
    }
    let newcomer = Client::join(&node.address, "load", Dialect::Easel).await;
    within("what others had seen", async || {
        let there: BTreeSet<String> = newcomer.keys("root").into_iter().collect();
        seen.is_subset(&there).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_orderly_stop_saves_what_was_taken_and_comes_to_an_end() {
    let mut node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "stop", Dialect::Easel).await;
    let mut writer = Writer::new(a);
    for _ in 0..200 {
        writer.write(0, 0);
    }
    node.signal(rustix::process::Signal::TERM);
    let status = tokio::time::timeout(PATIENCE, node.wait()).await;
    let status = status.unwrap_or_else(|_| panic!("no end: {}", node.output()));
    assert!(status.success(), "{status}\n{}", node.output());
    assert_eq!(writer.client.until_closed().await.code, 1012);
    let told = writer.client.controls();
    assert!(
        told.iter().any(|control| control["t"] == "draining"),
        "{told:?}"
    );
    let saved: Vec<String> = writer.saved().cloned().collect();
    let node = node.restart().await;
    let back = Client::join(&node.address, "stop", Dialect::Easel).await;
    let there = back.keys("root");
    assert!(saved.iter().all(|key| there.contains(key)));
    // What it did not take is still with the client.
    let again = Client::join_with(
        writer.client.doc().clone(),
        &node.address,
        "stop",
        Dialect::Easel,
    )
    .await;
    again.until_saved().await;
    within("all 200", async || {
        (back.keys("root").len() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_long_board_is_folded_and_opens_again_whole() {
    let mut node = Node::start(NodeOptions::raw()).await;
    let a = Client::join(&node.address, "long", Dialect::Easel).await;
    for n in 0..120 {
        a.set(&format!("k{n}"), "x".repeat(10_000));
        if n % 10 == 9 {
            a.until_saved().await;
        }
    }
    a.until_saved().await;
    within("a compaction", async || {
        let metrics = node.get("/metrics").await.text().await.ok()?;
        let count = metrics
            .lines()
            .find_map(|line| line.strip_prefix("easel_store_compactions_total "))?;
        (count.parse::<f64>().ok()? >= 1.0).then_some(())
    })
    .await;
    node.kill().await;
    let node = node.restart().await;
    let b = Client::join(&node.address, "long", Dialect::Easel).await;
    assert_eq!(b.keys("root").len(), 120);
    assert_eq!(b.json("root"), a.json("root"));
}

/// Honest, and close to what an attack looks like: the edit's parent is no longer a shared type but garbage.
#[tokio::test]
async fn an_offline_edit_of_what_was_deleted_and_folded_meanwhile_is_taken() {
    let node = Node::start(NodeOptions::default().with("EASEL_REALTIME__ROOM_IDLE", "1s")).await;
    let board = node.create_board("Folded").await;
    let a = Client::join(&node.address, &board, Dialect::Easel).await;
    a.draw(
        "el_1",
        &[("type", Any::from("sticky")), ("z", Any::from("a0"))],
    );
    a.until_saved().await;
    a.leave();
    a.until_closed().await;
    a.change("el_1", "fill", "blue");
    a.draw(
        "el_2",
        &[("type", Any::from("sticky")), ("z", Any::from("a1"))],
    );

    let b = Client::join(&node.address, &board, Dialect::Easel).await;
    b.erase("el_1");
    b.until_saved().await;
    b.leave();
    within("the room to be folded and closed", async || {
        let metrics = node.get("/metrics").await.text().await.ok()?;
        let has = |line: &str| metrics.lines().any(|found| found == line);
        (has("easel_boards_open 0") && has("easel_store_compactions_total 1")).then_some(())
    })
    .await;

    let back = Client::join_with(a.doc().clone(), &node.address, &board, Dialect::Easel).await;
    back.until_saved().await;
    assert_eq!(back.closed(), None);
    let newcomer = Client::join(&node.address, &board, Dialect::Easel).await;
    assert_eq!(newcomer.keys("elements"), ["el_2"]);
}
