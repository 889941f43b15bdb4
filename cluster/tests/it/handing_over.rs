//! Another node leads because somebody wishes so, while everybody writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use easel_cluster::{MembersError, Node};

use super::growing::{Group, within};
use crate::{BOARD, append, create_board, updates};

/// Commands without ids, through every node, one after another; each must have its answer.
struct Writers {
    over: Arc<AtomicBool>,
    written: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Writers {
    fn start(nodes: &[Node]) -> Self {
        let (over, written) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let tasks = nodes.iter().chain(nodes).map(|node| {
            let (store, over, written) = (node.store(), over.clone(), written.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let submitted = store.submit(vec![append("a stroke")]).await;
                    let replies = submitted.expect("nobody is refused").replies;
                    replies[0].as_ref().expect("an update");
                    written.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let tasks = tasks.collect();
        Self {
            over,
            written,
            tasks,
        }
    }

    async fn until_more(&self) {
        let before = self.written.load(Ordering::Relaxed);
        let waiting = async {
            while self.written.load(Ordering::Relaxed) < before + 50 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within("writes", waiting).await;
    }

    async fn stop(self) -> usize {
        self.over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            within("a writer", task).await.expect("a writer");
        }
        self.written.load(Ordering::Relaxed)
    }
}

/// A machine that stands still may be too slow for it once; each attempt must leave nobody refused.
pub(super) async fn transfer(node: &Node, to: u64) {
    let trying = async {
        loop {
            match node.members().transfer_leader(Some(to)).await {
                Ok(leader) => return assert_eq!(leader, to),
                Err(MembersError::Unavailable(why)) => println!("not yet: {why}"),
                Err(error) => panic!("{error}"),
            }
        }
    };
    within("the transfer", trying).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leadership_moves_under_steady_writes_and_nobody_is_refused() {
    moves_among(3).await;
}

/// Beside the one that leads and the one that is to, others have a say, and have just heard the leader.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leadership_moves_among_four_as_well() {
    moves_among(4).await;
}

async fn moves_among(nodes: u64) {
    let mut group = Group::of_one().await;
    for _ in 1..nodes {
        group.grow().await;
    }
    let store = group.nodes[0].store();
    let made = store.submit(vec![create_board(BOARD)]).await;
    made.expect("a board");
    let writers = Writers::start(&group.nodes);
    for to in (2..=nodes).chain([1]) {
        writers.until_more().await;
        transfer(&group.nodes[0], to).await;
    }
    writers.until_more().await;
    // As a node does that is about to end.
    let members = group.nodes[0].members();
    let handing = async {
        loop {
            match members.hand_over(Duration::from_secs(60)).await {
                Ok(Some(to)) => return to,
                // Another leads meanwhile.
                Ok(None) => transfer(&group.nodes[0], 1).await,
                Err(MembersError::Unavailable(why)) => println!("not yet: {why}"),
                Err(error) => panic!("{error}"),
            }
        }
    };
    let to = within("the handing over", handing).await;
    assert!((2..=nodes).contains(&to), "{to}");
    writers.until_more().await;
    let written = writers.stop().await;
    for node in &group.nodes {
        // What was asked again of the new leader ran once.
        assert_eq!(updates(&*node.store()).await.len(), written);
    }
    group.shutdown().await;
}
