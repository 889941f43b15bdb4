//! The engine for managed stores, against a real PostgreSQL.

mod concurrent;
mod crash;
mod equal;
mod server;
mod store;
mod tables;

use easel_storage::postgres::State;

use server::Server;

/// A state in a database of its own.
fn state() -> State {
    State::open(&Server::shared().database()).expect("the database opens")
}
