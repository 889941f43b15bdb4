//! What several of these tests need: short ways to make commands and apply them.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use easel_storage::blobs::{Blob, BlobError, BlobHash, Blobs, Usage};
use easel_storage::redb::State;
use easel_storage::{
    Actor, Batch, BoardId, Command, CommandId, DocName, Envelope, NewUpdate, Origin, Payload,
    Reply, Time, Title,
};

pub(crate) fn board_id(n: u8) -> BoardId {
    BoardId::from_bytes([n; 16])
}

pub(crate) fn command_id(n: u8) -> CommandId {
    CommandId::from_bytes([n; 16])
}

pub(crate) fn room(name: &str) -> DocName {
    name.parse().expect("a room name")
}

pub(crate) fn title(text: &str) -> Title {
    Title::try_from(text.to_owned()).expect("a title")
}

pub(crate) fn create(board: BoardId) -> Command {
    Command::CreateBoard {
        board,
        title: title("Board"),
    }
}

pub(crate) fn append(doc: &DocName, updates: &[(&str, Option<(u64, u64)>)]) -> Command {
    let update = |(text, origin): &(&str, Option<(u64, u64)>)| NewUpdate {
        author: Actor::Local,
        origin: origin.map(|(seat, number)| Origin { seat, number }),
        payload: Payload::Inline(Bytes::copy_from_slice(text.as_bytes())),
    };
    Command::AppendUpdates {
        doc: doc.clone(),
        updates: updates.iter().map(update).collect(),
    }
}

pub(crate) fn with_id(id: CommandId, kind: Command) -> Envelope {
    Envelope {
        id: Some(id),
        actor: Actor::Local,
        kind,
    }
}

pub(crate) fn plain(kind: Command) -> Envelope {
    Envelope::new(Actor::Local, kind)
}

pub(crate) fn batch(at: u64, envelopes: Vec<Envelope>) -> Batch {
    Batch {
        at: Time(at),
        envelopes,
    }
}

/// Applies one command at a time of its own; gives its reply.
pub(crate) fn apply(state: &State, at: u64, envelope: Envelope) -> Reply {
    let replies = state.apply(&[batch(at, vec![envelope])], b"marker");
    replies
        .expect("the engine works")
        .pop()
        .and_then(|mut batch| batch.pop())
        .expect("one reply")
}

pub(crate) fn snapshot_of(state: &State) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut reader = state.snapshot().expect("a snapshot");
    reader.read_to_end(&mut bytes).expect("its bytes");
    bytes
}

/// Blobs in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    kept: Arc<Mutex<BTreeMap<BlobHash, Vec<u8>>>>,
}

impl Shelf {
    pub(crate) fn lay(&self, content: &[u8]) -> Payload {
        let kept = self.put(&mut &*content, u64::MAX);
        kept.expect("it is kept").into()
    }

    /// What was laid there, if it was.
    pub(crate) fn content(&self, payload: &Payload) -> Bytes {
        match (payload, payload.apart()) {
            (Payload::Inline(bytes), _) => bytes.clone(),
            (_, Some(blob)) => self.kept.lock().unwrap()[&blob.hash].clone().into(),
            other => panic!("{other:?} is no content"),
        }
    }
}

impl Blobs for Shelf {
    fn put(&self, source: &mut dyn Read, _: u64) -> Result<Blob, BlobError> {
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).map_err(BlobError::Source)?;
        let hash = BlobHash::from_bytes(*blake3::hash(&bytes).as_bytes());
        let len = bytes.len() as u64;
        self.kept.lock().unwrap().insert(hash, bytes);
        Ok(Blob { hash, len })
    }

    fn get(&self, hash: BlobHash, range: Range<u64>) -> Result<Box<dyn Read + Send>, BlobError> {
        let kept = self.kept.lock().unwrap();
        let bytes = kept.get(&hash).ok_or(BlobError::Missing(hash))?;
        let end = range.end.min(bytes.len() as u64) as usize;
        Ok(Box::new(Cursor::new(
            bytes[range.start as usize..end].to_vec(),
        )))
    }

    fn has(&self, hash: BlobHash) -> Result<Option<u64>, BlobError> {
        let kept = self.kept.lock().unwrap();
        Ok(kept.get(&hash).map(|bytes| bytes.len() as u64))
    }

    fn each(&self, visit: &mut dyn FnMut(Blob)) -> Result<(), BlobError> {
        for (hash, bytes) in &*self.kept.lock().unwrap() {
            let (hash, len) = (*hash, bytes.len() as u64);
            visit(Blob { hash, len });
        }
        Ok(())
    }

    fn delete(&self, hash: BlobHash) -> Result<(), BlobError> {
        self.kept.lock().unwrap().remove(&hash);
        Ok(())
    }

    fn usage(&self) -> Usage {
        let kept = self.kept.lock().unwrap();
        Usage {
            blobs: kept.len() as u64,
            bytes: kept.values().map(|bytes| bytes.len() as u64).sum(),
        }
    }
}
