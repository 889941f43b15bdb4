//! A state taken out of a running node, and a node of its own made of it.

use std::io::Read;

use bytes::Bytes;
use easel_cluster::{RestoreError, Restored, Restoring, StartError};
use easel_storage::names::SecretHash;
use easel_storage::nodes::{NodePlace, NodesAnswer, NodesCommand, NodesQuery};
use easel_storage::redb::InstallError;
use easel_storage::{Actor, Answer, Envelope, Query, ReadLevel, Time};

use super::{append, options, refusal, start, updates, used_folder};
use easel_cluster::Node;

/// What a backup of the node would hold.
async fn taken(node: &Node) -> Vec<u8> {
    let state = node.backup_source().begin().await.expect("a state");
    let mut bytes = Vec::new();
    let mut reader = state.reader;
    reader.read_to_end(&mut bytes).expect("it is read");
    bytes
}

/// What only the nodes of the cluster that is backed up have a use for.
fn of_a_cluster() -> Vec<Envelope> {
    let place = NodePlace {
        address: "127.0.0.1:7081".to_owned(),
        url: "http://127.0.0.1:8081".to_owned(),
        version: "0.1.0".to_owned(),
    };
    let commands = [
        NodesCommand::PutAuthority {
            certificate: Bytes::from_static(b"certificate"),
            sealed_key: Bytes::from_static(b"sealed"),
        },
        NodesCommand::OfferJoin {
            hash: SecretHash::from_bytes([1; 32]),
            expires_at: Time(u64::MAX),
        },
        NodesCommand::PutNode { node: 1, place },
    ];
    let envelope = |command: NodesCommand| Envelope::new(Actor::System, command.into());
    commands.map(envelope).into()
}

fn restore(dir: &std::path::Path, mut state: &[u8]) -> Result<Restored, RestoreError> {
    let restoring = Restoring::begin(dir)?;
    restoring.load(&mut state)?;
    restoring.finish()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_restored_is_a_node_of_a_cluster_of_its_own_and_goes_on() {
    let before = used_folder(3).await;
    let node = start(before.path()).await;
    let status = node.status().borrow().clone();
    let store = node.store();
    for of_its_cluster in of_a_cluster() {
        let kept = store.submit(vec![of_its_cluster]).await.expect("kept");
        kept.replies[0].as_ref().expect("it is taken");
    }
    let state = taken(&node).await;
    store.submit(vec![append("later")]).await.expect("kept");
    node.shutdown().await;

    let dir = tempfile::tempdir().expect("a folder");
    let restored = restore(dir.path(), &state).expect("it is restored");
    assert_eq!(restored.instance, status.instance_id);
    assert_ne!(restored.cluster, status.cluster_id);
    for round in 0..3 {
        let node = start(dir.path()).await;
        let now = node.status().borrow().clone();
        assert_eq!(now.cluster_id, restored.cluster);
        assert_eq!(now.instance_id, restored.instance);
        assert_eq!(now.node_id, 1);
        let nodes = |query| Query::Nodes(query);
        for query in [NodesQuery::All, NodesQuery::Authority] {
            let read = node.store().read(ReadLevel::Local, nodes(query)).await;
            match read.expect("a read").answer {
                Answer::Nodes(NodesAnswer::All(all)) => assert_eq!(all.nodes, []),
                Answer::Nodes(NodesAnswer::Authority(authority)) => assert_eq!(authority, None),
                other => panic!("{other:?}"),
            }
        }
        let there = updates(&*node.store()).await;
        assert_eq!(there.len(), 3 + round, "{there:?}");
        assert!(!there.contains(&"later".into()));
        let store = node.store();
        let kept = store.submit(vec![append("after")]).await.expect("kept");
        assert!(kept.index.0 > restored.index, "{kept:?}");
        node.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_with_a_node_or_with_half_a_restore_is_refused() {
    let used = used_folder(1).await;
    let node = start(used.path()).await;
    let state = taken(&node).await;
    let busy = restore(used.path(), &state);
    assert!(
        matches!(busy, Err(RestoreError::Folder(StartError::InUse { .. }))),
        "{busy:?}"
    );
    node.shutdown().await;
    let full = restore(used.path(), &state);
    assert!(
        matches!(full, Err(RestoreError::Folder(StartError::NotEmpty { .. }))),
        "{full:?}"
    );

    // Cut off before its end, with the state in place.
    let dir = tempfile::tempdir().expect("a folder");
    let restoring = Restoring::begin(dir.path()).expect("an empty folder");
    restoring.load(&mut &state[..]).expect("a state");
    drop(restoring);
    assert!(matches!(
        refusal(dir.path()).await,
        StartError::Unfinished { .. }
    ));
    let again = restore(dir.path(), &state);
    assert!(
        matches!(
            again,
            Err(RestoreError::Folder(StartError::Unfinished { .. }))
        ),
        "{again:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_not_whole_makes_no_node() {
    let used = used_folder(2).await;
    let node = Node::start(options(used.path())).await.expect("a node");
    let state = taken(&node).await;
    node.shutdown().await;
    let mut altered = state.clone();
    altered[state.len() / 2] ^= 1;
    for damaged in [&state[..state.len() - 1], &state[..10], &altered[..], b""] {
        let dir = tempfile::tempdir().expect("a folder");
        let told = restore(dir.path(), damaged);
        assert!(
            matches!(told, Err(RestoreError::State(InstallError::Damaged(_)))),
            "{told:?}"
        );
        assert!(!dir.path().join("node.json").exists());
    }
}
