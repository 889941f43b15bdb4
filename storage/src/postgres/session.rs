//! One connection, and what its errors mean.

use std::collections::HashMap;
use std::time::Duration;

use ::postgres::error::SqlState;
use ::postgres::{Client, Config, NoTls, Statement, Transaction};

use super::OpenError;
use crate::tx::Fault;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A server that is gone without a word is noticed after about half a minute.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 4;
const UNANSWERED_MAX: Duration = Duration::from_secs(30);

/// For every connection. A commit that was not synced would be acknowledged and lost, so that one setting is not left to
/// the server. The timeouts let go of what a stuck process holds, and of waiting for it.
const SETTINGS: &str = "
    SET search_path = easel;
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '60s';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
";

pub(super) fn parse_address(address: &str) -> Result<Config, OpenError> {
    let mut config: Config = address.parse().map_err(|_| OpenError::Address)?;
    config
        .connect_timeout(CONNECT_TIMEOUT)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES)
        .tcp_user_timeout(UNANSWERED_MAX);
    if config.get_application_name().is_none() {
        config.application_name("easel");
    }
    Ok(config)
}

pub(super) struct Session {
    /// There until this is dropped.
    client: Option<Client>,
    /// By their text. There are as many as this module has queries.
    statements: HashMap<String, Statement>,
}

impl Session {
    pub(super) fn connect(server: &Config) -> Result<Self, Fault> {
        let mut client = server.connect(NoTls).map_err(|error| fault(&error))?;
        client
            .batch_execute(SETTINGS)
            .map_err(|error| fault(&error))?;
        Ok(Self {
            client: Some(client),
            statements: HashMap::new(),
        })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.as_ref().is_none_or(Client::is_closed)
    }

    pub(super) fn client(&mut self) -> &mut Client {
        self.parts().0
    }

    /// The client, and the statements prepared on it.
    pub(super) fn parts(&mut self) -> (&mut Client, &mut HashMap<String, Statement>) {
        let client = self.client.as_mut();
        let client = client.expect("only the drop takes it");
        (client, &mut self.statements)
    }
}

impl Drop for Session {
    /// Closing waits for the server, and whoever drops the last handle may be a thread of an async runtime.
    fn drop(&mut self) {
        let client = self.client.take();
        // Without a thread the closure is dropped here, and so is the client: there is no third way.
        let _ = std::thread::Builder::new()
            .name("close-postgres".to_owned())
            .spawn(move || drop(client));
    }
}

/// The statement of a text; sent to the server once for each connection.
pub(super) fn prepared(
    tx: &mut Transaction<'_>,
    statements: &mut HashMap<String, Statement>,
    sql: &str,
) -> Result<Statement, ::postgres::Error> {
    if let Some(statement) = statements.get(sql) {
        return Ok(statement.clone());
    }
    let statement = tx.prepare(sql)?;
    statements.insert(sql.to_owned(), statement.clone());
    Ok(statement)
}

/// Whether another writer caused it, so that the same batch may succeed when it is run again.
pub(super) fn is_conflict(error: &::postgres::Error) -> bool {
    let Some(code) = error.code() else {
        return false;
    };
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        // Rows that were not there a moment ago are inserted, never replaced.
        SqlState::UNIQUE_VIOLATION,
    ]
    .contains(code)
}

pub(super) fn fault(error: &::postgres::Error) -> Fault {
    // Message and code only: the server's details quote the row.
    let text = match error.as_db_error() {
        Some(told) => format!("{} ({})", told.message(), told.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    };
    match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => Fault::DiskFull,
        Some(code) if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) => {
            Fault::Corrupt(text)
        }
        Some(_) | None => Fault::Engine(text),
    }
}
