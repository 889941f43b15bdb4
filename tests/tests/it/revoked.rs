//! What was revoked on one node, on another that cannot have heard of it: one that stood still, and one that is cut off.

use easel_tests::cluster::PATIENCE;
use easel_tests::people::{ask, invite, set_up, text};
use easel_tests::{Client, Cluster, Cut, within_for};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use yrs::Any;

/// What was revoked longer ago than this is granted by nobody. So this is waited for, whatever the machine does.
const TAKES_EFFECT_WITHIN: Duration = Duration::from_secs(1);
/// Two nodes that have just lost the third agree on a leader within it.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Asked at the same time, so that some are read before anything else that the node does.
const ASKED_AT_ONCE: usize = 24;

struct Place {
    cluster: Cluster,
    ada: String,
    board: String,
    /// Of somebody who may edit.
    editor: String,
    token: String,
}

impl Place {
    async fn prepare() -> Self {
        let cluster = Cluster::grow(3).await;
        let first = &cluster.nodes()[0];
        let ada = set_up(first).await;
        let title = Some(json!({ "title": "Plan" }));
        let (status, board) = ask(first, Some(&ada), Method::POST, "/boards", title).await;
        assert_eq!(status, 201, "{board}");
        let board = text(&board["id"]);
        let (editor, token) = invite(first, &ada, &board, "editor").await;
        Self {
            cluster,
            ada,
            board,
            editor,
            token,
        }
    }

    /// Somebody at that node whose drawing is saved there.
    async fn draws_at(&self, place: usize, element: &str) -> Client {
        let node = &self.cluster.nodes()[place];
        let client = within_for(PATIENCE, "the editor to be let in", async || {
            let doc = yrs::Doc::new();
            let dialect = easel_tests::Dialect::Easel;
            let token = Some(self.token.as_str());
            let joining = Client::connect_as(doc, &node.address, &self.board, dialect, token);
            joining.await.ok()
        })
        .await;
        client.send_step_1();
        within_for(PATIENCE, "the board", async || {
            (client.is_synced() && client.sent_frames() > 0).then_some(())
        })
        .await;
        sticky(&client, element);
        within_for(PATIENCE, "the drawing to be saved", async || {
            (client.saved_frames() == client.sent_frames()).then_some(())
        })
        .await;
        client
    }

    /// Asks one of the others until they have agreed on a leader.
    async fn revoke(&self, away: usize, method: Method, body: Option<Value>) -> Instant {
        let member = format!("/boards/{}/members/{}", self.board, self.editor);
        let node = &self.cluster.nodes()[(away + 1) % 3];
        within_for(PATIENCE, "the change of the role", async || {
            let asked = ask(node, Some(&self.ada), method.clone(), &member, body.clone());
            // What came to be of one that has no answer is told by the next.
            let asked = tokio::time::timeout(ANSWER_MAX, asked).await;
            let (status, said) = asked.ok()?;
            assert!(
                [200, 204].contains(&status) || status >= 500,
                "{status} {said}"
            );
            (status < 300).then(Instant::now)
        })
        .await
    }

    /// Questions of the editor's that lie at the node until it reads them.
    fn ask_at(&self, place: usize) -> Vec<tokio::task::JoinHandle<(String, u16)>> {
        let node = &self.cluster.nodes()[place];
        let (elements, board) = (
            node.url(&format!("/api/v1/boards/{}/elements", self.board)),
            node.url(&format!("/api/v1/boards/{}", self.board)),
        );
        let asking = (0..ASKED_AT_ONCE).map(|no| {
            let client = reqwest::Client::new();
            let request = match no % 2 {
                0 => client.get(&board),
                _ => client.post(&elements).json(&json!({
                    "id": format!("late_by_rest_{no}"), "type": "sticky", "box": [0, 0, 200, 200, 0],
                })),
            };
            let request = request.bearer_auth(&self.token).timeout(PATIENCE);
            let what = ["GET", "POST"][no % 2].to_owned();
            tokio::spawn(async move { (what, request.send().await.expect("an answer").status().as_u16()) })
        });
        asking.collect()
    }

