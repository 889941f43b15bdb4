//! What several of these tests need: short ways to make commands and apply them.

use std::io::Read;

use bytes::Bytes;
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
