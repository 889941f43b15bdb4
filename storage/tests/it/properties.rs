//! Any sequence of commands keeps the invariants, and the same batches give the same state however they are applied.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use easel_storage::blobs::{BlobHash, named};
use easel_storage::redb::State;
use easel_storage::{
    Actor, Batch, Command, DocName, Envelope, NewUpdate, Origin, Outcome, Payload, Query,
    Rejection, Reply, Time,
};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use crate::support::{Shelf, board_id, command_id, create, room, snapshot_of, title};

/// A command, before it is known what bodies there are.
#[derive(Debug, Clone)]
enum Step {
    Create(u8),
    Rename(u8, Option<u64>),
    Trash(u8),
    Restore(u8),
    Purge(u8),
    Append(u8, Vec<(Option<(u64, u64)>, usize)>),
    /// The body's seq is guessed right, or is as given; the new one is so many further.
    Compact(u8, Option<u64>, u64),
}

#[derive(Debug, Clone)]
pub(crate) struct StepBatch {
    later_ms: u64,
    steps: Vec<(Option<u8>, Step)>,
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<StepBatch>> {
    let board = || 0u8..3;
    let doc = || 0u8..5;
    let origin = proptest::option::weighted(0.8, (0u64..3, 0u64..20));
    let updates = proptest::collection::vec((origin, 0usize..40), 0..6);
    let step = prop_oneof![
        3 => board().prop_map(Step::Create),
        1 => (board(), proptest::option::of(0u64..4)).prop_map(|(b, r)| Step::Rename(b, r)),
        1 => board().prop_map(Step::Trash),
        1 => board().prop_map(Step::Restore),
        1 => board().prop_map(Step::Purge),
        8 => (doc(), updates).prop_map(|(d, u)| Step::Append(d, u)),
        4 => (doc(), proptest::option::weighted(0.2, 0u64..9), 0u64..9)
            .prop_map(|(d, e, n)| Step::Compact(d, e, n)),
    ];
    let id = prop_oneof![4 => Just(None), 1 => (0u8..4).prop_map(Some)];
    let batch = (0u64..3, proptest::collection::vec((id, step), 0..5))
        .prop_map(|(later_ms, steps)| StepBatch { later_ms, steps });
    proptest::collection::vec(batch, 1..24)
}

pub(crate) fn doc_name(n: u8) -> DocName {
    match n {
        0..3 => board_id(n).into(),
        n => room(&format!("room-{n}")),
    }
}

/// What the rules amount to, written as simply as can be.
#[derive(Default)]
pub(crate) struct Model {
    docs: BTreeMap<DocName, ModelDoc>,
    answered: BTreeMap<u8, Reply>,
    pub(crate) shelf: Shelf,
}

#[derive(Default)]
struct ModelDoc {
    updates: Vec<Payload>,
    body: Option<(u64, Payload)>,
    heard: BTreeSet<(u64, u64)>,
}

impl Model {
    fn command(&self, step: &Step) -> Command {
        match step {
            Step::Create(n) => create(board_id(*n)),
            Step::Rename(n, if_rev) => Command::RenameBoard {
                board: board_id(*n),
                title: title("Renamed"),
                if_rev: *if_rev,
            },
            Step::Trash(n) => Command::TrashBoard {
                board: board_id(*n),
                if_rev: None,
            },
            Step::Restore(n) => Command::RestoreBoard {
                board: board_id(*n),
            },
            Step::Purge(n) => Command::PurgeBoard {
                board: board_id(*n),
            },
            Step::Append(n, updates) => Command::AppendUpdates {
                doc: doc_name(*n),
                updates: updates.iter().map(|new| self.new_update(new)).collect(),
            },
            Step::Compact(n, expected, further) => {
                let body_seq = self.body_seq(&doc_name(*n));
                Command::Compact {
                    doc: doc_name(*n),
                    expected_body_seq: expected.unwrap_or(body_seq),
                    upto_seq: body_seq + further,
                    body: self.content(*further, &format!("body at {}", body_seq + further)),
                    state_vector: vec![*n],
                }
            }
        }
    }

    fn new_update(&self, (origin, len): &(Option<(u64, u64)>, usize)) -> NewUpdate {
        let text = "u".repeat(*len + 1);
        NewUpdate {
            author: Actor::Local,
            origin: origin.map(|(seat, number)| Origin { seat, number }),
            payload: self.content(*len as u64, &text),
        }
    }

