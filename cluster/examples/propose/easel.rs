//! The node, driven through its store.

use std::sync::Arc;
use std::time::Duration;

use easel_storage::{Actor, BoardId, Command, Envelope, NewUpdate, Origin, Payload, Store, Title};

use crate::group::Group;
use crate::{Arguments, Cpu, Figures, VALUE_BYTES, cpu_of, measure};

struct Proposer {
    store: Arc<dyn Store>,
    board: BoardId,
    origin: Origin,
}

pub(crate) async fn run(arguments: &Arguments) {
    for &count in &arguments.proposers {
        let dir = tempfile::tempdir_in(&arguments.dir).expect("a folder");
        let group = Group::start(dir.path(), arguments.nodes).await;
        let node = group.leader();
        let boards: Vec<_> = (0..arguments.boards).map(|_| BoardId::mint()).collect();
        for board in &boards {
            create(&*node.store(), *board).await;
        }
        let proposers = (0..count).map(|nth| Proposer {
            store: node.store(),
            board: boards[nth % boards.len()],
            origin: Origin {
                seat: nth as u64,
                number: 0,
            },
        });
        let before = cpu_of("self");
        let latencies = measure(proposers.collect(), arguments.seconds, propose).await;
        let cpu = Cpu {
            tested: cpu_of("self") - before,
            driver: Duration::ZERO,
        };
        Figures {
            target: "easel",
            nodes: arguments.nodes,
            proposers: count,
            seconds: arguments.seconds,
            latencies: &latencies,
            cpu,
        }
        .print();
        group.shutdown().await;
    }
}

async fn create(store: &dyn Store, board: BoardId) {
    let title = Title::try_from("A board".to_owned()).expect("a title");
    let create = Envelope::new(Actor::Local, Command::CreateBoard { board, title });
    let replies = store.submit(vec![create]).await.expect("an answer").replies;
    assert!(replies[0].is_ok(), "{replies:?}");
}

/// A stroke, as a room appends it.
async fn propose(mut proposer: Proposer) -> Proposer {
    proposer.origin.number += 1;
    let update = NewUpdate {
        author: Actor::Local,
        origin: Some(proposer.origin),
        payload: Payload::Inline(vec![0x5e; VALUE_BYTES].into()),
    };
    let (doc, updates) = (proposer.board.into(), vec![update]);
    let append = Envelope::new(Actor::Local, Command::AppendUpdates { doc, updates });
    let replies = proposer
        .store
        .submit(vec![append])
        .await
        .expect("an answer")
        .replies;
    assert!(replies[0].is_ok(), "{replies:?}");
    proposer
}
