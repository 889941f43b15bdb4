//! What is asked over the socket, done. The server itself is the actor: nobody's activity shows it.

use super::{
    Boards, Done, LinkInfo, SessionInfo, Task, TokenInfo, Trouble, Typed, UserInfo, blobs, cluster,
};
use crate::api::time::rfc3339;
use crate::api::{SCOPES, not_run, refused, scope_word};
use crate::app::{App, AppState};
use crate::auth::{ApiToken, Context, Password, Secret, wall_clock};
use crate::backup::{Backups, Key, Progress};
use crate::http::problem::Problem;
use easel_storage::names::{DisplayName, Email, InvalidName, Label, PasswordHash};
use easel_storage::people::{
    InstanceRole, NewUser, PeopleAnswer, PeopleCommand, PeopleOutcome, PeopleQuery, Scope,
    SessionRow, TokenRow, UserChange, UserRow, UserView,
};
use easel_storage::{
    Actor, BoardId, Command, Envelope, Outcome, Query, ReadLevel, SessionId, TokenId, UserId,
    submit_one,
};

use std::sync::Arc;
use tokio::sync::mpsc;

/// A new account's link is waited for like an invitation; who forgot a password is there and waiting.
const WELCOME_LIFE_MS: u64 = 7 * DAY_MS;
const RESET_LIFE_MS: u64 = 30 * 60 * 1000;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const TOKEN_DAYS_MAX: u32 = 366;
const USERS_PER_PAGE: u32 = 200;

pub(super) async fn perform(
    app: &AppState,
    task: Task,
    peer: u32,
    tell: mpsc::Sender<Progress>,
) -> Result<Done, Trouble> {
    let (what, is_change) = about(&task);
    let done = run(app, task, tell).await;
    let failed = done.as_ref().err().map(|trouble| trouble.code.as_str());
    if is_change {
        tracing::info!(task = what, peer, failed, "asked on the socket");
    }
    done
}

fn about(task: &Task) -> (&'static str, bool) {
    match task {
        Task::AddUser { .. } => ("user add", true),
        Task::ListUsers { .. } => ("user list", false),
        Task::SetDisabled { disabled: true, .. } => ("user disable", true),
        Task::SetDisabled { .. } => ("user enable", true),
        Task::DeleteUser { .. } => ("user delete", true),
        Task::ResetPassword { .. } => ("user reset-password", true),
        Task::SetAdmin { .. } => ("user set-role", true),
        Task::ListSessions { .. } => ("user sessions", false),
        Task::EndSessions { .. } => ("user sessions --end", true),
        Task::CreateToken { .. } => ("token create", true),
        Task::ListTokens { .. } => ("token list", false),
        Task::RevokeToken { .. } => ("token revoke", true),
        Task::CreateBackup { .. } => ("backup create", true),
        Task::Cluster(task) => cluster::about(task),
        Task::Blobs(task) => blobs::about(task),
    }
}

async fn run(app: &AppState, task: Task, tell: mpsc::Sender<Progress>) -> Result<Done, Trouble> {
    match task {
        Task::AddUser {
            email,
            name,
            admin,
            password,
        } => add_user(app, &email, name, admin, password).await,
        Task::ListUsers { after } => list_users(app, after.as_deref()).await,
        Task::SetDisabled { email, disabled } => {
            let user = person(app, &email).await?.id;
            changed(app, user, PeopleCommand::SetDisabled { user, disabled }).await
        }
        Task::DeleteUser { email, boards } => delete_user(app, &email, boards).await,
        Task::ResetPassword { email, password } => reset_password(app, &email, password).await,
        Task::SetAdmin { email, admin } => {
            let user = person(app, &email).await?.id;
            let change = UserChange {
                role: Some(role(admin)),
                ..UserChange::default()
            };
            let if_rev = None;
            let command = PeopleCommand::ChangeUser {
                user,
                change,
                if_rev,
            };
            changed(app, user, command).await
        }
        Task::ListSessions { email } => list_sessions(app, &email).await,
        Task::EndSessions { email } => {
            let user = person(app, &email).await?.id;
            let keep = None;
            submit(app, PeopleCommand::EndSessions { user, keep }).await?;
            Ok(Done::Gone)
        }
        Task::CreateToken {
            email,
            name,
            scopes,
            board,
            days,
        } => {
            let new = NewToken {
                name: checked(name, "--name")?,
                scopes: checked_scopes(&scopes)?,
                board: checked_board(app, board).await?,
                days,
            };
            create_token(app, &email, new).await
        }
        Task::ListTokens { email } => list_tokens(app, &email).await,
        Task::RevokeToken { id } => {
            let token = id.parse();
            let token = token.map_err(|_| wrong(format!("`{id}` is not the id of a token")))?;
            submit(app, PeopleCommand::RevokeToken { token }).await?;
            Ok(Done::Gone)
        }
        Task::CreateBackup { to, with_key } => {
            let key = match with_key {
                true => Key::In,
                false => Key::Apart,
            };
            // What finds no room is not told: more comes.
            let tell = Arc::new(move |progress| {
                let _ = tell.try_send(progress);
            });
            match Backups::make(app, to, key, tell).await {
                Ok(made) => Ok(Done::Backup(Box::new(made))),
                Err(error) => Err(Trouble {
                    code: error.code().to_owned(),
                    message: error.to_string(),
                    by_rule: error.is_refusal(),
                }),
            }
        }
        Task::Cluster(task) => cluster::run(app, task).await,
        Task::Blobs(task) => blobs::run(app, task).await,
    }
}