    /// Every third lies apart.
    fn content(&self, number: u64, text: &str) -> Payload {
        match number % 3 {
            0 => self.shelf.lay(text.as_bytes()),
            _ => Payload::Inline(Bytes::copy_from_slice(text.as_bytes())),
        }
    }

    /// What documents name, each with its length.
    fn named(&self) -> BTreeMap<BlobHash, u64> {
        let docs = self.docs.values();
        let content = docs.flat_map(|doc| {
            let body = doc.body.iter().map(|(_, body)| body);
            doc.updates.iter().chain(body)
        });
        let apart = content.filter_map(Payload::apart);
        apart.map(|blob| (blob.hash, blob.len)).collect()
    }

    fn body_seq(&self, doc: &DocName) -> u64 {
        let body = self.docs.get(doc).and_then(|doc| doc.body.as_ref());
        body.map_or(0, |(seq, _)| *seq)
    }

    /// Follows the command the way its reply says it went, and checks that the reply can be.
    fn follow(&mut self, envelope: &Envelope, reply: &Reply) {
        match (&envelope.kind, reply) {
            (_, Err(rejection)) => self.check_refusal(&envelope.kind, rejection),
            (Command::CreateBoard { board, .. }, Ok(_)) => {
                let before = self.docs.insert((*board).into(), ModelDoc::default());
                assert!(before.is_none());
            }
            (Command::PurgeBoard { board }, Ok(_)) => {
                assert!(self.docs.remove(&(*board).into()).is_some());
            }
            (Command::AppendUpdates { doc, updates }, Ok(outcome)) => {
                self.follow_append(doc, updates, outcome);
            }
            (
                Command::Compact {
                    doc,
                    upto_seq,
                    body,
                    ..
                },
                Ok(outcome),
            ) => {
                assert_eq!(
                    outcome,
                    &Outcome::Compacted {
                        body_seq: *upto_seq
                    }
                );
                let doc = self.docs.get_mut(doc).expect("a compacted document");
                doc.body = Some((*upto_seq, body.clone()));
            }
            (
                Command::InitInstance { .. }
                | Command::RenameBoard { .. }
                | Command::TrashBoard { .. }
                | Command::RestoreBoard { .. },
                Ok(_),
            ) => {}
            (
                Command::People(_) | Command::Sharing(_) | Command::Nodes(_) | Command::Once { .. },
                Ok(_),
            ) => {
                unreachable!("no step becomes one")
            }
        }
    }

    fn follow_append(&mut self, doc: &DocName, updates: &[NewUpdate], outcome: &Outcome) {
        let doc = self.docs.entry(doc.clone()).or_default();
        let before = doc.updates.len() as u64;
        let mut dropped = 0;
        for update in updates {
            let new = update
                .origin
                .is_none_or(|origin| doc.heard.insert((origin.seat, origin.number)));
            if new {
                doc.updates.push(update.payload.clone());
            } else {
                dropped += 1;
            }
        }
        let wanted = Outcome::Appended {
            first_seq: before + 1,
            last_seq: doc.updates.len() as u64,
            repeats: dropped,
        };
        assert_eq!(outcome, &wanted);
    }

