//! How a session begins, goes on and ends.
//!
//! A session's refresh secret is exchanged for the next each time it is used, and the store decides the exchange
//! ([`PeopleCommand::RotateSession`]): of many that come at once with one secret, one advances it and all are given the
//! same successor. One that comes back later was copied, and ends the family.

use super::caller::other_answer;
use super::cookie::Cookie;
use super::guard::{Account, Attempt, Network};
use super::password::{Password, Verdict};
use super::secret::{Secret, random};
use super::token::{Access, Device, Holder, RefreshToken, successor};
use super::{Auth, busy, no_key};
use crate::http::problem::{Code, Problem};
use axum::http::{HeaderMap, HeaderValue, header};
use easel_storage::names::Email;
use easel_storage::people::{
    ClientInfo, PeopleAnswer, PeopleCommand, PeopleOutcome, PeopleQuery, SESSION_IDLE_MS,
    SESSION_MS_MAX, SessionRow, UserView,
};
use easel_storage::{LinkId, ReadLevel, SessionId, Time, UserId};

/// Where a request comes from, as far as signing in asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) network: Network,
    /// `User-Agent`, cut.
    pub(crate) agent: String,
    /// The device cookie.
    pub(crate) device: Option<String>,
}

impl Client {
    const AGENT_CHARS_MAX: usize = 200;

    pub(crate) fn of(headers: &HeaderMap, network: Network, auth: &Auth) -> Client {
        let agent = headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        Client {
            network,
            agent: agent
                .unwrap_or_default()
                .chars()
                .take(Self::AGENT_CHARS_MAX)
                .collect(),
            device: Cookie::Device
                .read(auth.cookies, headers)
                .map(str::to_owned),
        }
    }

    pub(crate) fn client(&self) -> ClientInfo {
        ClientInfo {
            agent: self.agent.clone(),
            network: self.network.to_string(),
        }
    }

    /// The kind of client: its `User-Agent` without numbers, so that an update of a browser is no other client.
    fn class(&self) -> [u8; 16] {
        let family: String = self
            .agent
            .chars()
            .filter(|c| !c.is_ascii_digit() && !matches!(c, '.' | '_'))
            .collect();
        hash16("easel client class v1", family.as_bytes())
    }
}

/// A session that began.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) user: UserView,
    pub(crate) session: SessionId,
    pub(crate) tokens: TokenPair,
    /// Marks the browser as one that this person signed in with.
    pub(crate) device_cookie: HeaderValue,
    /// Attempts that failed before this one, of which the person should hear.
    pub(crate) failures_before: u32,
}

/// A session that goes on.
#[derive(Debug)]
pub(crate) struct Renewed {
    pub(crate) user: UserView,
    pub(crate) session: SessionId,
    pub(crate) tokens: TokenPair,
}

/// What a client carries of a session. Not shown, not even in debug output.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TokenPair {
    pub(crate) access: String,
    pub(crate) access_life_s: u64,
    /// For a client without cookies, in a body.
    pub(crate) refresh: String,
    /// For a browser; then the body has none.
    pub(crate) refresh_cookie: HeaderValue,
}

impl std::fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenPair(…)")
    }
}

impl Auth {
    /// Signs in by address and password. One answer for every reason why not.
    pub(crate) async fn sign_in(
        &self,
        email: &str,
        password: Password,
        from: &Client,
        now: Time,
    ) -> Result<SignedIn, Problem> {
        let user = self.user_by_email(email).await?;
        let account = account_of(email);
        let failures_before = self
            .prove(account, user.as_ref(), password, from, now)
            .await?;
        // `prove` says yes to nobody.
        let user = user.ok_or(Code::InvalidCredentials)?;
        self.begin_session(user, from, failures_before, now).await
    }

    /// What sign-ins are counted under: the account that was named, or the browser that is known to it, so that strangers
    /// use up what strangers have.
    pub(crate) async fn counted_as(
        &self,
        email: &str,
        from: &Client,
        now: Time,
    ) -> Result<Account, Problem> {
        let account = account_of(email);
        // By network as well, or one stranger could keep everybody else from the account.
        let place = format!("{:?}", from.network);
        let stranger = hash16(
            "easel stranger at an account v1",
            &[account.as_slice(), place.as_bytes()].concat(),
        );
        if from.device.is_none() {
            return Ok(stranger);
        }
        let user = self.user_by_email(email).await?;
        let device = self.known_device(user.as_ref(), from, now).await;
        Ok(device.map_or(stranger, |device| {
            hash16("easel known device v1", &[device, account].concat())
        }))
    }

    /// A person shows again that it is them, for what asks for it.
    pub(crate) async fn confirm(
        &self,
        session: SessionId,
        user: &UserView,
        password: Password,
        from: &Client,
        now: Time,
    ) -> Result<(), Problem> {
        let account = account_of(user.row.email.as_str());
        self.prove(account, Some(user), password, from, now).await?;
        let (_, reply) = self
            .submit(PeopleCommand::ConfirmSession { session })
            .await?;
        self.known.forget_session(session);
        reply.map(|_| ()).map_err(|_| Code::InvalidToken.into())
    }