async fn add_user(
    app: &App,
    email: &str,
    name: Option<String>,
    admin: bool,
    password: Option<Typed>,
) -> Result<Done, Trouble> {
    let email = address(email)?;
    let name = match name {
        Some(name) => checked(name, "--name")?,
        None => before_the_at(&email)?,
    };
    let hash = match password {
        Some(password) => Some(hash(app, password, &email, &name).await?),
        None => None,
    };
    let (user, needs_link) = (UserId::mint(), hash.is_none());
    let new = NewUser {
        user,
        email,
        name,
        role: role(admin),
        password: hash,
    };
    let row = account(submit(app, PeopleCommand::CreateUser(new)).await?)?;
    let link = match needs_link {
        true => Some(offer_reset(app, user, WELCOME_LIFE_MS).await?),
        false => None,
    };
    let user = user_info(user, &row);
    Ok(Done::User { user, link })
}

async fn list_users(app: &App, after: Option<&str>) -> Result<Done, Trouble> {
    let after = match after {
        Some(id) => Some(id.parse().map_err(|_| wrong("not the id of a user"))?),
        None => None,
    };
    let query = PeopleQuery::Users {
        text: None,
        after,
        limit: USERS_PER_PAGE,
    };
    let PeopleAnswer::Users(page) = people(app, query).await? else {
        return Err(broken());
    };
    let users = page.users.iter();
    Ok(Done::Users {
        users: users.map(|view| user_info(view.id, &view.row)).collect(),
        next: page.next.map(|id| id.to_string()),
    })
}

async fn delete_user(app: &App, email: &str, boards: Boards) -> Result<Done, Trouble> {
    let user = person(app, email).await?.id;
    let boards_to = match boards {
        Boards::To(heir) => Some(person(app, &heir).await?.id),
        Boards::Trash => None,
    };
    if boards_to == Some(user) {
        return Err(wrong("nobody inherits from themselves"));
    }
    submit(app, PeopleCommand::DeleteUser { user, boards_to }).await?;
    Ok(Done::Gone)
}

async fn reset_password(app: &App, email: &str, password: Option<Typed>) -> Result<Done, Trouble> {
    let UserView { id: user, row } = person(app, email).await?;
    match password {
        Some(password) => {
            let password = hash(app, password, &row.email, &row.name).await?;
            let keep = None;
            let command = PeopleCommand::SetPassword {
                user,
                password,
                keep,
            };
            changed(app, user, command).await
        }
        None => {
            let link = offer_reset(app, user, RESET_LIFE_MS).await?;
            let user = user_info(user, &row);
            Ok(Done::User {
                user,
                link: Some(link),
            })
        }
    }
}

/// An address that sets the person's password, once.
async fn offer_reset(app: &App, user: UserId, life_ms: u64) -> Result<LinkInfo, Trouble> {
    let (secret, expires_at) = (Secret::random(), wall_clock().plus_ms(life_ms));
    let command = PeopleCommand::OfferReset {
        user,
        hash: secret.hash(),
        expires_at,
    };
    submit(app, command).await?;
    Ok(LinkInfo {
        // Behind a `#`, so that it gets into no log on its way.
        url: app.page_url(&format!("/reset#{}", secret.text())),
        expires_at: rfc3339(expires_at.0),
    })
}

