//! Boards as things in a list: made, named, thrown away, found.

use std::collections::BTreeSet;

use super::{Bench, board_of, expect, expect_refused, title, unique, updates};
use crate::command::{Command, Outcome, Rejection};
use crate::ids::{BoardId, InstanceId};
use crate::query::{BoardCursor, BoardPage, BoardSort, BoardsQuery, Query};
use crate::records::BoardRecord;

pub(super) async fn a_board_lives_and_goes(bench: &Bench) {
    let made = bench.create("  Plans ").await;
    assert_eq!(made.title, title("Plans"));
    assert_eq!((made.rev, made.seq, made.trashed_at), (1, 0, None));
    assert_eq!(made.created_at, made.updated_at);
    assert_eq!(bench.board(made.id).await, Some(made.clone()));

    let (board, if_rev) = (made.id, None);
    let renamed = bench
        .run(Command::RenameBoard {
            board,
            title: title("Better plans"),
            if_rev,
        })
        .await;
    let renamed = board_of(renamed);
    assert_eq!((renamed.title.as_str(), renamed.rev), ("Better plans", 2));
    assert!(renamed.updated_at > made.updated_at);
    assert_eq!(renamed.created_at, made.created_at);

    let trashed = bench.trash(board).await;
    assert_eq!(
        (trashed.trashed_at, trashed.rev),
        (Some(trashed.updated_at), 3)
    );
    let restored = board_of(bench.run(Command::RestoreBoard { board }).await);
    assert_eq!((restored.trashed_at, restored.rev), (None, 4));
    assert_eq!(bench.board(board).await, Some(restored));

    bench.trash(board).await;
    expect(
        bench.run(Command::PurgeBoard { board }).await,
        Ok(Outcome::Done),
    );
    assert_eq!(bench.board(board).await, None);
}

pub(super) async fn a_stale_revision_is_refused(bench: &Bench) {
    let board = bench.create("Revisions").await.id;
    let rename = |if_rev| Command::RenameBoard {
        board,
        title: title("Renamed"),
        if_rev: Some(if_rev),
    };
    assert_eq!(board_of(bench.run(rename(1)).await).rev, 2);
    expect_refused(
        bench.run(rename(1)).await,
        Rejection::RevisionMoved { current: 2 },
    );
    let if_rev = Some(1);
    expect_refused(
        bench.run(Command::TrashBoard { board, if_rev }).await,
        Rejection::RevisionMoved { current: 2 },
    );
    // Content does not move the revision: a rename does not fail because somebody is drawing.
    bench.append(&board.into(), &updates(3)).await.unwrap();
    assert_eq!(board_of(bench.run(rename(2)).await).rev, 3);
}

pub(super) async fn what_does_not_fit_is_refused(bench: &Bench) {
    let (live, nowhere) = (bench.create("Live").await.id, BoardId::mint());
    let trashed = bench.create("Trashed").await.id;
    bench.trash(trashed).await;
    let create = |board| Command::CreateBoard {
        board,
        title: title("x"),
    };
    let rename = |board| Command::RenameBoard {
        board,
        title: title("x"),
        if_rev: None,
    };
    let trash = |board| Command::TrashBoard {
        board,
        if_rev: None,
    };
    let restore = |board| Command::RestoreBoard { board };
    let purge = |board| Command::PurgeBoard { board };
    for (command, why) in [
        (create(live), Rejection::BoardExists),
        (create(trashed), Rejection::BoardExists),
        (rename(nowhere), Rejection::BoardNotFound),
        (rename(trashed), Rejection::BoardTrashed),
        (trash(nowhere), Rejection::BoardNotFound),
        (trash(trashed), Rejection::BoardTrashed),
        (restore(nowhere), Rejection::BoardNotFound),
        (restore(live), Rejection::BoardNotTrashed),
        (purge(nowhere), Rejection::BoardNotFound),
        (purge(live), Rejection::BoardNotTrashed),
    ] {
        let reply = bench.run(command.clone()).await;
        assert_eq!(reply, Err(why), "{command:?}");
    }
    assert_eq!(bench.board(live).await.map(|board| board.rev), Some(1));
    assert_eq!(bench.board(trashed).await.map(|board| board.rev), Some(2));
}

