//! Who is asking, and how they prove it: passwords, sessions, tokens, and the guard against guessing.
//!
//! [`Auth`] is what handlers use. It answers who a request is from ([`caller`]), begins, renews and ends sessions
//! ([`session`]), and looks after the keyring. What it decides stands in values that read no clock and no random number:
//! [`guard`], [`token`], [`keyring`], [`password`]. What somebody *may* do is decided elsewhere.
//!
//! Nothing here is kept in memory alone but the guard's counts, the tickets used in the last half minute and the setup
//! secret: sessions, tokens and keys are the store's, so that they hold on every node and end on every node.

mod caller;
mod common;
mod cookie;
mod derived;
mod guard;
mod keyring;
mod keys;
mod known;
mod password;
mod secret;
mod session;
#[cfg(test)]
mod tests;
mod token;

pub(crate) use caller::{Asking, Caller, Presented, UserCaller};
pub(crate) use cookie::{Cookie, CookieKind};
pub(crate) use guard::Network;
pub(crate) use keyring::{KeyRefused, MasterKey, MasterKeyError, MasterSource};
pub(crate) use keys::RingChange;
pub(crate) use known::Known;
pub(crate) use password::{Context, HashCost, Password};
pub(crate) use secret::{ApiToken, Secret, random};
pub(crate) use session::{Client, SignedIn, TokenPair};
pub(crate) use token::{ACCESS_LIFE_MS_MAX, Holder, TICKET_LIFE_MS, Ticket};

use crate::config::PublicUrl;
use crate::http::problem::{Code, FieldError, Problem};
use easel_storage::names::PasswordHash;
use easel_storage::people::{PeopleCommand, PeopleOutcome};
use easel_storage::{
    Actor, Command, CommitIndex, Envelope, InstanceId, Outcome, ReadLevel, Rejection, Store,
    SubmitError, Time, submit_one,
};
use guard::Guard;
use keyring::Ring;
use keys::RingError;
use parking_lot::{Mutex, RwLock};
use password::{Busy, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use token::{Access, Burnt, Refused, Tokens};

/// What [`Auth`] is made from.
#[derive(Debug)]
pub(crate) struct AuthOptions {
    pub(crate) instance: InstanceId,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) master: MasterSource,
    pub(crate) cost: HashCost,
    pub(crate) cookies: CookieKind,
    pub(crate) access_life_ms: u64,
}

/// Why a node cannot know who asks.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    #[error("Argon2 knows no hash of {} KiB, {} passes and {} lanes", .0.memory_kib, .0.passes, .0.lanes)]
    Cost(HashCost),
    #[error(
        "the keyring in the data folder is sealed with another master key than {}. Put the right one back; with none \
         in the data folder a new one is made, and everybody signs in again", name(.0)
    )]
    ForeignKeyring(MasterSource),
    #[error("the keyring cannot be read: {0}")]
    Store(String),
}

fn name(source: &MasterSource) -> String {
    let path: PathBuf = match source {
        MasterSource::File(path) | MasterSource::Credential(path) => path.clone(),
        MasterSource::DataDir(dir) => dir.join("master.key"),
    };
    path.display().to_string()
}

/// Who asks. One for each node.
pub(crate) struct Auth {
    store: Arc<dyn Store>,
    instance: InstanceId,
    known: Arc<Known>,
    tokens: Tokens,
    master: MasterKey,
    ring: RwLock<Arc<Ring>>,
    hasher: Hasher,
    guard: Mutex<Guard>,
    burnt: Mutex<Burnt>,
    /// Opens the page that makes the first account. In memory only, and anew with each start.
    setup: Secret,
    cookies: CookieKind,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth")
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

impl Auth {
    /// Loads the keyring, or makes one where there is none.
    ///
    /// `known` must hear of every [`easel_storage::Change`] before the command that made it is answered. A store that
    /// cannot be written yet (a full disk, no leader) is no reason not to start: the first token to be sealed makes up for it.
    pub(crate) async fn start(
        options: AuthOptions,
        store: Arc<dyn Store>,
        known: Arc<Known>,
    ) -> Result<Auth, AuthError> {
        let AuthOptions {
            instance,
            public_url,
            master: source,
            cost,
            cookies,
            access_life_ms,
        } = options;
        let hasher = Hasher::new(cost, Hasher::threads_to_spare()).ok_or(AuthError::Cost(cost))?;
        let audience = public_url.map_or_else(|| instance.to_string(), |url| url.to_string());
        let auth = Auth {
            store,
            instance,
            known,
            tokens: Tokens::new(instance, audience, access_life_ms),
            master: MasterKey::load(&source)?,
            ring: RwLock::default(),
            hasher,
            guard: Mutex::default(),
            burnt: Mutex::default(),
            setup: Secret::random(),
            cookies,
        };
        match auth.fetch_ring(ReadLevel::Local).await {
            Ok(_) => {}
            Err(RingError::Foreign) if auth.master.is_new => {
                tracing::warn!(
                    "the master key was missing and a new one was made; everybody signs in again"
                );
                if let Err(error) = auth.replace_ring().await {
                    tracing::warn!(%error, "no keyring yet");
                }
            }
            Err(RingError::Foreign) => return Err(AuthError::ForeignKeyring(source)),
            Err(RingError::Store(why)) => return Err(AuthError::Store(why)),
        }
        if auth.ring().sealing().is_none()
            && let Err(error) = auth.make_ring().await
        {
            tracing::warn!(%error, "no keyring yet");
        }
        Ok(auth)
    }

