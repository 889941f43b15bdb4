//! Who asks, as handlers see it.

use super::secret::{ApiToken, same_hash};
use super::token::{Access, Holder, TICKET_LIFE_MS, Ticket};
use super::{Auth, wall_clock};
use crate::app::AppState;
use crate::http::problem::{Code, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use easel_storage::names::DisplayName;
use easel_storage::people::{
    InstanceRole, PeopleAnswer, PeopleQuery, Scope, SessionView, Subject, TokenView, UserView,
};
use easel_storage::sharing::{LinkView, Role, SharingAnswer, SharingQuery};
use easel_storage::{
    Actor, Answer, BoardId, LinkId, Query, ReadError, ReadLevel, SessionId, Time, TokenId, UserId,
};
use std::sync::Arc;

/// Whoever a request is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// There are accounts, and this request shows nothing.
    Anonymous,
    /// There are no accounts yet: whoever reaches this node over loopback may do everything.
    Local,
    User(UserCaller),
    Visitor(VisitorCaller),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserCaller {
    pub(crate) user: UserId,
    /// `None`: by a personal token.
    pub(crate) session: Option<SessionId>,
    pub(crate) token: Option<TokenId>,
    pub(crate) admin: bool,
    pub(crate) name: DisplayName,
    /// When the picture that they have was set.
    pub(crate) pictured_at: Option<Time>,
    /// What the personal token is for; `None`: everything.
    pub(crate) scopes: Option<Vec<Scope>>,
    /// The only board that the personal token is for.
    pub(crate) board: Option<BoardId>,
    /// When the person last gave a password in this session.
    pub(crate) authenticated_at: Option<Time>,
}

/// Somebody who came through a share link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VisitorCaller {
    pub(crate) session: SessionId,
    pub(crate) board: BoardId,
    pub(crate) link: LinkId,
    /// As the link has it now.
    pub(crate) role: Role,
    pub(crate) name: Option<DisplayName>,
}

impl Caller {
    /// Whether both are the same person, however they showed it; of visitors, the same visit.
    pub(crate) fn is_same_person(&self, other: &Caller) -> bool {
        match (self, other) {
            (Caller::User(one), Caller::User(other)) => one.user == other.user,
            (Caller::Visitor(one), Caller::Visitor(other)) => one.session == other.session,
            (Caller::Local, Caller::Local) => true,
            (
                Caller::Anonymous | Caller::Local | Caller::User(_) | Caller::Visitor(_),
                Caller::Anonymous | Caller::Local | Caller::User(_) | Caller::Visitor(_),
            ) => false,
        }
    }

    /// Whose name a command goes under; `None`: nobody's.
    pub(crate) fn actor(&self) -> Option<Actor> {
        match self {
            Caller::Anonymous => None,
            Caller::Local => Some(Actor::Local),
            Caller::User(user) => Some(Actor::User(user.user)),
            Caller::Visitor(visitor) => Some(Actor::Guest(visitor.session)),
        }
    }
}

/// Somebody, and until when what they showed for it is good.
#[derive(Debug, Clone)]
pub(crate) struct Presented {
    pub(crate) caller: Caller,
    /// `None`: what it is good for stands in the store, or there was nothing to show.
    pub(crate) ends_at: Option<Time>,
}

impl Presented {
    const fn endless(caller: Caller) -> Self {
        Self {
            caller,
            ends_at: None,
        }
    }
}

/// What the frame found out, with the request. A route that anybody may ask takes no notice of bad credentials.
#[derive(Debug, Clone)]
pub(crate) struct Asking(pub(crate) Result<Caller, Problem>);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Caller, Problem> {
        match parts.extensions.get::<Asking>() {
            Some(Asking(caller)) => caller.clone(),
            None => app.auth.caller(&parts.headers, wall_clock()).await,
        }
    }
}

impl Auth {
    /// Who asks, by the headers of a request.
    ///
    /// Credentials that are not good are refused rather than overlooked: whoever shows some means to be somebody.
    pub(crate) async fn caller(&self, headers: &HeaderMap, now: Time) -> Result<Caller, Problem> {
        let presented = self.presented(headers, now).await;
        presented.map(|presented| presented.caller)
    }

