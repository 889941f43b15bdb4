//! Our values as columns, and back.

use ::postgres::Row;
use ::postgres::types::FromSql;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;
use uuid::Uuid;

use crate::command::Actor;
use crate::ids::{DocName, Time, Title};
use crate::tx::Fault;

/// A number or time, of which a bigint holds the lower half; none ever comes near the middle.
pub(super) fn number(value: u64) -> Result<i64, Fault> {
    i64::try_from(value).map_err(|_| Fault::Engine(format!("{value} does not fit into a bigint")))
}

/// A bound of a search, where beyond the greatest there is nothing anyway.
pub(super) fn bound(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A word, or the id of who it was.
pub(super) fn actor(actor: Actor) -> String {
    match actor {
        Actor::System => "system".to_owned(),
        Actor::Local => "local".to_owned(),
        Actor::User(user) => user.to_string(),
        Actor::Guest(session) => session.to_string(),
    }
}

pub(super) fn uuid(bytes: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*bytes)
}

pub(super) fn get<'row, T: FromSql<'row>>(row: &'row Row, column: usize) -> Result<T, Fault> {
    row.try_get(column)
        .map_err(|error| Fault::Corrupt(error.to_string()))
}

pub(super) fn get_number(row: &Row, column: usize) -> Result<u64, Fault> {
    let value: i64 = get(row, column)?;
    u64::try_from(value).map_err(|_| Fault::Corrupt(format!("{value} where no number is negative")))
}

pub(super) fn get_time(row: &Row, column: usize) -> Result<Time, Fault> {
    get_number(row, column).map(Time)
}

pub(super) fn get_bytes(row: &Row, column: usize) -> Result<Bytes, Fault> {
    get::<&[u8]>(row, column).map(Bytes::copy_from_slice)
}

pub(super) fn get_uuid(row: &Row, column: usize) -> Result<[u8; 16], Fault> {
    get::<Uuid>(row, column).map(Uuid::into_bytes)
}

pub(super) fn get_actor(row: &Row, column: usize) -> Result<Actor, Fault> {
    let word: &str = get(row, column)?;
    match word {
        "system" => Ok(Actor::System),
        "local" => Ok(Actor::Local),
        id => id
            .parse()
            .map(Actor::User)
            .or_else(|_| id.parse().map(Actor::Guest))
            .map_err(|_| Fault::Corrupt(format!("{id} is nobody"))),
    }
}

pub(super) fn get_doc(row: &Row, column: usize) -> Result<DocName, Fault> {
    get::<&str>(row, column)?
        .parse()
        .map_err(|error| Fault::Corrupt(format!("a document's name is {error}")))
}

/// Believed as it stands, like one read from the log: the rule may have tightened since.
pub(super) fn get_title(row: &Row, column: usize) -> Result<Title, Fault> {
    let text: &str = get(row, column)?;
    Title::deserialize(text.into_deserializer())
        .map_err(|error: Error| Fault::Corrupt(error.to_string()))
}
