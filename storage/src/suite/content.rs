//! What is drawn: appended, compacted, read from the end and from the beginning.

use bytes::Bytes;

use super::{Bench, appended, expect, expect_refused, raw_room, update, updates};
use crate::command::{
    Actor, Command, Envelope, NewUpdate, Origin, Outcome, Payload, Rejection, Reply,
};
use crate::ids::{BoardId, CommandId, DocName};
use crate::query::{BoardSort, BoardsQuery, Body, Query, StoredUpdate};

pub(super) async fn updates_are_numbered_in_order(bench: &Bench) {
    let made = bench.create("Numbered").await;
    let doc = made.id.into();
    let empty = bench.doc(&doc).await.expect("a new board has a document");
    assert_eq!((empty.head_seq, empty.body, empty.tail), (0, None, vec![]));

    let sent = updates(5);
    expect(bench.append(&doc, &sent[..2]).await, appended(1, 2, 0));
    expect(bench.append(&doc, &sent[2..]).await, appended(3, 5, 0));
    let state = bench.doc(&doc).await.expect("the document");
    assert_eq!((state.head_seq, state.body), (5, None));
    let bytes: Vec<_> = state
        .tail
        .iter()
        .map(|update| update.bytes.clone())
        .collect();
    assert_eq!(bytes, sent);
    let seqs: Vec<_> = state.tail.iter().map(|update| update.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
    assert!(
        state
            .tail
            .iter()
            .all(|update| update.author == Actor::Local)
    );
    // One command, one moment; a later command, a later moment.
    let times: Vec<_> = state.tail.iter().map(|update| update.at).collect();
    assert!(times[0] == times[1] && times[1] <= times[2] && times[2] == times[4]);

    let board = bench.board(made.id).await.expect("the board");
    assert_eq!((board.seq, board.rev), (5, 1));
    assert_eq!(board.updated_at, times[4]);
}

pub(super) async fn nothing_is_added_to_the_trash_or_to_nothing(bench: &Bench) {
    let nowhere = BoardId::mint();
    expect_refused(
        bench.append(&nowhere.into(), &updates(1)).await,
        Rejection::BoardNotFound,
    );
    let board = bench.create("Full").await.id;
    let doc = board.into();
    expect_refused(bench.append(&doc, &[]).await, Rejection::Empty);
    expect_refused(bench.append(&doc, &[Bytes::new()]).await, Rejection::Empty);
    let blob = NewUpdate {
        author: Actor::Local,
        origin: None,
        payload: Payload::Blob {
            hash: [0; 32],
            len: 1,
        },
    };
    // A refusal takes the whole command: nothing of it is stored.
    let mixed = vec![update(&Bytes::from_static(b"fine"), None), blob];
    let append = Command::AppendUpdates {
        doc: doc.clone(),
        updates: mixed,
    };
    expect_refused(bench.run(append).await, Rejection::BlobUnsupported);

    bench.append(&doc, &updates(2)).await.unwrap();
    bench.trash(board).await;
    expect_refused(
        bench.append(&doc, &updates(1)).await,
        Rejection::BoardTrashed,
    );
    let state = bench.doc(&doc).await.expect("trash keeps the content");
    assert_eq!(state.head_seq, 2);
    bench.run(Command::RestoreBoard { board }).await.unwrap();
    expect(bench.append(&doc, &updates(1)).await, appended(3, 3, 0));
}

pub(super) async fn a_raw_room_begins_with_its_first_update(bench: &Bench) {
    let doc = raw_room();
    assert_eq!(bench.doc(&doc).await, None);
    expect_refused(
        bench.compact(&doc, 0, 1, b"body").await,
        Rejection::DocNotFound,
    );
    expect(bench.append(&doc, &updates(2)).await, appended(1, 2, 0));
    let state = bench.doc(&doc).await.expect("the room's document");
    assert_eq!((state.head_seq, state.tail.len()), (2, 2));

    let query = BoardsQuery {
        trashed: false,
        text: Some(doc.to_string()),
        sort: BoardSort::Title,
        after: None,
        limit: 10,
    };
    let listed = bench.read(Query::Boards(query)).await.into_boards();
    assert_eq!(listed.boards, []);
}

pub(super) async fn a_repeat_is_dropped(bench: &Bench) {
    let doc: DocName = bench.create("Repeats").await.id.into();
    expect(
        bench.append_from(&doc, &[(7, 1), (7, 2), (8, 1)]).await,
        appended(1, 3, 0),
    );
    // Another node heard the same, and one more.
    expect(
        bench.append_from(&doc, &[(7, 2), (8, 1), (8, 2)]).await,
        appended(4, 4, 2),
    );
    expect(
        bench.append_from(&doc, &[(8, 2), (7, 1)]).await,
        appended(5, 4, 2),
    );
    // Out of order, and twice within one command.
    expect(
        bench.append_from(&doc, &[(7, 5), (7, 4), (7, 5)]).await,
        appended(5, 6, 1),
    );
    expect(bench.append_from(&doc, &[(7, 3)]).await, appended(7, 7, 0));
    expect(bench.append_from(&doc, &[(7, 3)]).await, appended(8, 7, 1));
    // A seat's numbers mean nothing in another document.
    let other: DocName = bench.create("Other").await.id.into();
    expect(
        bench.append_from(&other, &[(7, 1)]).await,
        appended(1, 1, 0),
    );

    let stored = bench.doc_at(&doc, 7).await.expect("seven updates");
    assert_eq!(stored, ["7/1", "7/2", "8/1", "8/2", "7/5", "7/4", "7/3"]);
}

pub(super) async fn a_body_is_swapped_only_for_the_expected_one(bench: &Bench) {
    let doc: DocName = bench.create("Compacted").await.id.into();
    bench.append(&doc, &updates(4)).await.unwrap();
    let past = Rejection::SeqOutOfRange { head_seq: 4 };
    expect_refused(bench.compact(&doc, 0, 5, b"b").await, past.clone());
    expect_refused(bench.compact(&doc, 0, 0, b"b").await, past.clone());
    expect_refused(bench.compact(&doc, 0, 4, b"").await, Rejection::Empty);
    expect(bench.compact(&doc, 0, 3, b"one").await, compacted(3));
    expect_refused(
        bench.compact(&doc, 0, 4, b"late").await,
        Rejection::BodyMoved { body_seq: 3 },
    );
    expect_refused(bench.compact(&doc, 3, 3, b"same").await, past);

    let state = bench.doc(&doc).await.expect("the document");
    let body = Body {
        seq: 3,
        bytes: Bytes::from_static(b"one"),
        state_vector: Bytes::from_static(b"sv 3"),
    };
    assert_eq!((state.head_seq, state.body), (4, Some(body)));
    assert_eq!(seqs(&state.tail), [4]);
    expect(bench.append(&doc, &updates(1)).await, appended(5, 5, 0));
}

pub(super) async fn every_seq_can_be_rebuilt_after_three_compactions(bench: &Bench) {
    let doc: DocName = bench.create("History").await.id.into();
    let all = updates(20);
    let mut body_seq = 0;
    for (from, to, upto) in [(0, 6, 5), (6, 11, 11), (11, 16, 12), (16, 20, 0)] {
        bench.append(&doc, &all[from..to]).await.unwrap();
        if upto > 0 {
            let body = all[..upto as usize].concat();
            expect(
                bench.compact(&doc, body_seq, upto, &body).await,
                compacted(upto),
            );
            body_seq = upto;
        }
        for seq in 0..=to {
            let rebuilt = bench.doc_at(&doc, seq as u64).await;
            assert_eq!(rebuilt.as_deref(), Some(&all[..seq]), "at {seq} of {to}");
        }
        assert_eq!(bench.doc_at(&doc, to as u64 + 1).await, None);
    }
    let state = bench.doc(&doc).await.expect("the document");
    assert_eq!(state.body.map(|body| body.seq), Some(12));
    assert_eq!(seqs(&state.tail), (13..=20).collect::<Vec<_>>());
}

pub(super) async fn a_tail_reader_misses_nothing(bench: &Bench) {
    let doc: DocName = bench.create("Tail").await.id.into();
    let all = updates(30);
    bench.append(&doc, &all).await.unwrap();
    // What the reader is behind on is history by now; it must not notice.
    expect(bench.compact(&doc, 0, 17, b"body").await, compacted(17));
    for limit in [1, 7, 30, 1000] {
        let mut read = Vec::new();
        loop {
            let page = tail(bench, &doc, read.len() as u64, limit).await;
            assert!(page.len() <= limit as usize);
            if page.is_empty() {
                break;
            }
            read.extend(page);
        }
        assert_eq!(seqs(&read), (1..=30).collect::<Vec<_>>());
        let bytes: Vec<_> = read.into_iter().map(|update| update.bytes).collect();
        assert_eq!(bytes, all);
    }
    assert_eq!(tail(bench, &doc, u64::MAX, 10).await, []);
    let doc = DocName::Board(BoardId::mint());
    let (after_seq, limit) = (0, 10);
    let query = Query::Tail {
        doc,
        after_seq,
        limit,
    };
    assert_eq!(bench.read(query).await.into_tail(), None);
}

pub(super) async fn large_content_comes_back_whole(bench: &Bench) {
    let doc: DocName = bench.create("Large").await.id.into();
    let large = |len: usize| -> Bytes { (0..len).map(|n| (n * 7 + n / 251) as u8).collect() };
    let update = large(300_000);
    expect(
        bench.append(&doc, std::slice::from_ref(&update)).await,
        appended(1, 1, 0),
    );
    // Sizes on both sides of the rows that an engine may cut bodies into; the last body is the shortest.
    let mut body_seq = 0;
    for len in [65_536, 65_535, 200_000, 1] {
        let append = bench.append(&doc, &updates(1)).await;
        assert!(append.is_ok(), "{append:?}");
        let body = large(len);
        let upto = body_seq + 1;
        expect(
            bench.compact(&doc, body_seq, upto, &body).await,
            compacted(upto),
        );
        body_seq = upto;
        let read = bench.doc(&doc).await.and_then(|doc| doc.body);
        assert!(read.is_some_and(|read| read.bytes == body), "{len}");
    }
    let first = bench.doc_at(&doc, 1).await;
    assert_eq!(first, Some(vec![update]));
}

/// On both sides of what a store may lay apart, in every place that content is read from.
pub(super) async fn very_large_content_comes_back_whole(bench: &Bench) {
    let doc: DocName = bench.create("Very large").await.id.into();
    let bound = Payload::INLINE_BYTES_MAX;
    let content = |len: usize, salt: u8| -> Bytes {
        let bytes = (0..len).map(|n| (n * 7 + n / 251) as u8 ^ salt);
        bytes.collect()
    };
    let all = [
        content(bound, 1),
        content(bound + 1, 2),
        Bytes::from_static(b"short"),
        content(3 * bound, 3),
        // The same again is one more update, and no more content.
        content(bound + 1, 2),
    ];
    expect(bench.append(&doc, &all).await, appended(1, 5, 0));
    let history = bench.doc_at(&doc, 5).await.expect("five updates");
    assert!(history == all);
    let mut read = Vec::new();
    while read.len() < all.len() {
        read.extend(tail(bench, &doc, read.len() as u64, 1000).await);
    }
    assert_eq!(seqs(&read), [1, 2, 3, 4, 5]);
    assert!(
        read.iter()
            .zip(&all)
            .all(|(read, sent)| read.bytes == *sent)
    );

    let mut body_seq = 0;
    for (upto, len) in [(1, bound + 1), (2, 5 * bound), (3, 10), (4, bound + 1)] {
        let body = content(len, 9);
        let swapped = bench.compact(&doc, body_seq, upto, &body).await;
        expect(swapped, compacted(upto));
        body_seq = upto;
        let state = bench.doc(&doc).await.expect("the document");
        let read = state.body.expect("a body");
        assert!(read.bytes == body && read.seq == upto, "{len}");
        assert_eq!(read.state_vector, format!("sv {upto}"));
        let left = &all[upto as usize..];
        assert!(state.tail.iter().map(|update| &update.bytes).eq(left));
    }
}

/// The answer does not depend on where the content was laid.
pub(super) async fn a_repeat_of_very_large_content_is_one(bench: &Bench) {
    let doc: DocName = bench.create("Twice").await.id.into();
    let body = Bytes::from(vec![5; Payload::INLINE_BYTES_MAX + 1]);
    let origin = Origin { seat: 7, number: 1 };
    let append = Command::AppendUpdates {
        doc: doc.clone(),
        updates: vec![update(&body, Some(origin))],
    };
    expect(bench.run(append.clone()).await, appended(1, 1, 0));
    expect(bench.run(append).await, appended(2, 1, 1));
    let compact = Envelope {
        id: Some(CommandId::mint()),
        actor: Actor::System,
        kind: Command::Compact {
            doc,
            expected_body_seq: 0,
            upto_seq: 1,
            body: Payload::Inline(body),
            state_vector: Vec::new(),
        },
    };
    expect(bench.submit(compact.clone()).await.1, compacted(1));
    expect(bench.submit(compact).await.1, compacted(1));
}

pub(super) async fn a_purged_board_leaves_nothing(bench: &Bench) {
    let board = bench.create("Purged").await.id;
    let doc = board.into();
    bench.append_from(&doc, &[(1, 1), (1, 2)]).await.unwrap();
    bench.compact(&doc, 0, 1, b"body").await.unwrap();
    bench.trash(board).await;
    bench.run(Command::PurgeBoard { board }).await.unwrap();
    assert_eq!(bench.doc(&doc).await, None);
    assert_eq!(bench.doc_at(&doc, 1).await, None);
    expect_refused(
        bench.append(&doc, &updates(1)).await,
        Rejection::BoardNotFound,
    );
    // Under the same id again, it begins at nothing and knows no seat.
    let title = super::title("Again");
    bench
        .run(Command::CreateBoard { board, title })
        .await
        .unwrap();
    expect(bench.append_from(&doc, &[(1, 1)]).await, appended(1, 1, 0));
    let state = bench.doc(&doc).await.expect("the document");
    assert_eq!((state.body, seqs(&state.tail)), (None, vec![1]));
}

async fn tail(bench: &Bench, doc: &DocName, after_seq: u64, limit: u32) -> Vec<StoredUpdate> {
    let doc = doc.clone();
    let query = Query::Tail {
        doc,
        after_seq,
        limit,
    };
    bench.read(query).await.into_tail().expect("the document")
}

fn seqs(updates: &[StoredUpdate]) -> Vec<u64> {
    updates.iter().map(|update| update.seq).collect()
}

fn compacted(body_seq: u64) -> Reply {
    Ok(Outcome::Compacted { body_seq })
}