    /// The same, for who stays longer than a request takes.
    pub(crate) async fn presented(
        &self,
        headers: &HeaderMap,
        now: Time,
    ) -> Result<Presented, Problem> {
        let mut lines = headers.get_all(header::AUTHORIZATION).iter();
        let line = match (lines.next(), lines.next()) {
            (None, _) => return Ok(Presented::endless(self.without_credentials().await?)),
            (Some(line), None) => line.to_str().map_err(|_| Code::InvalidToken)?,
            (Some(_), Some(_)) => return Err(Code::InvalidToken.into()),
        };
        let (scheme, token) = line.split_once(' ').ok_or(Code::InvalidToken)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.bearer(token.trim(), now).await;
        }
        // A node without accounts may stand behind a proxy that asks for a password and passes it on.
        match self.without_credentials().await? {
            Caller::Local => Ok(Presented::endless(Caller::Local)),
            Caller::Anonymous | Caller::User(_) | Caller::Visitor(_) => {
                Err(Code::InvalidToken.into())
            }
        }
    }

    /// Who carries this token, wherever it came from: a header, or a WebSocket's subprotocol.
    pub(crate) async fn bearer(&self, token: &str, now: Time) -> Result<Presented, Problem> {
        if token.starts_with(ApiToken::PREFIX) {
            let token = ApiToken::parse(token).map_err(|_| Code::InvalidToken)?;
            return Ok(Presented::endless(self.by_api_token(&token, now).await?));
        }
        let (access, ends_at) = self.open_access(token, now).await?;
        Ok(Presented {
            caller: self.by_session(&access, now).await?,
            ends_at: Some(ends_at),
        })
    }

    /// Who this is now, of somebody who showed who they are before and is still connected.
    pub(crate) async fn still(&self, caller: &Caller, now: Time) -> Result<Caller, Problem> {
        match caller {
            Caller::Anonymous | Caller::Local => match self.without_credentials().await? {
                Caller::Anonymous => Err(Code::Unauthenticated.into()),
                caller => Ok(caller),
            },
            Caller::User(user) => match (user.session, user.token) {
                (Some(session), _) => {
                    let holder = Holder::User(user.user);
                    self.by_session(&Access { holder, session }, now).await
                }
                (None, Some(token)) => self.by_known_token(token, now).await,
                (None, None) => Err(Code::InvalidToken.into()),
            },
            Caller::Visitor(visitor) => {
                let (holder, session) = (Holder::Link(visitor.link), visitor.session);
                self.by_session(&Access { holder, session }, now).await
            }
        }
    }

    /// Whom a ticket that was just taken stands for: as long as an access token minted with it would.
    pub(crate) async fn by_ticket(&self, ticket: &Ticket, now: Time) -> Result<Presented, Problem> {
        match ticket.session {
            Some(session) => {
                let holder = ticket.holder;
                let caller = self.by_session(&Access { holder, session }, now).await?;
                let minted_at = ticket.expires_at.0.saturating_sub(TICKET_LIFE_MS);
                Ok(Presented {
                    caller,
                    ends_at: Some(Time(minted_at).plus_ms(self.access_life_ms())),
                })
            }
            // A personal token is sent as it is.
            None => Err(Code::InvalidToken.into()),
        }
    }

    async fn without_credentials(&self) -> Result<Caller, Problem> {
        Ok(if self.has_accounts().await? {
            Caller::Anonymous
        } else {
            Caller::Local
        })
    }

    /// Whether there is any account; from the first on, nobody is [`Caller::Local`].
    pub(crate) async fn has_accounts(&self) -> Result<bool, Problem> {
        if let Some(any) = self.known.any_user() {
            return Ok(any);
        }
        let before = self.known.begin();
        let any = match self.people(PeopleQuery::AnyUser).await? {
            PeopleAnswer::AnyUser(any) => any,
            other => return Err(other_answer(&other)),
        };
        self.known.put_any_user(before, any);
        Ok(any)
    }

    /// Whoever a session speaks for, where it was named by what only we can have written.
    pub(super) async fn by_known_session(
        &self,
        session: SessionId,
        now: Time,
    ) -> Result<Caller, Problem> {
        let holder = match &self.session(session).await?.row.subject {
            Subject::User(user) => Holder::User(*user),
            Subject::Link { link, .. } => Holder::Link(*link),
        };
        self.by_session(&Access { holder, session }, now).await
    }

    async fn by_session(&self, access: &Access, now: Time) -> Result<Caller, Problem> {
        let mut view = self.session(access.session).await?;
        if view.row.is_over(now) {
            // It may have been renewed on another node since.
            self.known.forget_session(access.session);
            view = self.session(access.session).await?;
        }
        if view.row.is_over(now) {
            return Err(Code::InvalidToken.into());
        }
        match (&view.row.subject, access.holder, &view.user) {
            (Subject::User(user), Holder::User(holder), Some(account)) if *user == holder => {
                let caller = user_caller(account).ok_or(Code::InvalidToken)?;
                Ok(Caller::User(UserCaller {
                    session: Some(access.session),
                    authenticated_at: Some(view.row.authenticated_at),
                    ..caller
                }))
            }
            (Subject::Link { board, link, name }, Holder::Link(holder), _) if *link == holder => {
                let row = self.link(*board, *link).await?.row;
                if row.is_over(now) {
                    return Err(Code::InvalidToken.into());
                }
                Ok(Caller::Visitor(VisitorCaller {
                    session: access.session,
                    board: *board,
                    link: *link,
                    role: row.role,
                    name: name.clone(),
                }))
            }
            (Subject::User(_) | Subject::Link { .. }, Holder::User(_) | Holder::Link(_), _) => {
                Err(Code::InvalidToken.into())
            }
        }
    }

    async fn by_api_token(&self, token: &ApiToken, now: Time) -> Result<Caller, Problem> {
        let view = self.api_token(token.id).await?;
        match same_hash(&token.secret.hash(), &view.row.hash) {
            true => self.by_known_token(token.id, now).await,
            false => Err(Code::InvalidToken.into()),
        }
    }

    pub(super) async fn by_known_token(
        &self,
        token: TokenId,
        now: Time,
    ) -> Result<Caller, Problem> {
        let view = self.api_token(token).await?;
        if now >= view.row.expires_at {
            return Err(Code::InvalidToken.into());
        }
        let caller = user_caller(&view.user).ok_or(Code::InvalidToken)?;
        Ok(Caller::User(UserCaller {
            token: Some(token),
            scopes: Some(view.row.scopes.clone()),
            board: view.row.board,
            ..caller
        }))
    }

    async fn session(&self, session: SessionId) -> Result<Arc<SessionView>, Problem> {
        if let Some(view) = self.known.session(session) {
            return Ok(view);
        }
        let before = self.known.begin();
        let view = self.read_session(session, ReadLevel::Local).await?;
        let view = Arc::new(view.ok_or(Code::InvalidToken)?);
        self.known.put_session(before, session, view.clone());
        Ok(view)
    }

    async fn api_token(&self, token: TokenId) -> Result<Arc<TokenView>, Problem> {
        if let Some(view) = self.known.token(token) {
            return Ok(view);
        }
        let before = self.known.begin();
        let view = match self.people(PeopleQuery::Token(token)).await? {
            PeopleAnswer::Token(view) => view,
            other => return Err(other_answer(&other)),
        };
        let view = Arc::new(view.ok_or(Code::InvalidToken)?);
        self.known.put_token(before, token, view.clone());
        Ok(view)
    }

    pub(super) async fn read_session(
        &self,
        session: SessionId,
        level: ReadLevel,
    ) -> Result<Option<SessionView>, Problem> {
        let query = Query::People(PeopleQuery::Session(session));
        match self.read(level, query).await?.into_people() {
            PeopleAnswer::Session(view) => Ok(view),
            other => Err(other_answer(&other)),
        }
    }

    async fn link(&self, board: BoardId, link: LinkId) -> Result<LinkView, Problem> {
        let query = Query::Sharing(SharingQuery::Link(board, link));
        match self.read(ReadLevel::Local, query).await?.into_sharing() {
            SharingAnswer::Link(view) => view.ok_or_else(|| Code::InvalidToken.into()),
            other => Err(other_answer(&other)),
        }
    }

    pub(super) async fn people(&self, query: PeopleQuery) -> Result<PeopleAnswer, Problem> {
        let answer = self.read(ReadLevel::Local, Query::People(query)).await?;
        Ok(answer.into_people())
    }

    pub(super) async fn read(&self, level: ReadLevel, query: Query) -> Result<Answer, Problem> {
        let read = self.store.read(level, query).await;
        read.map(|read| read.answer).map_err(|error| match error {
            ReadError::Unavailable | ReadError::TimedOut => {
                Problem::new(Code::Unavailable).detail(error.to_string())
            }
            ReadError::Stopped => Code::Draining.into(),
            ReadError::Failed => Code::Internal.into(),
        })
    }
}

/// A store that answers another question than was asked is broken.
pub(super) fn other_answer(answer: &dyn std::fmt::Debug) -> Problem {
    tracing::error!(?answer, "the store answered another question");
    Code::Internal.into()
}

/// `None`: the account is disabled.
fn user_caller(view: &UserView) -> Option<UserCaller> {
    view.row.disabled_at.is_none().then(|| UserCaller {
        user: view.id,
        session: None,
        token: None,
        admin: view.row.role == InstanceRole::Admin,
        name: view.row.name.clone(),
        pictured_at: view.row.avatar.as_ref().map(|avatar| avatar.at),
        scopes: None,
        board: None,
        authenticated_at: None,
    })
}
