//! What is kept, record by record.
//!
//! A record is stored as a version byte and postcard ([`crate::codec`]); golden samples of each are in
//! `tests/golden`. Keys are not part of a record: [`crate::tx`] names them.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::command::{Actor, NewUpdate, Origin, Payload, Reply};
use crate::ids::{BoardId, CommandId, DocName, InstanceId, Time, Title};

/// A board as callers see it: its metadata joined with where its content stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardRecord {
    pub id: BoardId,
    pub title: Title,
    pub created_at: Time,
    /// The last change of title, trash or content.
    pub updated_at: Time,
    pub trashed_at: Option<Time>,
    /// Revision of the metadata alone, from 1; content does not move it.
    pub rev: u64,
    /// Number of updates in the content.
    pub seq: u64,
}

/// A board's metadata as stored. Content lives in [`DocRow`], so that drawing does not rewrite titles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardRow {
    pub title: Title,
    pub created_at: Time,
    pub changed_at: Time,
    pub trashed_at: Option<Time>,
    pub rev: u64,
}

impl BoardRow {
    pub fn join(self, id: BoardId, doc: &DocRow) -> BoardRecord {
        BoardRecord {
            id,
            title: self.title,
            created_at: self.created_at,
            updated_at: self.changed_at.max(doc.updated_at),
            trashed_at: self.trashed_at,
            rev: self.rev,
            seq: doc.head_seq,
        }
    }
}

/// Where a document stands: updates `1..=head_seq` exist, the body holds those up to `body_seq`, the rest is the tail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocRow {
    pub head_seq: u64,
    /// 0: there is no body.
    pub body_seq: u64,
    pub updated_at: Time,
}

/// One update as stored, for ever: compaction makes it history, it does not move or change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateRow {
    pub at: Time,
    pub author: Actor,
    pub origin: Option<Origin>,
    pub payload: Payload,
}

impl UpdateRow {
    pub fn new(at: Time, update: &NewUpdate) -> Self {
        Self {
            at,
            author: update.author,
            origin: update.origin,
            payload: update.payload.clone(),
        }
    }
}

/// A body and the state vector it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyContent {
    pub content: Payload,
    pub state_vector: Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRow {
    pub id: InstanceId,
    pub created_at: Time,
}

/// The numbers already heard through one seat of one document, to recognise repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatRow {
    /// When the seat last added something; forgotten ten minutes later.
    pub at: Time,
    /// Inclusive ranges, ascending, neither touching nor overlapping. One, as long as numbers arrive in order.
    pub heard: Vec<(u64, u64)>,
}

impl SeatRow {
    /// Numbers arrive nearly in order, so more gaps than this do not happen; if they do, the oldest numbers are
    /// forgotten, and a repeat of one of them would be stored twice, which Yjs bears.
    pub const RANGES_MAX: usize = 64;

    /// Notes a number; `false` when it was heard before.
    pub fn hear(&mut self, number: u64) -> bool {
        // The range that starts last at or before the number is the only one that can hold it.
        let next = self.heard.partition_point(|(start, _)| *start <= number);
        let touches_previous = match next.checked_sub(1).map(|i| self.heard[i].1) {
            Some(end) if number <= end => return false,
            Some(end) => end + 1 == number,
            None => false,
        };
        let touches_next = self
            .heard
            .get(next)
            .is_some_and(|(start, _)| number.checked_add(1) == Some(*start));
        match (touches_previous, touches_next) {
            (true, true) => {
                self.heard[next - 1].1 = self.heard[next].1;
                self.heard.remove(next);
            }
            (true, false) => self.heard[next - 1].1 = number,
            (false, true) => self.heard[next].0 = number,
            (false, false) => self.heard.insert(next, (number, number)),
        }
        if self.heard.len() > Self::RANGES_MAX {
            self.heard.remove(0);
        }
        true
    }
}

/// The answer a command got, kept under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    pub at: Time,
    pub reply: Reply,
}

/// Something to look at again at a set time, and to forget if it is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Expiring {
    Outcome(CommandId),
    Seat(DocName, u64),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{Strategy, any, proptest};

    use super::SeatRow;

    #[test]
    fn numbers_in_order_are_one_range() {
        let mut seat = SeatRow::default();
        for number in 1..1000 {
            assert!(seat.hear(number));
        }
        assert_eq!(seat.heard, [(1, 999)]);
        assert!(!seat.hear(500));
        assert!(seat.hear(u64::MAX));
        assert!(!seat.hear(u64::MAX));
    }

    #[test]
    fn too_many_gaps_forget_the_oldest_numbers_only() {
        let mut seat = SeatRow::default();
        for number in 0..=SeatRow::RANGES_MAX as u64 {
            assert!(seat.hear(number * 2));
        }
        assert_eq!(seat.heard.len(), SeatRow::RANGES_MAX);
        assert!(seat.hear(0), "the oldest is forgotten");
        assert!(!seat.hear(4));
    }

    proptest! {
        #[test]
        fn a_number_is_new_once(numbers in proptest::collection::vec(
            proptest::prop_oneof![0u64..40, any::<u64>().prop_map(|n| u64::MAX - n % 20)], 0..60)) {
            let mut seat = SeatRow::default();
            let mut all = BTreeSet::new();
            for number in numbers {
                assert_eq!(seat.hear(number), all.insert(number));
                let ascending = seat.heard.windows(2).all(|w| w[0].1 < w[1].0 - 1);
                assert!(ascending && seat.heard.iter().all(|(a, b)| a <= b), "{:?}", seat.heard);
            }
        }
    }
}
