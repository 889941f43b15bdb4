//! A partition that lasts. By then TCP sends again only every half a minute, so whoever waited for an old connection would be
//! without the cluster for as long again.

use crate::{network, verdict};
use easel_tests::{Client, Cluster, Cut, Dialect};
use std::time::{Duration, Instant};
use yrs::Any;

/// Just longer than TCP waits before it sends a seventh time; the eighth comes after another 25 s.
const CUT_FOR: Duration = Duration::from_secs(28);
const STROKE_EVERY: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute and a half; the soak runs it"]
async fn a_node_that_was_long_cut_off_is_of_use_again_long_before_as_much_time_has_passed() {
    if !network::is_ready(
        "long::a_node_that_was_long_cut_off_is_of_use_again_long_before_as_much_time_has_passed",
    ) {
        return;
    }
    let cluster = Cluster::grow(3).await;
    println!("partitions by {}", cluster.network().kind());
    cluster.lead(0).await;
    let addresses = cluster.addresses();
    let board = cluster.nodes()[0].create_board("Plan").await;
    let client = Client::join(&addresses[0], &board, Dialect::Easel).await;
    let mut strokes = 0;
    let mut draw_for = async |time: Duration| {
        let begun = Instant::now();
        while begun.elapsed() < time {
            strokes += 1;
            let stroke = format!("s{strokes}");
            client.draw(
                &stroke,
                &[("type", Any::from("sticky")), ("z", Any::from("a0"))],
            );
            tokio::time::sleep(STROKE_EVERY).await;
        }
    };
    for cut in [Cut::Off, Cut::Deaf, Cut::Mute] {
        // Somebody draws, so that something is on its way to the node at every moment.
        draw_for(Duration::from_secs(1)).await;
        cluster.cut(&[1], cut);
        draw_for(CUT_FOR).await;
        cluster.heal();
        let healed = Instant::now();
        let back = verdict::saves(&addresses[1], &board);
        tokio::select! {
            () = back => {}
            () = draw_for(Duration::MAX) => {}
        }
        let after = healed.elapsed();
        println!(
            "{cut:?} for {CUT_FOR:?}: saves again after {} ms",
            after.as_millis()
        );
        assert!(after < CUT_FOR / 2, "{cut:?}: only after {after:?}");
    }
    client.until_saved().await;
}
