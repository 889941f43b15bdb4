//! What the store promises about order, repetition and freshness.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::future::join_all;

use super::{Bench, board_of, expect, expect_refused, raw_room, title, update, updates};
use crate::command::{Actor, Command, Envelope, Outcome, Rejection};
use crate::ids::{BoardId, CommandId, DocName};
use crate::query::Query;
use crate::store::{CommitIndex, ReadLevel};

pub(super) async fn a_command_id_runs_once(bench: &Bench) {
    let doc: DocName = bench.create("Once").await.id.into();
    let once = Envelope {
        id: Some(CommandId::mint()),
        actor: Actor::Local,
        kind: Command::AppendUpdates {
            doc: doc.clone(),
            updates: updates(2).iter().map(|bytes| update(bytes, None)).collect(),
        },
    };
    let (_, first) = bench.submit(once.clone()).await;
    bench.append(&doc, &updates(1)).await.unwrap();
    let (_, again) = bench.submit(once.clone()).await;
    expect(again, first.clone());
    // Twice in one submission, and from two callers at once.
    let both = bench.store.submit(vec![once.clone(), once.clone()]).await;
    let both = both.expect("the store takes the commands").replies;
    assert_eq!(both, [first.clone(), first.clone()]);
    for (_, reply) in join_all([bench.submit(once.clone()), bench.submit(once)]).await {
        expect(reply, first.clone());
    }
    let state = bench.doc(&doc).await.expect("the document");
    assert_eq!(state.head_seq, 3);
}

pub(super) async fn a_refusal_is_remembered_too(bench: &Bench) {
    let board = BoardId::mint();
    let early = Envelope {
        id: Some(CommandId::mint()),
        actor: Actor::Local,
        kind: Command::RenameBoard {
            board,
            title: title("Early"),
            if_rev: None,
        },
    };
    let (_, refused) = bench.submit(early.clone()).await;
    expect_refused(refused, Rejection::BoardNotFound);
    let create = Command::CreateBoard {
        board,
        title: title("Late"),
    };
    bench.run(create).await.unwrap();
    // The caller was told no; a retry of the same attempt must not turn that into a yes.
    let (_, retried) = bench.submit(early).await;
    expect_refused(retried, Rejection::BoardNotFound);
    let title = bench
        .board(board)
        .await
        .map(|board| board.title.to_string());
    assert_eq!(title.as_deref(), Some("Late"));
}

pub(super) async fn replies_come_in_order(bench: &Bench) {
    let board = BoardId::mint();
    let name = |text| Command::RenameBoard {
        board,
        title: title(text),
        if_rev: None,
    };
    let create = Command::CreateBoard {
        board,
        title: title("One"),
    };
    let batch = [
        name("too early"),
        create.clone(),
        create,
        name("Two"),
        name("Three"),
    ];
    let batch = batch.map(|kind| Envelope::new(Actor::Local, kind)).to_vec();
    let submitted = bench.store.submit(batch).await;
    let replies = submitted.expect("the store takes the commands").replies;
    let [early, made, again, second, third] = <[_; 5]>::try_from(replies).expect("five replies");
    expect_refused(early, Rejection::BoardNotFound);
    assert_eq!(board_of(made).rev, 1);
    expect_refused(again, Rejection::BoardExists);
    assert_eq!(board_of(second).title, title("Two"));
    assert_eq!(board_of(third).title, title("Three"));

    let nothing = bench.store.submit(Vec::new()).await;
    assert_eq!(nothing.map(|done| done.replies), Ok(Vec::new()));
}

pub(super) async fn many_at_once_each_get_their_own_reply(bench: &Bench) {
    const CALLERS: usize = 64;
    let doc = raw_room();
    let calls = (0..CALLERS).map(|caller| {
        let doc = &doc;
        async move {
            let mine = [caller, caller].map(|n| Bytes::from(format!("from {n}")));
            match bench.append(doc, &mine).await {
                Ok(Outcome::Appended {
                    first_seq,
                    last_seq,
                    repeats: 0,
                }) => (first_seq, last_seq, mine),
                other => panic!("caller {caller} got {other:?}"),
            }
        }
    });
    let mut given = BTreeSet::new();
    let stored = join_all(calls).await;
    let all = bench.doc_at(&doc, 2 * CALLERS as u64).await;
    let all = all.expect("as many updates as were sent");
    for (first, last, mine) in stored {
        assert_eq!(last, first + 1);
        assert!(given.insert(first), "{first} was given twice");
        // The range a caller was told holds what that caller sent, not a neighbour's.
        assert_eq!(all[first as usize - 1..last as usize], mine);
    }
}

pub(super) async fn a_board_is_made_by_one_of_many(bench: &Bench) {
    const CALLERS: usize = 16;
    let board = BoardId::mint();
    let calls = (0..CALLERS).map(|caller| {
        let title = title(&format!("by {caller}"));
        bench.run(Command::CreateBoard { board, title })
    });
    let replies = join_all(calls).await;
    let refused = Err(Rejection::BoardExists);
    let (refusals, made): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| *reply == refused);
    assert_eq!((refusals.len(), made.len()), (CALLERS - 1, 1));
    // The one who was told so is the one whose board it is.
    let made = made.into_iter().next().expect("there is one");
    assert_eq!(bench.board(board).await, Some(board_of(made)));
}

pub(super) async fn reads_see_what_their_level_promises(bench: &Bench) {
    let mut last = CommitIndex::default();
    for n in 1..=10 {
        let board = BoardId::mint();
        let title = title(&format!("Fresh {n}"));
        let create = Envelope::new(Actor::Local, Command::CreateBoard { board, title });
        let (index, reply) = bench.submit(create).await;
        let made = board_of(reply);
        assert!(index > last, "{index:?} after {last:?}");
        last = index;
        for level in [ReadLevel::AtLeast(index), ReadLevel::Linearizable] {
            let read = bench.store.read(level, Query::Board(board)).await;
            let read = read.expect("the store answers");
            assert!(read.index >= index, "{level:?} answered {:?}", read.index);
            assert_eq!(read.answer.into_board(), Some(made.clone()), "{level:?}");
        }
        // A local read promises nothing about how new it is, but it must say truly how old it is.
        let read = bench
            .store
            .read(ReadLevel::Local, Query::Board(board))
            .await;
        let read = read.expect("the store answers");
        if read.index >= index {
            assert_eq!(read.answer.into_board(), Some(made));
        }
    }
}
