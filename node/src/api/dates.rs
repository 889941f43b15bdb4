//! When elements were made and changed last, and by whom.
//!
//! The document does not say it, and writing it there would double what a stroke costs. The store keeps every update with
//! its time and author, so it is told from those, when somebody asks.

use super::time;
use bytes::Bytes;
use easel_board::gate::Ledger;
use easel_board::json::Object;
use easel_storage::{Actor, StoredUpdate, Time};
use std::collections::HashMap;
use std::sync::Arc;

/// Members that say it.
pub(super) const MEMBERS: [&str; 3] = ["created_at", "updated_by", "updated_at"];

/// Of one board.
#[derive(Debug, Default)]
pub(super) struct Dates {
    ledger: Ledger,
    /// The last update that was taken in.
    seq: u64,
    of: HashMap<Arc<str>, Dated>,
}

/// Of one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dated {
    created_at: Time,
    /// Of any change, the server's own included.
    updated_at: Time,
    /// The last person who did.
    updated_by: Option<Actor>,
}

impl Dates {
    pub(super) const fn seq(&self) -> u64 {
        self.seq
    }

    /// Takes in what is stored next.
    pub(super) fn read_on(&mut self, updates: &[StoredUpdate]) {
        for update in updates {
            self.seq = update.seq;
            for id in self.ledger.take_in(&update.bytes) {
                let new = Dated {
                    created_at: update.at,
                    updated_at: update.at,
                    updated_by: None,
                };
                let dated = self.of.entry(id).or_insert(new);
                dated.updated_at = update.at;
                match update.author {
                    Actor::User(_) | Actor::Guest(_) => dated.updated_by = Some(update.author),
                    Actor::Local => dated.updated_by = None,
                    // What it mends or signs is a person's still.
                    Actor::System => {}
                }
            }
        }
    }

    pub(super) fn of(&self, id: &str) -> Option<Dated> {
        self.of.get(id).copied()
    }

    /// About what is kept in memory.
    pub(super) fn bytes(&self) -> usize {
        self.ledger.bytes() + self.of.len() * (size_of::<Dated>() + size_of::<Bytes>())
    }
}

impl Dated {
    pub(super) fn is_since(&self, ms: u64) -> bool {
        self.updated_at.0 >= ms
    }

    pub(super) fn put_into(&self, element: &mut Object) {
        let by = match self.updated_by {
            Some(Actor::User(user)) => Some(user.to_string()),
            Some(Actor::Guest(session)) => Some(session.to_string()),
            Some(Actor::System | Actor::Local) | None => None,
        };
        let [created_at, updated_by, updated_at] = MEMBERS;
        let mut put = |name: &str, value: String| element.insert(name.to_owned(), value.into());
        put(created_at, time::rfc3339(self.created_at.0));
        put(updated_at, time::rfc3339(self.updated_at.0));
        by.and_then(|by| put(updated_by, by));
    }
}
