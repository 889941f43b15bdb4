//! The conformance suite: what every [`Store`] owes, and a minimal store to hold it against.
//!
//! [`run`] takes any working store, new or long in use: every check makes its own boards and rooms and looks at no
//! others. This crate runs it on a [`DirectStore`] and on a PostgreSQL database, the cluster on a real node. A check
//! that fails panics with what it saw. What needs a chosen clock or a crash is tested beside the rules and the engine.

mod boards;
mod content;
mod direct;
mod order;
mod people;
mod sharing;

use std::sync::Arc;

use bytes::Bytes;

use crate::command::{
    Actor, Command, Envelope, NewUpdate, Origin, Outcome, Payload, Rejection, Reply,
};
use crate::ids::{BoardId, CommandId, DocName, RawName, Title};
use crate::query::{Answer, DocState, Query};
use crate::records::BoardRecord;
use crate::store::{CommitIndex, ReadLevel, Store, submit_one};

pub use direct::DirectStore;

/// Holds the store to all of it.
pub async fn run(store: Arc<dyn Store>) {
    let bench = Bench { store };
    boards::a_board_lives_and_goes(&bench).await;
    boards::a_stale_revision_is_refused(&bench).await;
    boards::what_does_not_fit_is_refused(&bench).await;
    boards::lists_are_paged_without_gaps(&bench).await;
    boards::lists_keep_the_trash_apart(&bench).await;
    boards::the_instance_is_named_once(&bench).await;
    content::updates_are_numbered_in_order(&bench).await;
    content::nothing_is_added_to_the_trash_or_to_nothing(&bench).await;
    content::a_raw_room_begins_with_its_first_update(&bench).await;
    content::a_repeat_is_dropped(&bench).await;
    content::a_body_is_swapped_only_for_the_expected_one(&bench).await;
    content::every_seq_can_be_rebuilt_after_three_compactions(&bench).await;
    content::a_tail_reader_misses_nothing(&bench).await;
    content::large_content_comes_back_whole(&bench).await;
    content::very_large_content_comes_back_whole(&bench).await;
    content::a_repeat_of_very_large_content_is_one(&bench).await;
    content::a_purged_board_leaves_nothing(&bench).await;
    order::a_command_id_runs_once(&bench).await;
    order::a_refusal_is_remembered_too(&bench).await;
    order::replies_come_in_order(&bench).await;
    order::many_at_once_each_get_their_own_reply(&bench).await;
    order::a_board_is_made_by_one_of_many(&bench).await;
    order::reads_see_what_their_level_promises(&bench).await;
    people::an_address_is_one_persons(&bench).await;
    people::of_many_refreshes_one_turns(&bench).await;
    people::a_person_comes_changes_and_goes(&bench).await;
    sharing::an_owner_always_remains(&bench).await;
    sharing::a_link_is_used_no_more_often_than_it_may(&bench).await;
    sharing::a_person_lists_what_they_may_see(&bench).await;
    sharing::what_people_did_is_told_latest_first(&bench).await;
    sharing::a_key_stands_for_one_request(&bench).await;
    sharing::a_picture_lies_on_its_board_and_the_copies(&bench).await;
}

/// The store under test, and short ways to use it.
struct Bench {
    store: Arc<dyn Store>,
}

impl Bench {
    async fn submit(&self, envelope: Envelope) -> (CommitIndex, Reply) {
        submit_one(&*self.store, envelope)
            .await
            .expect("the store takes the command")
    }

    async fn run(&self, kind: Command) -> Reply {
        self.submit(Envelope::new(Actor::Local, kind)).await.1
    }

    async fn read(&self, query: Query) -> Answer {
        let read = self.store.read(ReadLevel::Linearizable, query).await;
        read.expect("the store answers").answer
    }

    async fn create(&self, text: &str) -> BoardRecord {
        let board = BoardId::mint();
        let title = title(text);
        board_of(self.run(Command::CreateBoard { board, title }).await)
    }

    async fn trash(&self, board: BoardId) -> BoardRecord {
        let if_rev = None;
        board_of(self.run(Command::TrashBoard { board, if_rev }).await)
    }

    /// Appends updates without origin; gives the range they got.
    async fn append(&self, doc: &DocName, updates: &[Bytes]) -> Reply {
        let updates = updates.iter().map(|bytes| update(bytes, None)).collect();
        let doc = doc.clone();
        self.run(Command::AppendUpdates { doc, updates }).await
    }

    async fn append_from(&self, doc: &DocName, origins: &[(u64, u64)]) -> Reply {
        let update = |&(seat, number): &(u64, u64)| {
            let bytes = Bytes::from(format!("{seat}/{number}"));
            update(&bytes, Some(Origin { seat, number }))
        };
        let updates = origins.iter().map(update).collect();
        let doc = doc.clone();
        self.run(Command::AppendUpdates { doc, updates }).await
    }

    async fn compact(&self, doc: &DocName, expected: u64, upto: u64, body: &[u8]) -> Reply {
        self.run(Command::Compact {
            doc: doc.clone(),
            expected_body_seq: expected,
            upto_seq: upto,
            body: Payload::Inline(Bytes::copy_from_slice(body)),
            state_vector: format!("sv {upto}").into_bytes(),
        })
        .await
    }

    async fn board(&self, board: BoardId) -> Option<BoardRecord> {
        self.read(Query::Board(board)).await.into_board()
    }

    async fn doc(&self, doc: &DocName) -> Option<DocState> {
        self.read(Query::Doc(doc.clone())).await.into_doc()
    }

    async fn doc_at(&self, doc: &DocName, seq: u64) -> Option<Vec<Bytes>> {
        let doc = doc.clone();
        self.read(Query::DocAt { doc, seq }).await.into_doc_at()
    }
}

fn title(text: &str) -> Title {
    Title::try_from(text.to_owned()).expect("a title")
}

fn update(bytes: &Bytes, origin: Option<Origin>) -> NewUpdate {
    NewUpdate {
        author: Actor::Local,
        origin,
        payload: Payload::Inline(bytes.clone()),
    }
}

/// Distinct short updates.
fn updates(count: usize) -> Vec<Bytes> {
    (1..=count).map(|n| Bytes::from(format!("u{n}"))).collect()
}

fn board_of(reply: Reply) -> BoardRecord {
    match reply {
        Ok(Outcome::Board(board)) => board,
        other => panic!("a board was expected, not {other:?}"),
    }
}

fn appended(first_seq: u64, last_seq: u64, repeats: u32) -> Reply {
    Ok(Outcome::Appended {
        first_seq,
        last_seq,
        repeats,
    })
}

/// A name that no other check and no earlier run has used: the digits of a fresh id.
fn unique() -> String {
    CommandId::mint().to_string()
}

fn raw_room() -> DocName {
    DocName::Raw(RawName::try_from(unique()).expect("an id's text is a room name"))
}

#[track_caller]
fn expect(seen: Reply, wanted: Reply) {
    assert_eq!(seen, wanted);
}

#[track_caller]
fn expect_refused(seen: Reply, wanted: Rejection) {
    assert_eq!(seen, Err(wanted));
}