    fn check_refusal(&self, command: &Command, rejection: &Rejection) {
        let Command::Compact { doc, .. } = command else {
            return;
        };
        match rejection {
            Rejection::DocNotFound => assert!(!self.docs.contains_key(doc)),
            Rejection::BodyMoved { body_seq } => assert_eq!(*body_seq, self.body_seq(doc)),
            Rejection::SeqOutOfRange { head_seq } => {
                assert_eq!(*head_seq, self.docs[doc].updates.len() as u64);
            }
            other => panic!("{other:?} is no answer to a compaction"),
        }
    }
}

/// Runs the steps on a state; gives the batches they became.
pub(crate) fn run(state: &State, model: &mut Model, plan: Vec<StepBatch>) -> Vec<Batch> {
    let mut at = 0;
    let mut batches = Vec::new();
    for step_batch in plan {
        at += step_batch.later_ms;
        let envelopes: Vec<_> = step_batch
            .steps
            .iter()
            .map(|(id, step)| Envelope {
                id: id.map(command_id),
                actor: Actor::Local,
                kind: model.command(step),
            })
            .collect();
        let batch = Batch {
            at: Time(at),
            envelopes,
        };
        let replies = state
            .apply(std::slice::from_ref(&batch), b"end")
            .expect("the engine works")
            .concat();
        assert_eq!(replies.len(), batch.envelopes.len());
        for ((id, _), (envelope, reply)) in step_batch
            .steps
            .iter()
            .zip(batch.envelopes.iter().zip(replies))
        {
            // A known id is answered, not run.
            match id.and_then(|id| model.answered.get(&id)) {
                Some(answered) => assert_eq!(&reply, answered),
                None => model.follow(envelope, &reply),
            }
            if let Some(id) = id {
                model.answered.insert(*id, reply);
            }
        }
        check(state, model);
        batches.push(batch);
    }
    batches
}

fn check(state: &State, model: &Model) {
    let read = |query| {
        let answered = state.answer(&query).expect("the engine works");
        answered.complete(&model.shelf).expect("it lies there")
    };
    assert_eq!(state.read_tx(named).unwrap(), model.named());
    let content = |payload: &Payload| model.shelf.content(payload);
    for n in 0..5 {
        let doc = doc_name(n);
        let stored = read(Query::Doc(doc.clone())).into_doc();
        let Some(wanted) = model.docs.get(&doc) else {
            assert_eq!(stored, None);
            continue;
        };
        let stored = stored.expect("the document");
        let body_seq = stored.body.as_ref().map_or(0, |body| body.seq);
        assert_eq!(stored.head_seq, body_seq + stored.tail.len() as u64);
        assert_eq!(stored.head_seq, wanted.updates.len() as u64);
        let seqs: Vec<_> = stored.tail.iter().map(|update| update.seq).collect();
        assert_eq!(seqs, (body_seq + 1..=stored.head_seq).collect::<Vec<_>>());
        let body = stored.body.map(|body| (body.seq, body.bytes));
        let wanted_body = wanted.body.as_ref();
        assert_eq!(body, wanted_body.map(|(seq, body)| (*seq, content(body))));

        let seq = stored.head_seq;
        let doc = doc.clone();
        let history = read(Query::DocAt { doc, seq }).into_doc_at();
        assert_eq!(history, Some(wanted.updates.iter().map(content).collect()));
    }
    for n in 0..3 {
        let board = read(Query::Board(board_id(n))).into_board();
        let doc = model.docs.get(&board_id(n).into());
        assert_eq!(
            board.map(|board| board.seq),
            doc.map(|doc| doc.updates.len() as u64)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_commands_keeps_the_invariants(plan in steps()) {
        let state = State::in_memory().unwrap();
        let mut model = Model::default();
        run(&state, &mut model, plan);
        let checked = state.check_rows(&mut |trouble| panic!("{trouble}")).unwrap();
        assert_eq!(checked.blobs, model.named());
    }

    #[test]
    fn the_same_batches_give_the_same_state_however_grouped(
        plan in steps(), groups in proptest::collection::vec(1usize..5, 1..24), at in any::<proptest::sample::Index>(),
    ) {
        let one = State::in_memory().unwrap();
        let batches = run(&one, &mut Model::default(), plan);
        // Through the log's encoding, several batches to a transaction, with a snapshot installed on the way.
        let through_log = |envelope: &Envelope| Envelope::decode(&envelope.encode()).unwrap();
        let decoded: Vec<_> = batches
            .iter()
            .map(|batch| Batch {
                at: batch.at,
                envelopes: batch.envelopes.iter().map(through_log).collect(),
            })
            .collect();
        let mut other = State::in_memory().unwrap();
        let install_at = at.index(decoded.len());
        let mut applied = 0;
        for group in groups.into_iter().cycle() {
            if applied == decoded.len() {
                break;
            }
            let end = (applied + group).min(decoded.len());
            other.apply(&decoded[applied..end], b"end").unwrap();
            if (applied..end).contains(&install_at) {
                let next = State::in_memory().unwrap();
                next.install(&mut other.snapshot().unwrap()).unwrap();
                other = next;
            }
            applied = end;
        }
        assert_eq!(snapshot_of(&one), snapshot_of(&other));
    }
}
