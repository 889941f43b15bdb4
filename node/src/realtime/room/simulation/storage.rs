//! The store under all nodes: the real one in memory, one order for everybody, and each node's view of it, which lags.

use super::trace::Trace;
use crate::realtime::room::live::{CLIENT_OF_NOBODY, document};
use crate::realtime::room::{
    Appended, Batch, CompactFailed, Compacted, Kind, LoadFailed, Loaded, Stored, fold,
};
use bytes::Bytes;
use easel_storage::redb::State;
use easel_storage::{
    Actor, BoardId, Command, CommitIndex, DocName, Envelope, Outcome, Payload, Query, Rejection,
    Reply, Time,
};
use std::collections::BTreeMap;
use yrs::Doc;

pub(super) struct Storage {
    state: State,
    pub(super) doc: DocName,
    kind: Kind,
    index: u64,
    /// The leader's clock. Nobody promises that it goes forward.
    pub(super) clock_ms: u64,
    /// The document's head after each index.
    heads: Vec<u64>,
    pub(super) is_trashed: bool,
    /// All that was ever stored, in one document.
    pub(super) all: Doc,
}

impl Storage {
    pub(super) fn new(kind: Kind) -> Self {
        let board = BoardId::from_bytes([7; 16]);
        let doc = match kind {
            Kind::Board => DocName::Board(board),
            Kind::Raw => "simulated".parse().expect("a name"),
        };
        let mut storage = Self {
            state: State::in_memory().expect("a state in memory"),
            doc,
            kind,
            index: 0,
            clock_ms: 1_000_000,
            heads: vec![0],
            is_trashed: false,
            all: document(CLIENT_OF_NOBODY, &[]).expect("an empty document"),
        };
        if kind == Kind::Board {
            let title = "Simulated".to_owned().try_into().expect("a title");
            storage
                .submit(Command::CreateBoard { board, title })
                .expect("a new board");
        }
        storage
    }

    pub(super) fn head(&self) -> u64 {
        self.heads.last().copied().unwrap_or(0)
    }

    /// Puts the board into the trash, or takes it out. False for what is no board.
    pub(super) fn trash_or_restore(&mut self) -> bool {
        let DocName::Board(board) = self.doc else {
            return false;
        };
        let if_rev = None;
        let command = match self.is_trashed {
            true => Command::RestoreBoard { board },
            false => Command::TrashBoard { board, if_rev },
        };
        self.submit(command).expect("it is as we left it");
        self.is_trashed ^= true;
        true
    }

    /// The document as a node sees it that has come to this number.
    pub(super) fn load(&self, view: u64) -> Result<Loaded, LoadFailed> {
        if self.is_trashed {
            return Err(LoadFailed::Gone);
        }
        let answer = self.state.query(&Query::Doc(self.doc.clone()));
        let Some(found) = answer.expect("the state answers").into_doc() else {
            return Ok(Loaded {
                head_seq: 0,
                body_seq: 0,
                body: None,
                state_vector: None,
                tail: Vec::new(),
                made: BTreeMap::new(),
            });
        };
        let body = found.body.filter(|body| body.seq <= view);
        let body_seq = body.as_ref().map_or(0, |body| body.seq);
        let (body, state_vector) = body.map(|body| (body.bytes, body.state_vector)).unzip();
        Ok(Loaded {
            head_seq: view,
            body_seq,
            body,
            state_vector,
            tail: self.between(body_seq, view),
            made: BTreeMap::new(),
        })
    }

    /// What is stored after one number, up to another.
    fn between(&self, after_seq: u64, upto_seq: u64) -> Vec<Bytes> {
        let mut updates = Vec::new();
        while after_seq + (updates.len() as u64) < upto_seq {
            let query = Query::Tail {
                doc: self.doc.clone(),
                after_seq: after_seq + updates.len() as u64,
                limit: (upto_seq - after_seq) as u32 - updates.len() as u32,
            };
            let page = self.state.query(&query).expect("the state answers");
            let page = page.into_tail().expect("the document is there");
            updates.extend(page.into_iter().map(|update| update.bytes));
        }
        updates
    }

