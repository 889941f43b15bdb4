//! The least store there can be: one state, no log.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::command::Envelope;
use crate::ids::Time;
use crate::query::Query;
use crate::redb::State;
use crate::store::{Batch, CommitIndex, Read, ReadError, ReadLevel, Store, SubmitError, Submitted};

/// A store over one [`State`], without a log: for tests of what stands on a store.
///
/// Durable only as far as its state is flushed.
#[derive(Debug)]
pub struct DirectStore {
    state: State,
    index: parking_lot::Mutex<u64>,
}

impl DirectStore {
    pub fn new(state: State) -> Self {
        Self {
            state,
            index: parking_lot::Mutex::new(0),
        }
    }

    fn submit_now(&self, envelopes: Vec<Envelope>) -> Result<Submitted, SubmitError> {
        let mut index = self.index.lock();
        let at = Time(*index + 1);
        let batch = Batch { at, envelopes };
        let mut replies = self
            .state
            .apply(&[batch], &(*index + 1).to_be_bytes())
            .map_err(|_| SubmitError::Stopped)?;
        *index += 1;
        Ok(Submitted {
            index: CommitIndex(*index),
            replies: replies.pop().unwrap_or_default(),
        })
    }

    fn read_now(&self, level: ReadLevel, query: &Query) -> Result<Read, ReadError> {
        // Taken before the read: the answer may be newer than the index says, never older.
        let index = CommitIndex(*self.index.lock());
        match level {
            ReadLevel::AtLeast(wanted) if wanted > index => return Err(ReadError::TimedOut),
            ReadLevel::AtLeast(_) | ReadLevel::Local | ReadLevel::Linearizable => {}
        }
        let answer = self.state.query(query).map_err(|_| ReadError::Failed)?;
        Ok(Read { index, answer })
    }
}

impl Store for DirectStore {
    fn submit(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Result<Submitted, SubmitError>> {
        async move { self.submit_now(batch) }.boxed()
    }

    fn read(&self, level: ReadLevel, query: Query) -> BoxFuture<'_, Result<Read, ReadError>> {
        async move { self.read_now(level, &query) }.boxed()
    }
}
