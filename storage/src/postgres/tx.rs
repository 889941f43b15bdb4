//! One transaction: its statements, its locks, and whether it lost to another.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use ::postgres::types::ToSql;
use ::postgres::{IsolationLevel, Row, Statement, Transaction};

use super::columns::{get_number, get_uuid, number, uuid};
use super::session::{Session, fault, is_conflict, prepared};
use super::{Failure, columns};
use crate::ids::{BoardId, CommandId, DocName, Time};
use crate::store::CommitIndex;
use crate::tx::{Fault, ReadTx};

/// Held by whoever changes table rows. The number is arbitrary, and Easel's.
const ROWS_LOCK: i64 = 0x6561_7365_6c00_0002;

/// A scan holds this many rows at a time.
const SCAN_ROWS: i32 = 256;

pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A transaction as the rules see it. Dropped without a commit it is rolled back.
pub(super) struct Tx<'a> {
    inner: RefCell<Inner<'a>>,
    access: Access,
    /// The rows that are there and that nobody else can change before this ends.
    held: RefCell<Held>,
    overtaken: Cell<bool>,
    /// Whether this holds the lock over all of table rows.
    holds_rows: Cell<bool>,
    /// The time put last. It is written with the commit number, so that the row of both is locked last.
    clock: Option<Time>,
}

struct Inner<'a> {
    tx: Transaction<'a>,
    statements: &'a mut HashMap<String, Statement>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

#[derive(Default)]
pub(super) struct Held {
    pub(super) boards: BTreeSet<BoardId>,
    pub(super) docs: BTreeSet<DocName>,
    pub(super) outcomes: BTreeSet<CommandId>,
}

impl<'a> Tx<'a> {
    /// Sees what was committed when it begins, and nothing later.
    pub(super) fn begin_read(session: &'a mut Session) -> Result<Self, Fault> {
        Self::begin(session, Access::Read)
    }

    /// Sees at each statement what was committed by then; what it must be able to rely on, it locks.
    pub(super) fn begin_write(session: &'a mut Session) -> Result<Self, Fault> {
        Self::begin(session, Access::Write)
    }

    fn begin(session: &'a mut Session, access: Access) -> Result<Self, Fault> {
        let (client, statements) = session.parts();
        let builder = client.build_transaction();
        let builder = match access {
            Access::Read => builder
                .isolation_level(IsolationLevel::RepeatableRead)
                .read_only(true),
            Access::Write => builder.isolation_level(IsolationLevel::ReadCommitted),
        };
        let tx = builder.start().map_err(|error| fault(&error))?;
        Ok(Self {
            inner: RefCell::new(Inner { tx, statements }),
            access,
            held: RefCell::default(),
            overtaken: Cell::new(false),
            holds_rows: Cell::new(false),
            clock: None,
        })
    }

    /// Locks those of the documents that there are, with their boards, each kind in the order of names: two batches that
    /// want the same rows cannot each hold one and wait for the other's.
    pub(super) fn lock_docs(&mut self, docs: &BTreeSet<DocName>) -> Result<(), Fault> {
        let board_of = |doc: &DocName| match doc {
            DocName::Board(board) => Some(*board),
            DocName::Raw(_) => None,
        };
        let boards: Vec<_> = docs
            .iter()
            .filter_map(|doc| Some(uuid(board_of(doc)?.as_bytes())))
            .collect();
        if !boards.is_empty() {
            let sql = "SELECT id FROM boards WHERE id = ANY($1) ORDER BY id FOR UPDATE";
            for row in self.rows(sql, &[&boards])? {
                let board = BoardId::from_bytes(get_uuid(&row, 0)?);
                self.held.get_mut().boards.insert(board);
            }
        }
        // A board that appears between the two statements is as if it came later.
        let held = &self.held.get_mut().boards;
        let names: Vec<_> = docs
            .iter()
            .filter(|doc| board_of(doc).is_none_or(|board| held.contains(&board)))
            .map(DocName::to_string)
            .collect();
        if !names.is_empty() {
            let sql = "SELECT name FROM docs WHERE name = ANY($1) ORDER BY name FOR UPDATE";
            for row in self.rows(sql, &[&names])? {
                let doc = columns::get_doc(&row, 0)?;
                self.held.get_mut().docs.insert(doc);
            }
        }
        Ok(())
    }