async fn list_sessions(app: &App, email: &str) -> Result<Done, Trouble> {
    let user = person(app, email).await?.id;
    let PeopleAnswer::Sessions(sessions) = people(app, PeopleQuery::SessionsOf(user)).await? else {
        return Err(broken());
    };
    let now = wall_clock();
    let live = sessions.iter().filter(|(_, row)| !row.is_over(now));
    Ok(Done::Sessions(
        live.map(|(id, row)| session_info(*id, row)).collect(),
    ))
}

#[derive(Debug)]
struct NewToken {
    name: Label,
    scopes: Vec<Scope>,
    board: Option<BoardId>,
    days: u32,
}

async fn create_token(app: &App, email: &str, new: NewToken) -> Result<Done, Trouble> {
    let user = person(app, email).await?.id;
    if new.days == 0 || new.days > TOKEN_DAYS_MAX {
        return Err(wrong(format!("a token lives 1 to {TOKEN_DAYS_MAX} days")));
    }
    let token = ApiToken {
        id: TokenId::mint(),
        secret: Secret::random(),
    };
    let command = PeopleCommand::CreateToken {
        token: token.id,
        user,
        name: new.name,
        scopes: new.scopes,
        board: new.board,
        hash: token.secret.hash(),
        expires_at: wall_clock().plus_ms(u64::from(new.days) * DAY_MS),
    };
    match submit(app, command).await? {
        PeopleOutcome::Token(row) => Ok(Done::Token {
            token: token_info(token.id, &row),
            secret: token.text(),
        }),
        _ => Err(broken()),
    }
}

async fn list_tokens(app: &App, email: &str) -> Result<Done, Trouble> {
    let user = person(app, email).await?.id;
    let PeopleAnswer::Tokens(tokens) = people(app, PeopleQuery::TokensOf(user)).await? else {
        return Err(broken());
    };
    let tokens = tokens.iter().map(|(id, row)| token_info(*id, row));
    Ok(Done::Tokens(tokens.collect()))
}

/// Runs what changes an account, and tells how that is then.
async fn changed(app: &App, user: UserId, command: PeopleCommand) -> Result<Done, Trouble> {
    let row = account(submit(app, command).await?)?;
    Ok(Done::User {
        user: user_info(user, &row),
        link: None,
    })
}

fn account(outcome: PeopleOutcome) -> Result<UserRow, Trouble> {
    match outcome {
        PeopleOutcome::User(row) => Ok(row),
        _ => Err(broken()),
    }
}

async fn submit(app: &App, command: PeopleCommand) -> Result<PeopleOutcome, Trouble> {
    let envelope = Envelope::new(Actor::System, Command::People(command));
    let (_, reply) = submit_one(&*app.store, envelope)
        .await
        .map_err(|error| Trouble::from(not_run(error)))?;
    match reply {
        Ok(Outcome::People(outcome)) => Ok(outcome),
        Ok(_) => Err(broken()),
        Err(rejection) => Err(Trouble {
            message: rejection.to_string(),
            by_rule: true,
            ..Trouble::from(refused(rejection))
        }),
    }
}

async fn people(app: &App, query: PeopleQuery) -> Result<PeopleAnswer, Trouble> {
    // What was asked a moment ago on another node is seen here.
    let level = ReadLevel::Linearizable;
    let read = app.store.read(level, Query::People(query)).await;
    read.map(|read| read.answer.into_people())
        .map_err(|error| Trouble {
            code: "unavailable".to_owned(),
            message: error.to_string(),
            by_rule: false,
        })
}

async fn person(app: &App, email: &str) -> Result<UserView, Trouble> {
    match people(app, PeopleQuery::UserByEmail(address(email)?)).await? {
        PeopleAnswer::User(Some(view)) => Ok(view),
        PeopleAnswer::User(None) => Err(Trouble {
            code: "not-found".to_owned(),
            message: format!(
                "nobody has the address {email}; `easel user list` shows who there is"
            ),
            by_rule: false,
        }),
        _ => Err(broken()),
    }
}

