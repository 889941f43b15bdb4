//! Transactions as the rules see them: typed reads and writes, record by record.
//!
//! Nothing here is bytes and keys, so an engine with real columns can stand behind the same traits. Both are object
//! safe. An engine keeps what a transaction wrote visible to its own reads, and all of it or nothing after it.

use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;

use crate::ids::{BoardId, CommandId, DocName, Time};
use crate::records::{
    BoardRow, BodyContent, DocRow, Expiring, InstanceRow, OutcomeRow, SeatRow, UpdateRow,
};
use crate::rows::RowKind;
use crate::sharing::BoardHead;

/// This machine failed. Never an answer to a client: whoever writes stops writing.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the disk is full")]
    DiskFull,
    #[error("storage failed: {0}")]
    Engine(String),
    /// Stored data contradicts itself or cannot be read.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
}

/// Sees one consistent state.
pub trait ReadTx {
    fn instance(&self) -> Result<Option<InstanceRow>, Fault>;
    /// The time of the last batch applied; the epoch before the first.
    fn clock(&self) -> Result<Time, Fault>;
    fn board(&self, board: BoardId) -> Result<Option<BoardRow>, Fault>;
    /// Whether the board is in the trash, if there is one: every append asks, and needs no copy of the rest.
    fn is_trashed(&self, board: BoardId) -> Result<Option<bool>, Fault> {
        let row = self.board(board)?;
        Ok(row.map(|row| row.trashed_at.is_some()))
    }
    /// What lists read of a board; an engine may have it at hand.
    fn head(&self, board: BoardId) -> Result<Option<Arc<BoardHead>>, Fault>;
    /// Every board, in the order of ids.
    fn scan_boards(&self, visit: &mut Visit<'_, BoardId, BoardRow>) -> Result<(), Fault>;
    fn doc(&self, doc: &DocName) -> Result<Option<DocRow>, Fault>;
    fn body(&self, doc: &DocName) -> Result<Option<BodyContent>, Fault>;
    /// The updates with these numbers, ascending; history and tail alike.
    fn scan_updates(
        &self,
        doc: &DocName,
        seqs: RangeInclusive<u64>,
        visit: &mut Visit<'_, u64, UpdateRow>,
    ) -> Result<(), Fault>;
    fn seat(&self, doc: &DocName, seat: u64) -> Result<Option<SeatRow>, Fault>;
    fn outcome(&self, id: CommandId) -> Result<Option<OutcomeRow>, Fault>;
    /// The first `limit` things due at or before `until`, earliest first.
    fn expiring(&self, until: Time, limit: usize) -> Result<Vec<(Time, Expiring)>, Fault>;
    fn counts(&self) -> Result<Counts, Fault>;
    /// A row of [`crate::rows`], which gives these their types.
    fn get_row(&self, kind: RowKind, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;
    /// The rows of a kind whose keys begin with `prefix`, ascending.
    fn scan_rows(
        &self,
        kind: RowKind,
        prefix: &[u8],
        visit: &mut VisitBytes<'_>,
    ) -> Result<(), Fault>;
}

/// Called with the key and the value of each row of a scan; `Break` ends it.
pub type VisitBytes<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Fault> + 'a;

/// Called for each record of a scan; `Break` ends it.
pub type Visit<'a, K, R> = dyn FnMut(K, R) -> Result<ControlFlow<()>, Fault> + 'a;

/// Rows per record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub boards: u64,
    pub docs: u64,
    pub updates: u64,
    pub seats: u64,
    pub outcomes: u64,
}

/// Also changes it. `put` replaces; `delete` of what is not there is fine.
pub trait WriteTx: ReadTx {
    fn put_instance(&mut self, row: &InstanceRow) -> Result<(), Fault>;
    fn put_clock(&mut self, at: Time) -> Result<(), Fault>;
    fn put_board(&mut self, board: BoardId, row: &BoardRow) -> Result<(), Fault>;
    fn delete_board(&mut self, board: BoardId) -> Result<(), Fault>;
    fn put_doc(&mut self, doc: &DocName, row: &DocRow) -> Result<(), Fault>;
    /// The document with its body, updates and seats.
    fn delete_doc(&mut self, doc: &DocName) -> Result<(), Fault>;
    fn put_body(&mut self, doc: &DocName, body: &BodyContent) -> Result<(), Fault>;
    fn put_update(&mut self, doc: &DocName, seq: u64, row: &UpdateRow) -> Result<(), Fault>;
    fn put_seat(&mut self, doc: &DocName, seat: u64, row: SeatRow) -> Result<(), Fault>;
    fn delete_seat(&mut self, doc: &DocName, seat: u64) -> Result<(), Fault>;
    fn put_outcome(&mut self, id: CommandId, row: &OutcomeRow) -> Result<(), Fault>;
    fn delete_outcome(&mut self, id: CommandId) -> Result<(), Fault>;
    fn put_expiring(&mut self, due: Time, what: &Expiring) -> Result<(), Fault>;
    fn delete_expiring(&mut self, due: Time, what: &Expiring) -> Result<(), Fault>;
    fn put_row(&mut self, kind: RowKind, key: &[u8], value: &[u8]) -> Result<(), Fault>;
    fn delete_row(&mut self, kind: RowKind, key: &[u8]) -> Result<(), Fault>;
}