    /// Takes the next commit number and moves the clock. To be followed by the commit alone, since until then every
    /// other batch that wants to end waits.
    pub(super) fn take_commit_number(&mut self) -> Result<CommitIndex, Fault> {
        let clock = match self.clock {
            Some(clock) => clock,
            None => self.clock()?,
        };
        let sql = "UPDATE progress SET commits = commits + 1, clock_ms = greatest(clock_ms, $1) RETURNING commits";
        let row = self.row(sql, &[&number(clock.0)?])?;
        let row = row.ok_or_else(|| Fault::Corrupt("table progress has no row".to_owned()))?;
        get_number(&row, 0).map(CommitIndex)
    }

    pub(super) fn commit(self) -> Result<(), Failure> {
        let inner = self.inner.into_inner();
        inner.tx.commit().map_err(|error| {
            if is_conflict(&error) {
                Failure::Overtaken
            } else {
                Failure::Fault(fault(&error))
            }
        })
    }

    /// The number of the last commit that this transaction sees.
    pub(super) fn commits(&self) -> Result<CommitIndex, Fault> {
        let row = self.row("SELECT commits FROM progress", &[])?;
        let row = row.ok_or_else(|| Fault::Corrupt("table progress has no row".to_owned()))?;
        get_number(&row, 0).map(CommitIndex)
    }

    /// Before a writer looks at table rows: from then on nobody else writes there until this ends.
    pub(super) fn hold_rows(&self) -> Result<(), Fault> {
        if self.access == Access::Write && !self.holds_rows.replace(true) {
            self.run("SELECT pg_advisory_xact_lock($1)", &[&ROWS_LOCK])?;
        }
        Ok(())
    }

    pub(super) fn holds_rows(&self) -> bool {
        self.holds_rows.get()
    }

    /// Its row was just locked.
    pub(super) fn hold_board(&self, board: BoardId) {
        self.held.borrow_mut().boards.insert(board);
    }

    pub(super) fn is_overtaken(&self) -> bool {
        self.overtaken.get()
    }

    /// Ends the attempt: another writer was first at something that this one has looked at.
    pub(super) fn overtaken(&self) -> Fault {
        self.overtaken.set(true);
        Fault::Engine("another writer was first".to_owned())
    }

    pub(super) fn writes(&self) -> bool {
        self.access == Access::Write
    }

    pub(super) fn put_pending_clock(&mut self, at: Time) {
        self.clock = Some(at);
    }

    pub(super) fn pending_clock(&self) -> Option<Time> {
        self.clock
    }

    pub(super) fn held(&self) -> std::cell::RefMut<'_, Held> {
        self.held.borrow_mut()
    }

    pub(super) fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Fault> {
        self.with(sql, |tx, statement| tx.query(statement, params))
    }

    pub(super) fn row(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, Fault> {
        self.with(sql, |tx, statement| tx.query_opt(statement, params))
    }

    /// A row that a writer may be about to change: it waits for whoever holds the row, and holds it from then on.
    pub(super) fn row_to_change(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Option<Row>, Fault> {
        match self.access {
            Access::Read => self.row(sql, params),
            Access::Write => self.row(&format!("{sql} FOR UPDATE"), params),
        }
    }

    /// Runs a statement that changes something; gives the number of rows.
    pub(super) fn run(&self, sql: &str, params: Params<'_>) -> Result<u64, Fault> {
        self.with(sql, |tx, statement| tx.execute(statement, params))
    }

    /// Gives the rows one by one. The visitor may use this transaction meanwhile.
    pub(super) fn scan(
        &self,
        sql: &str,
        params: Params<'_>,
        visit: &mut dyn FnMut(&Row) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        let portal = self.with(sql, |tx, statement| tx.bind(statement, params))?;
        loop {
            let page = self.with(sql, |tx, _| tx.query_portal(&portal, SCAN_ROWS))?;
            for row in &page {
                if visit(row)?.is_break() {
                    return Ok(());
                }
            }
            if page.len() < SCAN_ROWS as usize {
                return Ok(());
            }
        }
    }

    fn with<R>(
        &self,
        sql: &str,
        run: impl FnOnce(&mut Transaction<'a>, &Statement) -> Result<R, ::postgres::Error>,
    ) -> Result<R, Fault> {
        let mut inner = self.inner.borrow_mut();
        let Inner { tx, statements } = &mut *inner;
        let result = prepared(tx, statements, sql).and_then(|statement| run(tx, &statement));
        result.map_err(|error| {
            if is_conflict(&error) {
                self.overtaken.set(true);
            }
            fault(&error)
        })
    }
}
