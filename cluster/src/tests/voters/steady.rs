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
        let status = group.nodes[&node].status().borrow().clone();
        assert!(status.has_quorum && status.fatal.is_none(), "{status:?}");
    }
    group.shutdown().await;
}

/// One entry that takes far longer to send than openraft waits for an answer, and than followers wait for a leader.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_entry_passes_a_slow_line_and_the_leader_stays() {
    let group = Group::form(no_cuts()).await;
    let leader = group.leader().await;
    let term = group.nodes[&leader].status().borrow().term;
    group.net.slow_down(4 << 20);
    let large = append_update(BOARD, vec![7; 24 << 20]);
    let submitted = within("the large one", group.store(leader).submit(vec![large])).await;
    submitted.expect("an answer").replies[0]
        .as_ref()
        .expect("an update");
    let index = group.committed(leader).await;
    for node in ALL {
        group.applied(node, index).await;
        assert_eq!(group.nodes[&node].status().borrow().term, term);
    }
    assert_eq!(stored(&*group.store(leader)).await.len(), 1);
    group.check_equal().await;
    group.shutdown().await;
}
