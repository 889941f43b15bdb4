//! Nothing breaks: a group does what a node alone does.

use std::sync::Arc;

use super::group::{ALL, BOARD, Group, no_cuts};
use super::writers::{Writers, stored};
use crate::tests::{append_update, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_voters_owe_what_every_store_owes() {
    let group = Group::form(no_cuts()).await;
    easel_storage::suite::run(Arc::new(group.whoever_leads())).await;
    group.check_equal().await;
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_propose_at_once_is_the_same_everywhere() {
    let group = Group::form(no_cuts()).await;
    let writers = Writers::start(&group.whoever_leads(), 16, 1);
    writers.acknowledged(500).await;
    writers.stop_and_check(&group).await;
    for node in ALL {
        let mut status = group.nodes[&node].status();
        let well = status.wait_for(|s| s.has_quorum && s.fatal.is_none());
        within("health", well).await.expect("the node runs");
    }
    group.shutdown().await;
}

/// One entry that takes far longer to send than openraft waits for an answer, and than followers wait for a leader.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_entry_passes_a_slow_line_and_the_leader_stays() {
    /// A machine that stands still for a second has another leader whatever the line does.
    const TRIES: usize = 3;
    let group = Group::form(no_cuts()).await;
    group.net.slow_down(4 << 20);
    for nth in 1..=TRIES {
        let leader = group.leader().await;
        let term = |node: u64| group.nodes[&node].status().borrow().term;
        let before = term(leader);
        let large = append_update(BOARD, vec![7; 24 << 20]);
        let store = group.patient(leader);
        let submitted = within("the large one", store.submit(vec![large])).await;
        let submitted = submitted.expect("an answer");
        submitted.replies[0].as_ref().expect("an update");
        for node in ALL {
            group.applied(node, submitted.index.0).await;
        }
        let stayed = ALL.iter().all(|node| term(*node) == before);
        assert_eq!(stored(&*store).await.len(), nth);
        if stayed {
            break;
        }
        assert!(nth < TRIES, "each large entry brought another leader");
    }
    group.check_equal().await;
    group.shutdown().await;
}