    /// The master key as a node that joins is given it, and what the cluster's authority is sealed with.
    pub(crate) fn master_for_peers(&self) -> (String, [u8; 32]) {
        let seal = self
            .master
            .derive("easel 2026-11-22 authority of a cluster");
        (self.master.text(), seal)
    }

    /// How old the key is that new tokens are sealed with; `None` while there is none.
    pub(crate) fn key_age_ms(&self, now: Time) -> Option<u64> {
        self.ring().age_ms(now)
    }

    pub(crate) fn access_life_ms(&self) -> u64 {
        self.tokens.access_life_ms()
    }

    pub(crate) fn cookies(&self) -> CookieKind {
        self.cookies
    }

    /// The address of the page that makes the first account, while there is none. Whoever has it becomes the admin.
    pub(crate) async fn setup_url(&self, base: &str) -> Result<Option<String>, Problem> {
        // Behind a `#`, so that it gets into no log on its way.
        let url = || format!("{}/setup#{}", base.trim_end_matches('/'), self.setup.text());
        Ok((!self.has_accounts().await?).then(url))
    }

    /// Whether this is the setup secret, and there is still something to set up.
    pub(crate) async fn check_setup(&self, secret: &str) -> Result<(), Problem> {
        if self.has_accounts().await? {
            return Err(Code::SetupDone.into());
        }
        let presented = Secret::parse(secret).map_err(|_| Code::InvalidToken)?;
        match secret::same_hash(&presented.hash(), &self.setup.hash()) {
            true => Ok(()),
            false => Err(Code::InvalidToken.into()),
        }
    }

    /// Hashes a password that somebody wants to set, if it is good enough. `pointer` names it in the body.
    pub(crate) async fn hash_password(
        &self,
        password: Password,
        context: &Context,
        pointer: &str,
    ) -> Result<PasswordHash, Problem> {
        let weaknesses = password::weaknesses(&password, context);
        if !weaknesses.is_empty() {
            let error = |weakness: password::Weakness| FieldError {
                pointer: pointer.to_owned(),
                code: weakness.code(),
                detail: weakness.detail(),
            };
            return Err(Problem {
                errors: weaknesses.into_iter().map(error).collect(),
                ..Code::WeakPassword.into()
            });
        }
        self.hasher.hash(password).await.map_err(busy)
    }

    /// Hashes a password that is asked for beside a secret, and need not stand by itself.
    pub(crate) async fn hash_link_password(
        &self,
        password: Password,
    ) -> Result<PasswordHash, Problem> {
        self.hasher.hash(password).await.map_err(busy)
    }

    /// For a connection that cannot send a header. Good for half a minute, once.
    pub(crate) async fn mint_ticket(&self, ticket: &Ticket, now: Time) -> Result<String, Problem> {
        let ring = self.ring_to_seal().await?;
        self.tokens.mint_ticket(&ring, ticket, now).map_err(no_key)
    }

    /// Takes a ticket and burns it. Whether its holder still may is asked by the caller.
    pub(crate) async fn take_ticket(
        &self,
        token: &str,
        origin: Option<&str>,
        now: Time,
    ) -> Result<Ticket, Problem> {
        let ring = self.fresh_ring().await;
        let opened = self.tokens.open_ticket(&ring, token, now);
        let ticket = opened.map_err(|_| Code::InvalidToken)?;
        if ticket
            .origin
            .as_deref()
            .is_some_and(|bound| Some(bound) != origin)
        {
            return Err(Code::InvalidToken.into());
        }
        let burnt = self.burnt.lock().burn(ticket.jti, ticket.expires_at, now);
        burnt.map_err(|_| Code::InvalidToken)?;
        Ok(ticket)
    }

    async fn open_access(&self, token: &str, now: Time) -> Result<(Access, Time), Problem> {
        let ring = self.fresh_ring().await;
        let opened = self.tokens.open_access(&ring, token, now);
        opened.map_err(|refused| match refused {
            Refused::Malformed
            | Refused::UnknownKey
            | Refused::Forged
            | Refused::Early
            | Refused::Expired => Code::InvalidToken.into(),
        })
    }

    async fn submit(
        &self,
        command: PeopleCommand,
    ) -> Result<(CommitIndex, Result<PeopleOutcome, Rejection>), Problem> {
        let envelope = Envelope::new(Actor::System, Command::People(command));
        let (index, reply) = submit_one(&*self.store, envelope).await.map_err(not_run)?;
        match reply {
            Ok(Outcome::People(outcome)) => Ok((index, Ok(outcome))),
            Err(rejection) => Ok((index, Err(rejection))),
            Ok(other) => {
                tracing::error!(outcome = ?other, "the store answered another command");
                Err(Code::Internal.into())
            }
        }
    }
}

/// The clock on the wall. For the edges; what decides is given the time.
pub(crate) fn wall_clock() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn busy(_: Busy) -> Problem {
    Code::Busy.into()
}

fn no_key(_: token::NoKey) -> Problem {
    Code::Unavailable.into()
}

fn not_run(error: SubmitError) -> Problem {
    match error {
        SubmitError::DiskFull => Code::DiskFull.into(),
        SubmitError::TooLarge => Code::BodyTooLarge.into(),
        SubmitError::Unavailable => Code::Unavailable.into(),
        SubmitError::TimedOut => Code::ResultUnknown.into(),
        SubmitError::Stopped => Code::Draining.into(),
    }
}