    /// Nothing that came late is anywhere, and what was there before is everywhere.
    async fn check(&self, before: &str) {
        for node in self.cluster.nodes() {
            let client = within_for(PATIENCE, "the node to be in touch", async || {
                let doc = yrs::Doc::new();
                let dialect = easel_tests::Dialect::Easel;
                let token = Some(self.ada.as_str());
                let joining = Client::connect_as(doc, &node.address, &self.board, dialect, token);
                joining.await.ok()
            })
            .await;
            client.send_step_1();
            within_for(PATIENCE, "the board as it was", async || {
                client.value("elements", before).map(drop)
            })
            .await;
            let late = client.keys("elements");
            let late: Vec<_> = late.iter().filter(|id| id.starts_with("late")).collect();
            assert!(late.is_empty(), "{late:?}");
        }
    }
}

/// The signal is sent at once; each thread stops when it is its turn.
async fn stands_still(process: u32) {
    within_for(PATIENCE, "every thread to stop", async || {
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("it is there");
        let all = threads.flatten().all(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            // After the name, which may hold anything.
            stat.rsplit_once(") ")
                .is_some_and(|(_, rest)| rest.starts_with('T'))
        });
        all.then_some(())
    })
    .await;
}

fn sticky(client: &Client, id: &str) {
    client.draw(id, &[("type", Any::from("sticky")), ("z", Any::from("a0"))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stood_still_grants_nobody_what_they_lost_meanwhile() {
    let mut place = Place::prepare().await;
    let leader = place.cluster.leader(&[]).await;
    let viewer = Some(json!({ "role": "viewer" }));
    let rounds = [
        (leader, Method::PUT, viewer, "before_1"),
        ((leader + 1) % 3, Method::DELETE, None, "before_2"),
    ];
    for (away, method, body, before) in rounds {
        let is_removed = body.is_none();
        let draws = place.draws_at(away, before).await;
        let frames = draws.saved_frames();
        place.cluster.node(away).signal(Signal::STOP);
        stands_still(place.cluster.nodes()[away].pid()).await;
        sticky(&draws, &format!("late_{before}"));
        let asked = place.ask_at(away);
        let revoked_at = place.revoke(away, method, body).await;
        tokio::time::sleep_until((revoked_at + TAKES_EFFECT_WITHIN).into()).await;
        place.cluster.node(away).signal(Signal::CONT);
        for answer in asked {
            let (what, status) = answer.await.expect("no panic");
            // Who may still look may look, once it is known that they may.
            let may_be = match (what.as_str(), is_removed) {
                ("GET", false) => vec![200, 503],
                _ => vec![403, 404, 503],
            };
            assert!(may_be.contains(&status), "{what} was answered by {status}");
        }
        within_for(PATIENCE, "the editor to be sent away", async || {
            draws.closed()
        })
        .await;
        assert_eq!(draws.saved_frames(), frames);
        place.check(before).await;
        if !is_removed {
            let editor = Some(json!({ "role": "editor" }));
            place.revoke(away, Method::PUT, editor).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_drawn_at_a_node_that_is_cut_off_is_looked_at_under_the_role_of_then() {
    let place = Place::prepare().await;
    let away = place.cluster.leader(&[]).await;
    let draws = place.draws_at(away, "before").await;
    let frames = draws.saved_frames();
    place.cluster.cut(&[away], Cut::Off);
    let viewer = Some(json!({ "role": "viewer" }));
    let revoked_at = place.revoke(away, Method::PUT, viewer).await;
    tokio::time::sleep_until((revoked_at + TAKES_EFFECT_WITHIN).into()).await;
    sticky(&draws, "late");
    for answer in place.ask_at(away) {
        let (what, status) = answer.await.expect("no panic");
        assert_eq!(status, 503, "{what}");
    }
    place.cluster.heal();
    within_for(PATIENCE, "the editor to be sent away", async || {
        draws.closed()
    })
    .await;
    assert_eq!(draws.saved_frames(), frames);
    place.check("before").await;
}
