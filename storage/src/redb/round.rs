//! A round: one transaction of the database that many applies share.
//!
//! Beginning a transaction, copying the pages that it changes and committing it cost many times what one update does.
//! So an apply leaves its transaction open for the next one, and whoever wants to see the state, or have it durable,
//! ends the round first. Rows that nearly every apply changes are held until then and written once.

use ::redb::{Database, Durability, WriteTransaction};

use super::fault;
use super::heads::Heads;
use super::tables::{Held, Tables};
use crate::apply;
use crate::command::{Command, Reply};
use crate::store::Batch;
use crate::tx::Fault;

/// A round that holds so many rows back ends with the apply that got there.
const HELD_ROWS_MAX: usize = 16_384;
/// So many are written in some hundred microseconds.
const AT_ONCE_ROWS_MAX: usize = 64;
/// The same of updates, which are written together.
const AT_ONCE_UPDATE_BYTES_MAX: usize = 64 << 10;
/// Updates that are held back; the apply that gets there writes them, which takes some hundred microseconds too.
const UPDATE_BYTES_MAX: usize = 256 << 10;

pub(super) struct Round {
    tx: WriteTransaction,
    held: Held,
    /// Of the last apply.
    marker: Vec<u8>,
}

impl Round {
    pub(super) fn begin(database: &Database) -> Result<Self, Fault> {
        let mut tx = database.begin_write().map_err(fault)?;
        tx.set_durability(Durability::None).map_err(fault)?;
        Ok(Self {
            tx,
            held: Held::default(),
            marker: Vec::new(),
        })
    }

    /// After a fault the round is of no more use.
    pub(super) fn apply(
        &mut self,
        batches: &[Batch],
        marker: &[u8],
    ) -> Result<Vec<Vec<Reply>>, Fault> {
        let mut tables = Tables::with(&self.tx, std::mem::take(&mut self.held));
        let replies = batches
            .iter()
            .map(|batch| apply::apply_batch(&mut tables, batch))
            .collect::<Result<_, _>>()?;
        if tables.held_update_bytes() >= UPDATE_BYTES_MAX {
            tables.write_updates()?;
        }
        self.held = tables.into_held();
        self.marker.clear();
        self.marker.extend_from_slice(marker);
        Ok(replies)
    }

    pub(super) fn is_full(&self) -> bool {
        self.held.rows() >= HELD_ROWS_MAX
    }

    /// Whether ending it is no wait to speak of.
    pub(super) fn ends_at_once(&self) -> bool {
        self.held.rows() <= AT_ONCE_ROWS_MAX && self.held.update_bytes() <= AT_ONCE_UPDATE_BYTES_MAX
    }

    /// What was applied can be read from now on; it is durable after the next durable commit.
    pub(super) fn end(self, heads: &Heads) -> Result<(), Fault> {
        let changed = Tables::with(&self.tx, self.held).finish(&self.marker)?;
        self.tx.commit().map_err(fault)?;
        heads.changed(changed);
        Ok(())
    }
}

/// Whether these may join a round: readers wait while one is being added to, and other commands may take long.
pub(super) fn may_join(batches: &[Batch]) -> bool {
    let envelopes = batches.iter().flat_map(|batch| &batch.envelopes);
    envelopes
        .map(|envelope| &envelope.kind)
        .all(|kind| matches!(kind, Command::AppendUpdates { .. }))
}
