//! The keyring as a node holds it: read when it changed, made when there is none, turned when it is time.

use super::keyring::{self, Due, ForeignKeyring, KeyRefused, Ring};
use super::{Auth, wall_clock};
use crate::http::problem::{Code, Problem};
use easel_storage::people::{
    KeyRow, KeyState, KeyringRow, PeopleAnswer, PeopleCommand, PeopleQuery,
};
use easel_storage::{Query, ReadLevel, Rejection, Time};
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub(crate) enum RingError {
    #[error("the keyring is sealed with another master key")]
    Foreign,
    #[error("{0}")]
    Store(String),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RingChange {
    #[error(transparent)]
    Refused(#[from] KeyRefused),
    #[error(transparent)]
    Failed(#[from] RingError),
}

impl Auth {
    pub(super) fn ring(&self) -> Arc<Ring> {
        self.ring.read().clone()
    }

    /// The keyring as this node's state has it.
    pub(super) async fn fresh_ring(&self) -> Arc<Ring> {
        if !self.known.keyring_is_read()
            && let Err(error) = self.fetch_ring(ReadLevel::Local).await
        {
            tracing::error!(%error, "the keyring cannot be read; going on with the one before");
        }
        self.ring()
    }

    pub(super) async fn ring_to_seal(&self) -> Result<Arc<Ring>, Problem> {
        let ring = self.fresh_ring().await;
        match ring.sealing() {
            Some(_) => Ok(ring),
            None => self.make_ring().await.map_err(|error| {
                tracing::error!(%error, "no keyring can be made");
                Problem::new(Code::Unavailable)
            }),
        }
    }

    /// Reads the keyring and keeps it, opened.
    pub(super) async fn fetch_ring(&self, level: ReadLevel) -> Result<KeyringRow, RingError> {
        let before = self.known.begin();
        let row = self.keyring_row(level).await?;
        let opened = Ring::open(&row, &self.master, self.instance);
        let kept = opened.map(|ring| self.keep(ring));
        // Also of one that cannot be opened: it is not read again with every request.
        self.known.put_keyring_is_read(before);
        kept.map_err(|ForeignKeyring| RingError::Foreign)?;
        Ok(row)
    }

    async fn keyring_row(&self, level: ReadLevel) -> Result<KeyringRow, RingError> {
        let query = Query::People(PeopleQuery::Keyring);
        let read = self.store.read(level, query).await;
        let read = read.map_err(|error| RingError::Store(error.to_string()))?;
        match read.answer.into_people() {
            PeopleAnswer::Keyring(row) => Ok(row.unwrap_or_default()),
            other => Err(RingError::Store(format!("{other:?} instead"))),
        }
    }

    fn keep(&self, ring: Ring) {
        let mut kept = self.ring.write();
        if ring.rev >= kept.rev {
            *kept = Arc::new(ring);
        }
    }

    /// The first keyring of an installation. Of several nodes that try one wins, and all take its ring.
    pub(super) async fn make_ring(&self) -> Result<Arc<Ring>, RingError> {
        let row = self.fetch_ring(ReadLevel::Local).await?;
        if row.keys.iter().all(|key| key.state != KeyState::Active) {
            let first = self
                .master
                .seal_new(self.instance, KeyState::Active, wall_clock());
            self.put_ring(row.rev, vec![first]).await?;
        }
        Ok(self.ring())
    }

    /// Begins anew where nothing can be opened.
    pub(super) async fn replace_ring(&self) -> Result<(), RingError> {
        let rev = self.keyring_row(ReadLevel::Local).await?.rev;
        let first = self
            .master
            .seal_new(self.instance, KeyState::Active, wall_clock());
        self.put_ring(rev, vec![first]).await
    }

    /// Swaps the keyring; where another node was first, takes its.
    async fn put_ring(&self, if_rev: u64, keys: Vec<KeyRow>) -> Result<(), RingError> {
        let put = self
            .submit(PeopleCommand::PutKeyring { if_rev, keys })
            .await;
        let (index, reply) =
            put.map_err(|problem| RingError::Store(problem.code.about().slug.to_owned()))?;
        match reply {
            Ok(_) | Err(Rejection::RevisionMoved { .. }) => {
                self.fetch_ring(ReadLevel::AtLeast(index)).await.map(|_| ())
            }
            Err(rejection) => Err(RingError::Store(rejection.to_string())),
        }
    }

    /// The keys with their states, for whoever runs the installation.
    pub(crate) async fn keys(&self) -> Result<KeyringRow, RingError> {
        self.fetch_ring(ReadLevel::Local).await
    }

    /// Announces a new key; it seals when every node has heard of it, which [`Auth::upkeep`] sees to.
    pub(crate) async fn rotate_keys(&self, now: Time) -> Result<(), RingChange> {
        let row = self.fetch_ring(ReadLevel::Linearizable).await?;
        let new = self.master.seal_new(self.instance, KeyState::Pending, now);
        Ok(self
            .put_ring(row.rev, keyring::announce(&row.keys, new)?)
            .await?)
    }

    /// Takes a key away, and with it every session that was last renewed under it.
    pub(crate) async fn destroy_key(&self, id: &str) -> Result<(), RingChange> {
        let row = self.fetch_ring(ReadLevel::Linearizable).await?;
        Ok(self
            .put_ring(row.rev, keyring::destroy(&row.keys, id)?)
            .await?)
    }

    /// Does what is due with the keyring. To be called now and then, on any node.
    pub(crate) async fn upkeep(&self, now: Time) -> Result<(), RingChange> {
        let row = self.fetch_ring(ReadLevel::Local).await?;
        match keyring::due(&row.keys, now) {
            None => Ok(()),
            Some(Due::Announce) => self.rotate_keys(now).await,
            Some(Due::Activate) => Ok(self
                .put_ring(row.rev, keyring::activate(&row.keys, now)?)
                .await?),
            Some(Due::Retire) => match keyring::retire(&row.keys, now) {
                Some(keys) => Ok(self.put_ring(row.rev, keys).await?),
                None => Ok(()),
            },
        }
    }
}
