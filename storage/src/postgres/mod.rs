//! The engine for managed stores: a PostgreSQL database, version 15 or later.
//!
//! [`State`] runs batches through the same rules as the embedded engine, each as one transaction. There is no log
//! beside it: what [`State::apply`] returned is committed, and the server's own log keeps it. Several processes may
//! share a database. How their batches keep out of each other's way:
//!
//! - A batch first locks the rows of every board and document it names, in one order, then learns the time, then runs.
//!   So the batches that touch one board come one after another, with gapless numbers and rising times, and others run
//!   beside them. (Two that touch nothing in common may share a moment.)
//! - What is not there cannot be locked. Of two that make the same thing the second finds it made, and starts again from
//!   nothing; so does one that reads a board which came after it took its locks, and one that a deadlock was broken on.
//! - It takes its commit number last, from a row that it holds until the commit. So numbers are in the order of commits,
//!   and whoever sees a number sees all that was committed up to it.

mod columns;
mod migrate;
mod reads;
mod session;
mod tx;
mod writes;

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::answered::Answered;
use crate::apply;
use crate::command::{Command, Reply};
use crate::ids::DocName;
use crate::query::{self, Query};
use crate::store::{Batch, CommitIndex, Read};
use crate::tx::{Fault, ReadTx};

pub use migrate::OpenError;

use session::Session;
use tx::Tx;

/// A batch that loses to others this often in a row is given up: each time another one got on, so this is no deadlock
/// but a database with more writers than it can serve.
const ATTEMPTS_MAX: usize = 16;

/// Durable state in one database. Clones share two connections, one for writes and one for reads.
///
/// Calls block until the server has answered, and panic on a thread that runs an async runtime: give them one that may
/// block. A connection that broke is made anew by the next call.
#[derive(Clone)]
pub struct State {
    shared: Arc<Shared>,
}

struct Shared {
    server: ::postgres::Config,
    writer: Mutex<Option<Session>>,
    reader: Mutex<Option<Session>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the whole address: it may hold a password.
        f.debug_struct("State")
            .field("database", &self.shared.server.get_dbname())
            .finish_non_exhaustive()
    }
}

impl State {
    /// Connects, and brings the tables up to what this release knows. The address is a URL or `key=value` pairs, as
    /// libpq takes them.
    pub fn open(address: &str) -> Result<Self, OpenError> {
        let server = session::parse_address(address)?;
        let mut session = Session::connect(&server)?;
        migrate::migrate(&mut session)?;
        Ok(Self {
            shared: Arc::new(Shared {
                server,
                writer: Mutex::new(Some(session)),
                reader: Mutex::new(None),
            }),
        })
    }

    /// Runs a batch; returns when it is committed, with the number of the commit.
    ///
    /// On a fault nothing of it was done, save that the connection may have broken during the commit itself: then it is
    /// not known, and a command with an id can be sent again to learn it.
    pub fn apply(&self, batch: &Batch) -> Result<(CommitIndex, Vec<Reply>), Fault> {
        let mut writer = self.shared.writer.lock();
        let session = self.connected(&mut writer)?;
        for _ in 0..ATTEMPTS_MAX {
            match attempt(session, batch) {
                Ok(done) => return Ok(done),
                Err(Failure::Overtaken) => {}
                Err(Failure::Fault(fault)) => return Err(fault),
            }
        }
        Err(Fault::Engine(format!(
            "a batch lost to other writers {ATTEMPTS_MAX} times in a row"
        )))
    }

    /// Answers from everything committed before the call, and tells how far that is. Of a database in which nothing lies
    /// apart; see [`State::answer`].
    pub fn query(&self, query: &Query) -> Result<Read, Fault> {
        let (index, answered) = self.answer(query)?;
        let answer = answered.whole()?;
        Ok(Read { index, answer })
    }

    pub fn answer(&self, query: &Query) -> Result<(CommitIndex, Answered), Fault> {
        self.read(|tx| Ok((tx.commits()?, query::answer(tx, query)?)))
    }

    /// Runs a read of the caller's own over one consistent state.
    pub fn read_tx<R>(
        &self,
        read: impl FnOnce(&dyn ReadTx) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        self.read(|tx| read(tx))
    }

    fn read<R>(&self, read: impl FnOnce(&Tx<'_>) -> Result<R, Fault>) -> Result<R, Fault> {
        let mut reader = self.shared.reader.lock();
        let tx = Tx::begin_read(self.connected(&mut reader)?)?;
        read(&tx)
    }

    fn connected<'a>(
        &self,
        slot: &'a mut MutexGuard<'_, Option<Session>>,
    ) -> Result<&'a mut Session, Fault> {
        if slot.as_ref().is_none_or(Session::is_closed) {
            **slot = Some(Session::connect(&self.shared.server)?);
        }
        Ok(slot.as_mut().expect("a session was put there"))
    }
}

/// Why one attempt at a batch was rolled back.
enum Failure {
    /// Another writer was first at something; the batch is to run again over what that one left.
    Overtaken,
    Fault(Fault),
}

fn attempt(session: &mut Session, batch: &Batch) -> Result<(CommitIndex, Vec<Reply>), Failure> {
    let mut tx = Tx::begin_write(session).map_err(Failure::Fault)?;
    match run(&mut tx, batch) {
        Ok((index, replies)) => tx.commit().map(|()| (index, replies)),
        Err(_) if tx.is_overtaken() => Err(Failure::Overtaken),
        Err(fault) => Err(Failure::Fault(fault)),
    }
}

fn run(tx: &mut Tx<'_>, batch: &Batch) -> Result<(CommitIndex, Vec<Reply>), Fault> {
    tx.lock_docs(&docs_named_by(batch))?;
    let replies = apply::apply_batch(tx, batch)?;
    Ok((tx.take_commit_number()?, replies))
}

fn docs_named_by(batch: &Batch) -> BTreeSet<DocName> {
    fn name(command: &Command) -> Option<DocName> {
        match command {
            Command::InitInstance { .. } | Command::People(_) | Command::Nodes(_) => None,
            Command::Sharing(command) => command.board().map(DocName::from),
            Command::Once { kind, .. } => name(kind),
            Command::CreateBoard { board, .. }
            | Command::RenameBoard { board, .. }
            | Command::TrashBoard { board, .. }
            | Command::RestoreBoard { board }
            | Command::PurgeBoard { board } => Some((*board).into()),
            Command::AppendUpdates { doc, .. } | Command::Compact { doc, .. } => Some(doc.clone()),
        }
    }
    batch
        .envelopes
        .iter()
        .filter_map(|envelope| name(&envelope.kind))
        .collect()
}
