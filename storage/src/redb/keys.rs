//! Keys as bytes, so that their order is the order of what they name.
//!
//! A document's part is self-delimiting (a kind byte, then 16 bytes of id, or a length and a name), so all rows of
//! one document stand together and no document's rows can be taken for another's.

use crate::ids::{BoardId, CommandId, DocName, RawName, Time};
use crate::records::Expiring;
use crate::rows::RowKind;

const KIND_BOARD: u8 = 0;
const KIND_RAW: u8 = 1;
const EXPIRING_OUTCOME: u8 = 0;
const EXPIRING_SEAT: u8 = 1;

/// The longest: an expiring seat of a raw room (8 + 1 + 66 + 8).
const KEY_BYTES_MAX: usize = 83;

/// A key under construction; on the stack, since a stroke needs several.
#[derive(Clone, Copy)]
pub(super) struct Key {
    bytes: [u8; KEY_BYTES_MAX],
    len: usize,
}

impl Key {
    fn empty() -> Self {
        Self {
            bytes: [0; KEY_BYTES_MAX],
            len: 0,
        }
    }

    pub(super) fn of_doc(doc: &DocName) -> Self {
        Self::empty().doc(doc)
    }

    pub(super) fn of_time(at: Time) -> Self {
        Self::empty().u64(at.0)
    }

    pub(super) fn of_expiring(due: Time, what: &Expiring) -> Self {
        let key = Self::of_time(due);
        match what {
            Expiring::Outcome(id) => key.push(&[EXPIRING_OUTCOME]).push(id.as_bytes()),
            Expiring::Seat(doc, seat) => key.push(&[EXPIRING_SEAT]).doc(doc).u64(*seat),
        }
    }

    fn doc(self, doc: &DocName) -> Self {
        match doc {
            DocName::Board(board) => self.push(&[KIND_BOARD]).push(board.as_bytes()),
            DocName::Raw(name) => {
                let name = name.as_str().as_bytes();
                self.push(&[KIND_RAW, name.len() as u8]).push(name)
            }
        }
    }

    pub(super) fn u64(self, value: u64) -> Self {
        self.push(&value.to_be_bytes())
    }

    pub(super) fn u32(self, value: u32) -> Self {
        self.push(&value.to_be_bytes())
    }

    pub(super) fn push(mut self, part: &[u8]) -> Self {
        self.bytes[self.len..self.len + part.len()].copy_from_slice(part);
        self.len += part.len();
        self
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The first key after all that begin with this one, which is not all ones.
    pub(super) fn after_prefix(mut self) -> Self {
        while self.len > 0 && self.bytes[self.len - 1] == u8::MAX {
            self.len -= 1;
        }
        if self.len > 0 {
            self.bytes[self.len - 1] += 1;
        }
        self
    }
}

pub(super) fn of_row(kind: RowKind, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + key.len());
    bytes.push(kind as u8);
    bytes.extend_from_slice(key);
    bytes
}

pub(super) fn parse_board(key: &[u8]) -> Option<BoardId> {
    Some(BoardId::from_bytes(key.try_into().ok()?))
}

/// The number at the end of a key of updates.
pub(super) fn parse_last_u64(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*key.last_chunk()?))
}

pub(super) fn parse_expiring(key: &[u8]) -> Option<(Time, Expiring)> {
    let (due, key) = key.split_first_chunk()?;
    let due = Time(u64::from_be_bytes(*due));
    let (&kind, key) = key.split_first()?;
    match kind {
        EXPIRING_OUTCOME => {
            let id = CommandId::from_bytes(key.try_into().ok()?);
            Some((due, Expiring::Outcome(id)))
        }
        EXPIRING_SEAT => {
            let (doc, seat) = parse_doc(key)?;
            let seat = u64::from_be_bytes(seat.try_into().ok()?);
            Some((due, Expiring::Seat(doc, seat)))
        }
        _ => None,
    }
}

/// A document, and what follows it in the key.
pub(super) fn parse_doc(key: &[u8]) -> Option<(DocName, &[u8])> {
    let (&kind, key) = key.split_first()?;
    match kind {
        KIND_BOARD => {
            let (id, rest) = key.split_first_chunk()?;
            Some((DocName::Board(BoardId::from_bytes(*id)), rest))
        }
        KIND_RAW => {
            let (&len, key) = key.split_first()?;
            let (name, rest) = key.split_at_checked(len.into())?;
            let name = String::from_utf8(name.to_vec()).ok()?;
            Some((DocName::Raw(RawName::try_from(name).ok()?), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, parse_expiring};
    use crate::ids::{BoardId, CommandId, DocName, Time};
    use crate::records::Expiring;

    fn raw(name: &str) -> DocName {
        name.parse().expect("a room name")
    }

    #[test]
    fn the_longest_key_fits_and_every_expiring_thing_comes_back() {
        for what in [
            Expiring::Outcome(CommandId::from_bytes([7; 16])),
            Expiring::Seat(DocName::Board(BoardId::from_bytes([0xff; 16])), u64::MAX),
            Expiring::Seat(raw(&"x".repeat(64)), 3),
        ] {
            let key = Key::of_expiring(Time(9), &what);
            assert_eq!(parse_expiring(key.as_slice()), Some((Time(9), what)));
        }
        assert_eq!(parse_expiring(&[0; 9]), None);
        assert_eq!(parse_expiring(&[]), None);
    }

    #[test]
    fn the_rows_of_a_document_are_its_own() {
        let docs = [
            DocName::Board(BoardId::from_bytes([0xff; 16])),
            DocName::Board(BoardId::from_bytes([0; 16])),
            raw("a"),
            raw("a0"),
            raw("aa"),
            raw("b"),
        ];
        for doc in &docs {
            let first = Key::of_doc(doc);
            let end = first.after_prefix();
            for other in &docs {
                for seq in [0, 1, u64::MAX] {
                    let key = Key::of_doc(other).u64(seq);
                    let inside =
                        key.as_slice() >= first.as_slice() && key.as_slice() < end.as_slice();
                    assert_eq!(inside, doc == other, "{doc} and {other} at {seq}");
                }
            }
        }
    }
}