    /// Checks a secret that somebody chose (a share link's password) under the guard.
    pub(crate) async fn prove_link(
        &self,
        link: LinkId,
        stored: &easel_storage::names::PasswordHash,
        password: Password,
        from: &Client,
        now: Time,
    ) -> Result<(), Problem> {
        let attempt = Attempt {
            account: hash16("easel guard link v1", link.as_bytes()),
            network: from.network,
            device: None,
        };
        let checking = self.hasher.verify(password, Some(stored.clone()));
        self.guarded(&attempt, checking, now).await.map(|_| ())
    }

    /// Begins a session for somebody who has shown who they are: by password, or by having just made the account.
    pub(crate) async fn begin_session(
        &self,
        user: UserView,
        from: &Client,
        failures_before: u32,
        now: Time,
    ) -> Result<SignedIn, Problem> {
        let ring = self.ring_to_seal().await?;
        let refresh = RefreshToken {
            session: SessionId::mint(),
            seq: 1,
            secret: Secret::random(),
        };
        let start = PeopleCommand::StartSession {
            session: refresh.session,
            user: user.id,
            hash: refresh.secret.hash(),
            client: from.client(),
        };
        let (_, reply) = self.submit(start).await?;
        let ends_at = match reply {
            Ok(PeopleOutcome::Session { ends_at }) => ends_at,
            // Disabled or deleted since the password was checked.
            Ok(_) | Err(_) => return Err(Code::InvalidCredentials.into()),
        };
        let device = Device {
            user: user.id,
            device: random(),
        };
        let device = self
            .tokens
            .mint_device(&ring, &device, now)
            .map_err(no_key)?;
        Ok(SignedIn {
            session: refresh.session,
            tokens: self.pair(&refresh, user.id, ends_at, now).await?,
            device_cookie: Cookie::Device.set(self.cookies, &device, SESSION_MS_MAX / 1_000),
            failures_before,
            user,
        })
    }

    /// An access token for a visit through a share link, which lives no longer than that token.
    pub(crate) async fn visit(
        &self,
        link: LinkId,
        session: SessionId,
        now: Time,
    ) -> Result<String, Problem> {
        let access = Access {
            holder: Holder::Link(link),
            session,
        };
        let ring = self.ring_to_seal().await?;
        self.tokens.mint_access(&ring, &access, now).map_err(no_key)
    }

    /// Exchanges a refresh token for the next.
    pub(crate) async fn renew(
        &self,
        token: &str,
        from: &Client,
        now: Time,
    ) -> Result<Renewed, Problem> {
        let ring = self.fresh_ring().await;
        let opened = self.tokens.open_refresh(&ring, token, now);
        let presented = opened.map_err(|_| Code::RefreshExpired)?;
        let next = Secret::random();
        let rotate = PeopleCommand::RotateSession {
            session: presented.session,
            seq: presented.seq,
            presented: presented.secret.hash(),
            next: next.hash(),
            successor: successor::seal(&presented.secret, &next),
            client: from.class(),
        };
        let (index, reply) = self.submit(rotate).await?;
        let (seq, secret) = match reply {
            Ok(PeopleOutcome::Rotated { seq }) => (seq, next),
            Ok(PeopleOutcome::RotatedBefore { seq, successor }) => {
                let opened = successor::open(&presented.secret, &successor);
                (seq, opened.ok_or(Code::RefreshExpired)?)
            }
            Ok(PeopleOutcome::FamilyEnded { user }) => {
                self.known.forget_session(presented.session);
                tracing::warn!(session = %presented.session, ?user, "a refresh token came back after it was replaced");
                return Err(Code::RefreshReused.into());
            }
            Ok(_) | Err(_) => return Err(Code::RefreshExpired.into()),
        };
        self.known.forget_session(presented.session);
        let view = self
            .read_session(presented.session, ReadLevel::AtLeast(index))
            .await?;
        let view = view.ok_or(Code::RefreshExpired)?;
        let user = view.user.ok_or(Code::RefreshExpired)?;
        let refresh = RefreshToken {
            session: presented.session,
            seq,
            secret,
        };
        Ok(Renewed {
            session: refresh.session,
            tokens: self.pair(&refresh, user.id, view.row.ends_at, now).await?,
            user,
        })
    }

    /// The session that a refresh token renews, for leaving with nothing but the cookie. Ends nothing by itself.
    pub(crate) async fn session_of(&self, token: &str, now: Time) -> Option<SessionId> {
        let ring = self.fresh_ring().await;
        let opened = self.tokens.open_refresh(&ring, token, now).ok()?;
        let view = self
            .read_session(opened.session, ReadLevel::Local)
            .await
            .ok()??;
        let is_current = |row: &SessionRow| {
            row.refresh.as_ref().is_some_and(|refresh| {
                super::secret::same_hash(&refresh.hash, &opened.secret.hash())
            })
        };
        is_current(&view.row).then_some(opened.session)
    }

