//! Nodes of one cluster in one process, over TLS on loopback. The first leads.

use std::path::Path;
use std::time::Duration;

use easel_cluster::{JoinOptions, Master, Node, Options, PeerOptions, Standing, Vacant};
use tokio::net::TcpListener;

const NAME: &str = "measured";
const VERSION: &str = "0.1.0";
const LIFE: Duration = Duration::from_secs(3_600);
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(60);

pub(crate) struct Group {
    nodes: Vec<Node>,
}

impl Group {
    pub(crate) async fn start(dir: &Path, count: usize) -> Self {
        if count == 1 {
            let node = Node::start(Options::new(dir)).await;
            let nodes = vec![node.expect("the node starts")];
            return Self { nodes };
        }
        let listener = listener().await;
        let seed = address(&listener);
        let mut group = Self {
            nodes: vec![start(&dir.join("1"), listener).await],
        };
        for id in 2..=count {
            let token = group.leader().members().offer_join(LIFE).await;
            let token = token.expect("a token");
            let dir = dir.join(id.to_string());
            let listener = self::listener().await;
            let vacant = Vacant::take(&dir).expect("a folder").expect("it is empty");
            let asked = JoinOptions {
                seeds: vec![seed.clone()],
                token,
                address: address(&listener),
                url: String::new(),
                version: VERSION.to_owned(),
                cluster_name: NAME.to_owned(),
            };
            let joining = vacant.ask(&asked).await.expect("it is let in");
            joining.settle().expect("it is written down");
            let node = start(&dir, listener).await;
            node.settled().await.expect("the state comes");
            group.nodes.push(node);
        }
        let all = tokio::time::timeout(CAUGHT_UP_WITHIN, group.all_vote()).await;
        all.expect("all vote in the end");
        group
    }

    pub(crate) fn leader(&self) -> &Node {
        &self.nodes[0]
    }

    async fn all_vote(&self) {
        loop {
            let view = self.leader().members().view().await.expect("a view");
            let voters = view
                .nodes
                .iter()
                .filter(|node| node.standing == Standing::Voter);
            if voters.count() == self.nodes.len() && view.leader == Some(view.node) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn shutdown(self) {
        // The leader last: nobody needs to be elected.
        for node in self.nodes.into_iter().rev() {
            node.shutdown().await;
        }
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

fn address(listener: &TcpListener) -> String {
    listener.local_addr().expect("an address").to_string()
}

async fn start(dir: &Path, listener: TcpListener) -> Node {
    let peers = PeerOptions {
        address: address(&listener),
        listener,
        url: String::new(),
        version: VERSION.to_owned(),
        cluster_name: NAME.to_owned(),
        hints: Vec::new(),
    };
    let node = Node::start_with_peers(Options::new(dir), peers).await;
    let node = node.expect("the node starts");
    node.members().unlock(Master {
        text: "of a measurement".to_owned(),
        seal: [5; 32],
    });
    node
}
