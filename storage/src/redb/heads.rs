//! Heads of boards in memory: what a list of boards reads of each, so that ten thousand cost no ten thousand searches.
//!
//! A head is forgotten when a transaction that changed one of its rows has been committed, before anybody is told of it. What
//! a read brings is kept only if nothing of the kind was committed since before the read began: it may be of before.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::ids::BoardId;
use crate::sharing::BoardHead;

/// Boards of one shard hold up no others.
const SHARDS: usize = 256;
/// About 300 bytes each. A shard with more forgets all of its.
const HEADS_OF_SHARD_MAX: usize = 512;

#[derive(Debug)]
pub(super) struct Heads {
    /// Grows with each change.
    changes: AtomicU64,
    shards: Vec<RwLock<Shard>>,
}

#[derive(Debug, Default)]
struct Shard {
    heads: HashMap<BoardId, Arc<BoardHead>>,
    /// The last change of any board of this shard.
    changed: u64,
}

/// What had changed when a read was about to begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before(u64);

impl Default for Heads {
    fn default() -> Self {
        Self {
            changes: AtomicU64::default(),
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
        }
    }
}

impl Heads {
    /// To be asked before the transaction that reads is begun.
    pub(super) fn before(&self) -> Before {
        Before(self.changes.load(Ordering::Acquire))
    }

    pub(super) fn get(&self, board: BoardId) -> Option<Arc<BoardHead>> {
        self.shard(board).read().heads.get(&board).cloned()
    }

    pub(super) fn put(&self, before: Before, board: BoardId, head: Arc<BoardHead>) {
        let mut shard = self.shard(board).write();
        if shard.changed > before.0 {
            return;
        }
        if shard.heads.len() >= HEADS_OF_SHARD_MAX {
            shard.heads.clear();
        }
        shard.heads.insert(board, head);
    }

    /// To be told after the commit.
    pub(super) fn changed(&self, boards: impl IntoIterator<Item = BoardId>) {
        for board in boards {
            let change = self.changes.fetch_add(1, Ordering::AcqRel) + 1;
            let mut shard = self.shard(board).write();
            shard.heads.remove(&board);
            shard.changed = change;
        }
    }

    pub(super) fn all_changed(&self) {
        let change = self.changes.fetch_add(1, Ordering::AcqRel) + 1;
        for shard in &self.shards {
            let mut shard = shard.write();
            shard.heads.clear();
            shard.changed = change;
        }
    }

    /// The end of an id is random.
    fn shard(&self, board: BoardId) -> &RwLock<Shard> {
        &self.shards[usize::from(board.as_bytes()[15]) % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADS_OF_SHARD_MAX, Heads};
    use crate::ids::{BoardId, Time};
    use crate::records::BoardRecord;
    use crate::sharing::BoardHead;
    use std::sync::Arc;

    fn head(board: BoardId) -> Arc<BoardHead> {
        let board = BoardRecord {
            id: board,
            title: "Plan".to_owned().try_into().unwrap(),
            created_at: Time(1),
            updated_at: Time(1),
            trashed_at: None,
            rev: 1,
            seq: 0,
        };
        Arc::new(BoardHead::new(board, None))
    }

    fn id(number: u64) -> BoardId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        BoardId::from_bytes(bytes)
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let (heads, board) = (Heads::default(), id(1));
        let before = heads.before();
        heads.put(before, board, head(board));
        assert!(heads.get(board).is_some());
        heads.changed([board]);
        assert!(heads.get(board).is_none());
        heads.put(before, board, head(board));
        assert!(heads.get(board).is_none());
        heads.put(heads.before(), board, head(board));
        assert!(heads.get(board).is_some());
        heads.all_changed();
        assert!(heads.get(board).is_none());
    }

    #[test]
    fn a_shard_is_bounded() {
        let heads = Heads::default();
        for number in 0..HEADS_OF_SHARD_MAX as u64 + 1 {
            heads.put(heads.before(), id(number), head(id(number)));
        }
        let kept = |number| heads.get(id(number)).is_some();
        assert_eq!(
            (0..HEADS_OF_SHARD_MAX as u64).filter(|n| kept(*n)).count(),
            0
        );
        assert!(kept(HEADS_OF_SHARD_MAX as u64));
    }
}