    pub(crate) async fn end_session(&self, session: SessionId) -> Result<(), Problem> {
        let (_, reply) = self.submit(PeopleCommand::EndSession { session }).await?;
        self.known.forget_session(session);
        reply.map(|_| ()).map_err(|_| Code::Conflict.into())
    }

    /// All of a person's sessions, but for one.
    pub(crate) async fn end_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<(), Problem> {
        let (_, reply) = self
            .submit(PeopleCommand::EndSessions { user, keep })
            .await?;
        reply.map(|_| ()).map_err(|_| Code::Conflict.into())
    }

    async fn pair(
        &self,
        refresh: &RefreshToken,
        user: UserId,
        ends_at: Time,
        now: Time,
    ) -> Result<TokenPair, Problem> {
        let ring = self.ring_to_seal().await?;
        let access = Access {
            holder: Holder::User(user),
            session: refresh.session,
        };
        let token = self
            .tokens
            .mint_refresh(&ring, refresh, now)
            .map_err(no_key)?;
        let left_ms = ends_at.0.saturating_sub(now.0).min(SESSION_IDLE_MS);
        Ok(TokenPair {
            access: self
                .tokens
                .mint_access(&ring, &access, now)
                .map_err(no_key)?,
            access_life_s: self.access_life_ms() / 1_000,
            refresh_cookie: Cookie::Refresh.set(self.cookies, &token, left_ms / 1_000),
            refresh: token,
        })
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<UserView>, Problem> {
        let Ok(email) = Email::try_from(email.to_owned()) else {
            return Ok(None);
        };
        match self.people(PeopleQuery::UserByEmail(email)).await? {
            PeopleAnswer::User(user) => Ok(user),
            other => Err(other_answer(&other)),
        }
    }

    /// Checks a person's password under the guard; says how many attempts failed before. Takes the same time and gives
    /// the same answer for nobody, for a disabled account and for a wrong password.
    async fn prove(
        &self,
        account: Account,
        user: Option<&UserView>,
        password: Password,
        from: &Client,
        now: Time,
    ) -> Result<u32, Problem> {
        let attempt = Attempt {
            account,
            network: from.network,
            device: self.known_device(user, from, now).await,
        };
        let may = user.filter(|user| user.row.disabled_at.is_none());
        let stored = may.and_then(|user| user.row.password.clone());
        let checking = self.hasher.verify(password.clone(), stored.clone());
        let (verdict, failures_before) = self.guarded(&attempt, checking, now).await?;
        if let (Verdict::RightButWeak, Some(user), Some(old)) = (verdict, may, stored) {
            self.rehash(user.id, old, password).await;
        }
        Ok(failures_before)
    }

    async fn guarded(
        &self,
        attempt: &Attempt,
        checking: impl Future<Output = Result<Verdict, super::password::Busy>>,
        now: Time,
    ) -> Result<(Verdict, u32), Problem> {
        let begun = self.guard.lock().begin(attempt, now);
        begun.map_err(|wait| Problem::new(Code::TooManyAttempts).retry_after_ms(wait.ms))?;
        let verdict = checking.await.map_err(|full| {
            self.guard.lock().withdrawn(attempt, now);
            busy(full)
        })?;
        match verdict {
            Verdict::Wrong => Err(Code::InvalidCredentials.into()),
            Verdict::Right | Verdict::RightButWeak => {
                Ok((verdict, self.guard.lock().succeeded(attempt, now)))
            }
        }
    }

    /// The browser, if its cookie says that this very person signed in with it.
    async fn known_device(
        &self,
        user: Option<&UserView>,
        from: &Client,
        now: Time,
    ) -> Option<[u8; 16]> {
        let (user, token) = (user?, from.device.as_deref()?);
        let ring = self.fresh_ring().await;
        let device = self.tokens.open_device(&ring, token, now).ok()?;
        (device.user == user.id).then_some(device.device)
    }

    /// Best effort: it is done at the next sign-in otherwise.
    async fn rehash(
        &self,
        user: UserId,
        old: easel_storage::names::PasswordHash,
        password: Password,
    ) {
        let Ok(new) = self.hasher.hash(password).await else {
            return;
        };
        let rehash = PeopleCommand::RehashPassword { user, old, new };
        if let Err(problem) = self.submit(rehash).await {
            tracing::info!(
                code = problem.code.about().slug,
                "a password keeps its weaker hash"
            );
        }
    }
}

fn account_of(email: &str) -> Account {
    hash16(
        "easel guard account v1",
        email.trim().to_lowercase().as_bytes(),
    )
}

fn hash16(context: &str, bytes: &[u8]) -> [u8; 16] {
    let mut hash = [0; 16];
    blake3::Hasher::new_derive_key(context)
        .update(bytes)
        .finalize_xof()
        .fill(&mut hash);
    hash
}
