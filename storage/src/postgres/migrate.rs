//! The tables, version by version.
//!
//! A migration that was released is never changed: what ran is kept by its checksum and compared at every start. The next
//! change is the next file.

use super::session::{Session, fault};
use crate::tx::Fault;

/// What was released, in order; the first has version 1.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/0001_boards.sql"),
    include_str!("migrations/0002_rows.sql"),
    include_str!("migrations/0003_apart.sql"),
];

/// Held while the tables are looked at and changed, so that of several processes that start at once one does it. The
/// number is arbitrary, and Easel's.
const LOCK: i64 = 0x6561_7365_6c00_0001;

const PREPARE: &str = "
    CREATE SCHEMA IF NOT EXISTS easel;
    CREATE TABLE IF NOT EXISTS easel.migrations (
        version integer PRIMARY KEY CHECK (version >= 1),
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
";

/// Why a database cannot be used. Each is a different thing to do for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("not an address of a PostgreSQL database")]
    Address,
    #[error("the database keeps its text as {found}; Easel needs one made with ENCODING 'UTF8'")]
    Encoding { found: String },
    #[error("the tables have version {found}, this release knows up to {known}")]
    NewerTables { found: u32, known: u32 },
    #[error(
        "the tables were made by another version {version} than this release's: the database is not Easel's, or was edited"
    )]
    ForeignTables { version: u32 },
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// All or nothing: PostgreSQL makes and drops tables inside a transaction.
pub(super) fn migrate(session: &mut Session) -> Result<(), OpenError> {
    let mut tx = session.client().transaction().map_err(failed)?;
    let encoding = tx.query_one("SHOW server_encoding", &[]).map_err(failed)?;
    let encoding: String = encoding.get(0);
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { found: encoding });
    }
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .map_err(failed)?;
    tx.batch_execute(PREPARE).map_err(failed)?;
    let applied = tx
        .query(
            "SELECT version, checksum FROM migrations ORDER BY version",
            &[],
        )
        .map_err(failed)?;
    let applied: Vec<(i32, String)> = applied.iter().map(|row| (row.get(0), row.get(1))).collect();
    check(&applied)?;
    for (version, sql) in (1i32..).zip(MIGRATIONS).skip(applied.len()) {
        tx.batch_execute(sql).map_err(failed)?;
        tx.execute(
            "INSERT INTO migrations (version, checksum) VALUES ($1, $2)",
            &[&version, &checksum(sql)],
        )
        .map_err(failed)?;
    }
    tx.commit().map_err(failed)
}

/// What ran must be the beginning of what this release knows.
fn check(applied: &[(i32, String)]) -> Result<(), OpenError> {
    for (nth, (version, found)) in applied.iter().enumerate() {
        let version = version.unsigned_abs();
        let Some(sql) = MIGRATIONS.get(nth) else {
            return Err(OpenError::NewerTables {
                found: version,
                known: MIGRATIONS.len() as u32,
            });
        };
        if version as usize != nth + 1 || *found != checksum(sql) {
            return Err(OpenError::ForeignTables { version });
        }
    }
    Ok(())
}

fn checksum(sql: &str) -> String {
    blake3::hash(sql.as_bytes()).to_string()
}

fn failed(error: ::postgres::Error) -> OpenError {
    OpenError::Fault(fault(&error))
}