pub(super) async fn lists_are_paged_without_gaps(bench: &Bench) {
    let word = unique();
    let mut made = Vec::new();
    for n in 0..11 {
        // Titles repeat and differ in case, so that order cannot lean on the title alone.
        let text = ["beta", "Alpha", "alpha"][n % 3];
        made.push(bench.create(&format!("{text} {word}")).await);
    }
    // Drawing moves a board to the front.
    bench.append(&made[4].id.into(), &updates(1)).await.unwrap();

    for sort in [BoardSort::UpdatedDesc, BoardSort::Title] {
        let whole = page(bench, &word, sort, None, 100).await;
        assert_eq!((whole.boards.len(), whole.next), (made.len(), None));
        assert_sorted(&whole.boards, sort);
        for limit in [1, 3, 10, 11] {
            let paged = all_pages(bench, &word, sort, limit).await;
            assert_eq!(paged, whole.boards, "{sort:?}, {limit} at a time");
        }
    }
    let newest = page(bench, &word, BoardSort::UpdatedDesc, None, 1).await;
    assert_eq!(newest.boards[0].id, made[4].id);
    let upper = page(bench, &word.to_uppercase(), BoardSort::Title, None, 100).await;
    assert_eq!(upper.boards.len(), made.len());
}

pub(super) async fn lists_keep_the_trash_apart(bench: &Bench) {
    let word = unique();
    let kept = bench.create(&format!("kept {word}")).await.id;
    let thrown = bench.create(&format!("thrown {word}")).await.id;
    bench.trash(thrown).await;
    for (trashed, wanted) in [(false, kept), (true, thrown)] {
        let query = BoardsQuery {
            trashed,
            text: Some(word.clone()),
            sort: BoardSort::UpdatedDesc,
            after: None,
            limit: 10,
        };
        let listed = bench.read(Query::Boards(query)).await.into_boards();
        let ids: Vec<_> = listed.boards.iter().map(|board| board.id).collect();
        assert_eq!(ids, [wanted], "trashed: {trashed}");
    }
}

pub(super) async fn the_instance_is_named_once(bench: &Bench) {
    let (mine, other) = (InstanceId::mint(), InstanceId::mint());
    // A store in use has its name already; then both come too late.
    let first = bench.run(Command::InitInstance { instance: mine }).await;
    let named = bench.read(Query::Instance).await.into_instance();
    match first {
        Ok(Outcome::Done) => assert_eq!(named, Some(mine)),
        late => {
            expect_refused(late, Rejection::InstanceExists);
            assert!(named.is_some_and(|id| id != mine));
        }
    }
    expect_refused(
        bench.run(Command::InitInstance { instance: other }).await,
        Rejection::InstanceExists,
    );
    assert_eq!(bench.read(Query::Instance).await.into_instance(), named);
}

async fn page(
    bench: &Bench,
    word: &str,
    sort: BoardSort,
    after: Option<BoardCursor>,
    limit: u32,
) -> BoardPage {
    let query = BoardsQuery {
        trashed: false,
        text: Some(word.to_owned()),
        sort,
        after,
        limit,
    };
    bench.read(Query::Boards(query)).await.into_boards()
}

async fn all_pages(bench: &Bench, word: &str, sort: BoardSort, limit: u32) -> Vec<BoardRecord> {
    let mut boards = Vec::new();
    let mut after = None;
    loop {
        let page = page(bench, word, sort, after, limit).await;
        assert!(page.boards.len() <= limit as usize);
        boards.extend(page.boards);
        match page.next {
            Some(next) => after = Some(next),
            None => return boards,
        }
    }
}

fn assert_sorted(boards: &[BoardRecord], sort: BoardSort) {
    let folded = |board: &BoardRecord| board.title.as_str().to_lowercase();
    let ordered = boards.windows(2).all(|pair| match sort {
        BoardSort::UpdatedDesc => pair[0].updated_at >= pair[1].updated_at,
        BoardSort::Title => folded(&pair[0]) <= folded(&pair[1]),
    });
    assert!(ordered, "{sort:?}: {boards:?}");
    let ids: BTreeSet<_> = boards.iter().map(|board| board.id).collect();
    assert_eq!(ids.len(), boards.len());
}