async fn hash(
    app: &App,
    password: Typed,
    email: &Email,
    name: &DisplayName,
) -> Result<PasswordHash, Trouble> {
    let context = Context::new(&[email.as_str(), name.as_str()]);
    let hashed = app
        .auth
        .hash_password(Password::new(password.0), &context, "/password")
        .await;
    hashed.map_err(Trouble::from)
}

fn address(email: &str) -> Result<Email, Trouble> {
    Email::try_from(email.to_owned()).map_err(|why| wrong(format!("`{email}` {why}")))
}

/// How somebody is shown of whom nothing else is known.
fn before_the_at(email: &Email) -> Result<DisplayName, Trouble> {
    let local = email.as_str().split('@').next().unwrap_or_default();
    checked(
        local.chars().take(DisplayName::CHARS_MAX).collect(),
        "--name",
    )
}

fn checked<T: TryFrom<String, Error = InvalidName>>(text: String, of: &str) -> Result<T, Trouble> {
    T::try_from(text).map_err(|why| wrong(format!("{of} {why}")))
}

fn checked_scopes(words: &[String]) -> Result<Vec<Scope>, Trouble> {
    let known = || SCOPES.map(|(word, _)| word).join(", ");
    let scope = |word: &String| {
        let found = SCOPES.iter().find(|(known, _)| known == word);
        found
            .map(|(_, scope)| *scope)
            .ok_or_else(|| wrong(format!("there is no scope `{word}`; there are {}", known())))
    };
    let mut scopes = words.iter().map(scope).collect::<Result<Vec<_>, _>>()?;
    scopes.sort_unstable();
    scopes.dedup();
    match scopes.is_empty() {
        true => Err(wrong(format!("name at least one --scope of {}", known()))),
        false => Ok(scopes),
    }
}

async fn checked_board(app: &App, board: Option<String>) -> Result<Option<BoardId>, Trouble> {
    let Some(text) = board else {
        return Ok(None);
    };
    let nothing = || wrong(format!("there is no board `{text}`"));
    let board: BoardId = text.parse().map_err(|_| nothing())?;
    let read = app.store.read(ReadLevel::Local, Query::Board(board)).await;
    match read.map(|read| read.answer.into_board()) {
        Ok(Some(_)) => Ok(Some(board)),
        Ok(None) => Err(nothing()),
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn role(admin: bool) -> InstanceRole {
    match admin {
        true => InstanceRole::Admin,
        false => InstanceRole::Member,
    }
}

fn user_info(id: UserId, row: &UserRow) -> UserInfo {
    UserInfo {
        id: id.to_string(),
        email: row.email.as_str().to_owned(),
        name: row.name.as_str().to_owned(),
        admin: row.role == InstanceRole::Admin,
        has_password: row.password.is_some(),
        created_at: rfc3339(row.created_at.0),
        disabled_at: row.disabled_at.map(|at| rfc3339(at.0)),
    }
}

fn session_info(id: SessionId, row: &SessionRow) -> SessionInfo {
    SessionInfo {
        id: id.to_string(),
        agent: row.agent.clone(),
        network: row.network.clone(),
        created_at: rfc3339(row.created_at.0),
        used_at: rfc3339(row.used_at.0),
    }
}

fn token_info(id: TokenId, row: &TokenRow) -> TokenInfo {
    let scopes = row.scopes.iter();
    TokenInfo {
        id: id.to_string(),
        name: row.name.as_str().to_owned(),
        scopes: scopes.map(|scope| scope_word(*scope).to_owned()).collect(),
        board: row.board.map(|board| board.to_string()),
        created_at: rfc3339(row.created_at.0),
        expires_at: rfc3339(row.expires_at.0),
    }
}

fn wrong(message: impl Into<String>) -> Trouble {
    Trouble {
        code: "invalid".to_owned(),
        message: message.into(),
        by_rule: false,
    }
}

fn broken() -> Trouble {
    tracing::error!("the store answered another question");
    Trouble {
        code: "internal".to_owned(),
        message: "the node answered another question; its log says more".to_owned(),
        by_rule: false,
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Trouble {
        let about = problem.code.about();
        let whys: Vec<_> = problem.errors.iter().map(|e| e.detail.as_str()).collect();
        let why = match whys.is_empty() {
            true => problem.detail.unwrap_or_else(|| about.help.to_owned()),
            false => whys.join("; "),
        };
        Trouble {
            code: about.slug.to_owned(),
            message: format!("{}: {why}", about.title),
            by_rule: false,
        }
    }
}