    /// What a node's view has after a number, at most so many.
    pub(super) fn read_on(
        &self,
        after_seq: u64,
        view: u64,
        limit: u64,
    ) -> Result<Stored, LoadFailed> {
        if self.is_trashed {
            return Err(LoadFailed::Gone);
        }
        let updates = self.between(after_seq, view.min(after_seq + limit).max(after_seq));
        Ok(Stored { after_seq, updates })
    }

    /// The number that a view has come to which shows this index.
    pub(super) fn head_at(&self, index: CommitIndex) -> u64 {
        self.heads[index.0 as usize]
    }

    /// Refused only if the board is in the trash.
    pub(super) fn append(&mut self, batch: &Batch, trace: &mut Trace) -> Result<Appended, ()> {
        let reply = self.submit(Command::AppendUpdates {
            doc: self.doc.clone(),
            updates: batch.updates.clone(),
        });
        let (first_seq, last_seq) = match reply {
            Ok(Outcome::Appended {
                first_seq,
                last_seq,
                ..
            }) => (first_seq, last_seq),
            Err(Rejection::BoardTrashed) => return Err(()),
            other => panic!("{other:?}"),
        };
        for update in self.between(first_seq - 1, last_seq) {
            super::checks::take_in(&self.all, &update);
            trace.tally.stored += 1;
        }
        let index = CommitIndex(self.index);
        Ok(Appended {
            first_seq,
            last_seq,
            index,
            // Now so, now so.
            is_node_busy: self.index.is_multiple_of(2),
        })
    }

    pub(super) fn compact(
        &mut self,
        expected_body_seq: u64,
        upto_seq: u64,
        stored: &[Bytes],
    ) -> (Bytes, Result<Compacted, CompactFailed>) {
        let (body, state_vector) = fold(stored).expect("what is stored can be folded");
        let body = Bytes::from(body);
        let reply = self.submit(Command::Compact {
            doc: self.doc.clone(),
            expected_body_seq,
            upto_seq,
            body: Payload::Inline(body.clone()),
            state_vector,
        });
        let result = match reply {
            Ok(Outcome::Compacted { body_seq }) => Ok(Compacted {
                body_seq,
                body: body.clone(),
            }),
            Err(Rejection::BodyMoved { body_seq }) => Err(CompactFailed::BodyMoved { body_seq }),
            Err(Rejection::SeqOutOfRange { .. }) => Err(CompactFailed::Other),
            other => panic!("{other:?}"),
        };
        (body, result)
    }

    fn submit(&mut self, kind: Command) -> Reply {
        self.index += 1;
        let batch = easel_storage::Batch {
            at: Time(self.clock_ms),
            envelopes: vec![Envelope::new(Actor::Local, kind)],
        };
        let marker = self.index.to_be_bytes();
        let mut replies = (self.state.apply(&[batch], &marker)).expect("the state takes it");
        let reply = replies.pop().and_then(|mut of| of.pop());
        let reply = reply.expect("one reply");
        let head = match &reply {
            Ok(Outcome::Appended { last_seq, .. }) => *last_seq,
            _ => self.head(),
        };
        self.heads.push(head);
        reply
    }

    /// Body and tail as the next room will open them.
    pub(super) fn opened(&self) -> Doc {
        let loaded = self.load(self.head()).expect("it is not in the trash");
        let opened: Vec<Bytes> = loaded.body.into_iter().chain(loaded.tail).collect();
        document(CLIENT_OF_NOBODY, &opened).expect("the stored document opens")
    }

    /// Every update ever stored, in order.
    pub(super) fn history(&self) -> Vec<Bytes> {
        if self.head() == 0 {
            return Vec::new();
        }
        let query = Query::DocAt {
            doc: self.doc.clone(),
            seq: self.head(),
        };
        let history = self.state.query(&query).expect("the state answers");
        history.into_doc_at().expect("the history is there")
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }
}
