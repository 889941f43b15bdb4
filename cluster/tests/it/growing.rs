//! A cluster that grows by tokens, over mutual TLS, and shrinks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use easel_cluster::{
    JoinError, JoinOptions, Master, MembersError, Node, Options, PeerOptions, Standing, StartError,
    Vacant,
};
use easel_storage::{
    Actor, Answer, BoardId, Command, Envelope, NewUpdate, Payload, Query, ReadLevel,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::handing_over::transfer;
use crate::create_board;

const LIFE: Duration = Duration::from_secs(3_600);
const VERSION: &str = "0.1.0";

/// Long enough for a machine under load.
pub(super) async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(60), work).await;
    done.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

pub(super) struct Group {
    home: TempDir,
    pub(super) nodes: Vec<Node>,
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

fn address(listener: &TcpListener) -> String {
    listener.local_addr().expect("an address").to_string()
}

async fn start(dir: &Path, listener: TcpListener) -> Result<Node, StartError> {
    start_knowing(dir, listener, Vec::new()).await
}

async fn start_knowing(
    dir: &Path,
    listener: TcpListener,
    hints: Vec<String>,
) -> Result<Node, StartError> {
    let options = Options {
        disk_reserve_bytes: 0,
        state_cache_bytes: 1 << 20,
        ..Options::new(dir)
    };
    let peers = PeerOptions {
        address: address(&listener),
        listener,
        url: format!(
            "http://{}",
            dir.file_name().expect("a name").to_string_lossy()
        ),
        version: VERSION.to_owned(),
        cluster_name: "drawing".to_owned(),
        hints,
    };
    let node = Node::start_with_peers(options, peers).await?;
    node.members().unlock(Master {
        text: "the master key".to_owned(),
        seal: [5; 32],
    });
    Ok(node)
}

fn options(seed: &str, listener: &TcpListener, token: &str) -> JoinOptions {
    JoinOptions {
        seeds: vec![seed.to_owned()],
        token: token.to_owned(),
        address: address(listener),
        url: String::new(),
        version: VERSION.to_owned(),
        cluster_name: "drawing".to_owned(),
    }
}

/// Asks again as long as no node leads, or the leader went meanwhile.
async fn answered<T>(
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<T, MembersError>,
) -> Result<T, MembersError> {
    let asking = async {
        loop {
            match ask().await {
                Err(MembersError::Unavailable(why)) => println!("{what}, not yet: {why}"),
                answer => return answer,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(what, asking).await
}

async fn offer_join(node: &Node) -> String {
    let members = node.members();
    let token = answered("a token", async || members.offer_join(LIFE).await).await;
    token.expect("a token")
}

async fn remove(node: &Node, gone: u64) {
    let members = node.members();
    let removed = answered("the removal", async || members.remove(gone).await).await;
    match removed {
        // A try that was not answered may have been the one.
        Ok(()) | Err(MembersError::NoNode(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

impl Group {
    pub(super) async fn of_one() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let first = start(&home.path().join("1"), listener().await).await;
        Self {
            nodes: vec![first.expect("the first starts")],
            home,
        }
    }

    /// A node that comes in by a token, and votes.
    pub(super) async fn grow(&mut self) {
        let token = offer_join(&self.nodes[0]).await;
        let id = self.nodes.len() as u64 + 1;
        let dir = self.home.path().join(id.to_string());
        // Asked of the last to come in: it names the leader.
        let seed = self.place_of(self.nodes.len() as u64).await;
        let listener = listener().await;
        let vacant = Vacant::take(&dir).expect("a folder").expect("it is empty");
        let joining = within("a yes", vacant.ask(&options(&seed, &listener, &token))).await;
        let joining = joining.expect("it is let in");
        assert_eq!((joining.node(), joining.master()), (id, "the master key"));
        joining.settle().expect("it is written down");
        let again = Vacant::take(&dir).expect("a folder");
        assert!(again.is_none(), "it is a node's now");
        let node = start(&dir, listener).await.expect("the node starts");
        within("the state", node.settled()).await.expect("it comes");
        self.nodes.push(node);
        self.until(&format!("node {id} votes"), |nodes| {
            nodes
                .iter()
                .any(|(node, standing)| *node == id && *standing == Standing::Voter)
        })
        .await;
    }

    async fn place_of(&self, id: u64) -> String {
        let view = self.nodes[0].members().view().await.expect("a view");
        let node = view.nodes.iter().find(|node| node.id == id);
        node.expect("it is known").address.clone()
    }

    /// As every node sees it.
    async fn until(&self, what: &str, holds: impl Fn(&[(u64, Standing)]) -> bool) {
        for node in &self.nodes {
            let waiting = async {
                loop {
                    let view = node.members().view().await.expect("a view");
                    let nodes = view.nodes.iter().map(|node| (node.id, node.standing));
                    if holds(&nodes.collect::<Vec<_>>()) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            within(what, waiting).await;
        }
    }

    pub(super) async fn shutdown(self) {
        for node in self.nodes {
            within("a shutdown", node.shutdown()).await;
        }
    }
}

fn board(n: u8) -> BoardId {
    BoardId::from_bytes([n; 16])
}

async fn create(node: &Node, n: u8) {
    let made = node.store().submit(vec![create_board(board(n))]).await;
    made.expect("a board");
}

async fn holds(node: &Node, n: u8) -> bool {
    let read = node
        .store()
        .read(ReadLevel::Local, Query::Board(board(n)))
        .await;
    matches!(read.expect("a read").answer, Answer::Board(Some(_)))
}

async fn until_it_holds(node: &Node, n: u8) {
    let waiting = async {
        while !holds(node, n).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within("the board to come", waiting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_grow_from_one_and_one_is_taken_out() {
    let mut group = Group::of_one().await;
    create(&group.nodes[0], 1).await;
    group.grow().await;
    group.grow().await;
    create(&group.nodes[0], 2).await;
    for node in &group.nodes {
        until_it_holds(node, 1).await;
        until_it_holds(node, 2).await;
    }

    // The last goes, and learns of it.
    let gone = group.nodes.pop().expect("a third");
    // A follower has the leader remove it.
    remove(&group.nodes[1], 3).await;
    group
        .until("node 3 is gone", |nodes| {
            nodes.iter().all(|(id, _)| *id != 3)
        })
        .await;
    let mut status = gone.status();
    let told = within(
        "the removed to know",
        status.wait_for(|s| s.fatal.is_some()),
    )
    .await;
    let why = told
        .expect("the node is there")
        .fatal
        .clone()
        .unwrap_or_default();
    assert!(why.contains("taken out of the cluster"), "{why}");
    within("a shutdown", gone.shutdown()).await;

    // One leads after the other, as asked.
    for (asked_at, to) in [(0, 2), (0, 1)] {
        transfer(&group.nodes[asked_at], to).await;
    }

    let members = group.nodes[0].members();
    let unknown = answered("an answer", async || members.remove(9).await).await;
    assert!(
        matches!(unknown, Err(MembersError::NoNode(_))),
        "{unknown:?}"
    );

    // Of two, none can go when the other is away.
    let second = group.nodes.pop().expect("a second");
    within("a shutdown", second.shutdown()).await;
    for node in [1, 2] {
        let refused = group.nodes[0].members().remove(node).await;
        // Which it is depends on whether the first has noticed yet that nobody follows it.
        assert!(
            matches!(
                refused,
                Err(MembersError::Quorum(_) | MembersError::Unavailable(_))
            ),
            "{refused:?}"
        );
    }
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_come_in_is_told_why() {
    let group = Group::of_one().await;
    let token = offer_join(&group.nodes[0]).await;
    let seed = group.place_of(1).await;
    let other = Group::of_one().await;
    let foreign = offer_join(&other.nodes[0]).await;

    let socket = listener().await;
    let dir = group.home.path().join("2");
    let ask = async |change: &dyn Fn(&mut JoinOptions)| {
        let mut options = options(&seed, &socket, &token);
        change(&mut options);
        let vacant = Vacant::take(&dir)
            .expect("a folder")
            .expect("still nobody's");
        match within("an answer", vacant.ask(&options)).await {
            Ok(joining) => panic!("let in as node {}", joining.node()),
            Err(JoinError::Refused(why)) => why,
            Err(other) => other.to_string(),
        }
    };
    for (change, expected) in [
        (
            &(|o: &mut JoinOptions| o.token = "open sesame".to_owned()) as &dyn Fn(&mut _),
            "not a join token",
        ),
        (
            &|o: &mut JoinOptions| o.token.clone_from(&foreign),
            "another cluster than the token",
        ),
        (
            &|o: &mut JoinOptions| o.version = "0.0.9".to_owned(),
            "release 0.0.9",
        ),
        (
            &|o: &mut JoinOptions| o.cluster_name = "painting".to_owned(),
            "called \"drawing\"",
        ),
        (
            &|o: &mut JoinOptions| o.address.clone_from(&seed),
            "is where node 1 is",
        ),
        (
            &|o: &mut JoinOptions| o.address = "127.0.0.1:1".to_owned(),
            "cannot reach 127.0.0.1:1",
        ),
    ] {
        let why = ask(change).await;
        assert!(why.contains(expected), "{why}");
    }

    // The same folder comes in with the same token after all, and the token is used up for everybody else.
    let vacant = Vacant::take(&dir)
        .expect("a folder")
        .expect("still nobody's");
    let joining = within("a yes", vacant.ask(&options(&seed, &socket, &token))).await;
    joining
        .expect("it is let in")
        .settle()
        .expect("it is written down");
    let elsewhere = Vacant::take(&group.home.path().join("3")).expect("a folder");
    let used = elsewhere
        .expect("it is empty")
        .ask(&options(&seed, &socket, &token))
        .await;
    let why = used.map(drop).expect_err("it was used").to_string();
    assert!(why.contains("was used, has expired"), "{why}");
    group.shutdown().await;
    other.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_found_again_where_they_are_now_and_start_without_a_majority() {
    let mut group = Group::of_one().await;
    group.grow().await;
    group.grow().await;
    create(&group.nodes[0], 1).await;
    for node in group.nodes.drain(..) {
        within("a shutdown", node.shutdown()).await;
    }
    let dir = |id: u64| group.home.path().join(id.to_string());
    // One of three is up, knows what it knows, and can say nothing new.
    let third = start(&dir(3), listener().await).await.expect("it starts");
    within("its state", third.settled())
        .await
        .expect("it is there");
    let mut status = third.status();
    let alone = within("it to say so", status.wait_for(|status| !status.in_touch)).await;
    alone.expect("the node is there");

    third.shutdown().await;

    // Each is somewhere else than before, and knows only where to ask.
    let listeners = [listener().await, listener().await, listener().await];
    let hints: Vec<_> = listeners.iter().map(address).collect();
    for (id, listener) in (1..).zip(listeners) {
        let node = start_knowing(&dir(id), listener, hints.clone()).await;
        group.nodes.push(node.expect("it starts"));
    }
    for node in &group.nodes {
        let mut status = node.status();
        let led = within("a leader", status.wait_for(|status| status.has_quorum)).await;
        led.expect("the node is there");
        let waiting = async {
            loop {
                let view = node.members().view().await.expect("a view");
                let places: Vec<_> = view.nodes.into_iter().map(|node| node.address).collect();
                if places == hints {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        within("the new places to be known", waiting).await;
    }
    group.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_survivor_goes_on_alone_and_the_lost_are_refused() {
    let mut group = Group::of_one().await;
    group.grow().await;
    create(&group.nodes[0], 1).await;
    until_it_holds(&group.nodes[1], 1).await;
    let before = group.nodes[1].status().borrow().cluster_id;
    let lost = group.nodes.remove(0);
    let kept = group.nodes.remove(0);
    within("a shutdown", kept.shutdown()).await;
    within("a shutdown", lost.shutdown()).await;

    let dir = group.home.path().join("2");
    let survivor = easel_cluster::survivor(&dir).expect("a folder");
    assert_eq!(
        (survivor.node, survivor.voters.as_slice()),
        (2, &[1, 2][..])
    );
    let after = easel_cluster::recover(&dir).expect("it is recovered");
    assert_ne!(after, before);

    let place = listener().await;
    let seed = address(&place);
    let node = start(&dir, place).await.expect("it starts");
    let mut status = node.status();
    let leads = status.wait_for(|status| status.is_leader && status.has_quorum);
    let status = within("it to lead", leads)
        .await
        .expect("the node is there")
        .clone();
    assert_eq!((status.node_id, status.cluster_id), (2, after));
    assert!(holds(&node, 1).await, "what it had is there");
    create(&node, 2).await;

    // The cluster is as any other: somebody comes in, under a number that no lost node had.
    let token = offer_join(&node).await;
    let view = node.members().view().await.expect("a view");
    assert_eq!(view.nodes.len(), 1, "{view:?}");
    let socket = listener().await;
    let vacant = Vacant::take(&group.home.path().join("3")).expect("a folder");
    let vacant = vacant.expect("it is empty");
    let joining = within("a yes", vacant.ask(&options(&seed, &socket, &token))).await;
    assert_eq!(joining.expect("it is let in").node(), 3);

    // The lost one turns up, and is not heard.
    let lost = start(&group.home.path().join("1"), listener().await).await;
    let lost = lost.expect("it starts");
    assert!(!lost.status().borrow().has_quorum);
    assert_eq!(node.members().view().await.expect("a view").nodes.len(), 2);
    within("a shutdown", lost.shutdown()).await;
    within("a shutdown", node.shutdown()).await;
}

fn blobs_in(dir: &Path) -> Vec<PathBuf> {
    let folder = dir.join("blobs");
    let hashes = (0..=u8::MAX).map(|first| folder.join(format!("{first:02x}")));
    let inside = hashes.filter_map(|folder| std::fs::read_dir(folder).ok());
    let files = inside.flatten().map(|file| file.expect("a file").path());
    files.collect()
}

/// Two changes of the membership later, none of those who were told first may be left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_begins_to_vote_has_the_content_that_lies_apart() {
    let mut group = Group::of_one().await;
    create(&group.nodes[0], 1).await;
    let contents: Vec<Vec<u8>> = (1..=4)
        .map(|salt| vec![salt; Payload::INLINE_BYTES_MAX + 1])
        .collect();
    let append = |content: &Vec<u8>| {
        let update = NewUpdate {
            author: Actor::Local,
            origin: None,
            payload: Payload::Inline(content.clone().into()),
        };
        let (doc, updates) = (board(1).into(), vec![update]);
        Envelope::new(Actor::Local, Command::AppendUpdates { doc, updates })
    };
    let batch = contents.iter().map(append).collect();
    let appended = group.nodes[0].store().submit(batch).await;
    let replies = appended.expect("it runs").replies;
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    for id in [2, 3] {
        group.grow().await;
        let dir = group.home.path().join(id.to_string());
        assert_eq!(blobs_in(&dir).len(), contents.len(), "node {id} votes");
    }
    // The first goes, and with it the only one that was ever handed anything.
    transfer(&group.nodes[1], 2).await;
    let first = group.nodes.remove(0);
    remove(&group.nodes[0], 1).await;
    within("a shutdown", first.shutdown()).await;
    let query = Query::DocAt {
        doc: board(1).into(),
        seq: 4,
    };
    for node in &group.nodes {
        let store = node.store();
        let read = store.read(ReadLevel::Linearizable, query.clone());
        let read = within("a read", read).await.expect("a read");
        let history = read.answer.into_doc_at().expect("four updates");
        assert!(history == contents);
    }
    group.shutdown().await;
}
