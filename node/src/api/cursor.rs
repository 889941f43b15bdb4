//! Cursors: where the next page of a list begins, in a form that callers can only pass back.
//!
//! A cursor carries a keyed hash over itself and the question it belongs to. It guards no secret (a forged one could
//! only name another place in the same list); it keeps callers from building on the form, and catches a cursor that
//! is used with another filter.

use crate::http::problem::{Code, Problem};
use easel_storage::InstanceId;
use serde::Serialize;
use serde::de::DeserializeOwned;

const MAC_BYTES: usize = 16;

/// Makes and checks cursors. The key follows from the installation, so that they outlive a restart and are good on
/// every node.
pub(crate) struct Cursors {
    key: [u8; 32],
}

impl Cursors {
    pub(crate) fn new(instance: InstanceId) -> Cursors {
        Cursors {
            key: blake3::derive_key("easel list cursor v1", instance.as_bytes()),
        }
    }

    /// `question` is all that decides the list: filter and order.
    pub(super) fn write(&self, question: &str, place: &impl Serialize) -> String {
        let place = serde_json::to_vec(place).expect("a place is numbers and text");
        let mut bytes = self.mac(question, &place).to_vec();
        bytes.extend(place);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn read<T: DeserializeOwned>(
        &self,
        question: &str,
        cursor: &str,
    ) -> Result<T, Problem> {
        let mismatch = || Problem::new(Code::CursorMismatch);
        let bytes = from_hex(cursor).ok_or_else(mismatch)?;
        let (mac, place) = bytes.split_at_checked(MAC_BYTES).ok_or_else(mismatch)?;
        if self.mac(question, place) != mac {
            return Err(mismatch());
        }
        serde_json::from_slice(place).map_err(|_| mismatch())
    }

    fn mac(&self, question: &str, place: &[u8]) -> [u8; MAC_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // The length keeps question and place from running into each other.
        hasher.update(&(question.len() as u64).to_le_bytes());
        hasher.update(question.as_bytes());
        hasher.update(place);
        let mut mac = [0; MAC_BYTES];
        hasher.finalize_xof().fill(&mut mac);
        mac
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Cursors;
    use easel_storage::{BoardCursor, BoardId, InstanceId};

    #[test]
    fn a_cursor_is_good_for_its_own_question_and_unchanged() {
        let cursors = Cursors::new(InstanceId::from_bytes([1; 16]));
        let place = BoardCursor::Title {
            folded: "größe".into(),
            id: BoardId::from_bytes([2; 16]),
        };
        let cursor = cursors.write("title", &place);
        assert_eq!(cursors.read("title", &cursor).ok(), Some(place.clone()));

        let mut changed = cursor.clone();
        changed.replace_range(..1, if cursor.starts_with('0') { "1" } else { "0" });
        let elsewhere = Cursors::new(InstanceId::from_bytes([3; 16]));
        assert!(cursors.read::<BoardCursor>("-updated_at", &cursor).is_err());
        assert!(elsewhere.read::<BoardCursor>("title", &cursor).is_err());
        for bad in [changed.as_str(), "", "0", "zz", "é0", &cursor[..40]] {
            assert!(cursors.read::<BoardCursor>("title", bad).is_err(), "{bad}");
        }
    }
}
