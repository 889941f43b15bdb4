//! Which kind of network the nodes get.

use easel_tests::apart::{self, Own};
use easel_tests::wires;
use std::io::Write;

/// True when the run can begin here: with namespaces, in a process that has a network of its own. False when it has been
/// run in such a process, and passed.
pub(crate) fn is_ready(test: &str) -> bool {
    if Own::Network.is_here() {
        return apart::rerun(Own::Network, test);
    }
    let wanted = std::env::var("CLUSTER_FAULTS_NETWORK").unwrap_or_default();
    if wanted == "proxies" {
        return true;
    }
    let refused = apart::is_refused(Own::Network, wires::TRIAL);
    match (wanted.as_str(), refused) {
        (_, None) => apart::rerun(Own::Network, test),
        ("namespaces", Some(why)) => panic!("no network namespaces here: {why}"),
        (_, Some(why)) => {
            // Also where what a test prints is shown only if it fails.
            let _ = writeln!(
                std::io::stderr(),
                "partitions by TCP proxies: no network namespaces here ({why})"
            );
            true
        }
    }
}
