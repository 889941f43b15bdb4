//! What can be asked about people.

use std::ops::ControlFlow;

use super::records::{
    KeyringRow, ResetRow, SessionOfUser, SessionRow, SettingsRow, Subject, TokenOfUser, TokenRow,
    UserByEmail, UserRow,
};
use crate::ids::{SessionId, Time, TokenId, UserId};
use crate::names::{Email, SecretHash};
use crate::query::page_rows;
use crate::rows::{ReadRows, Single};
use crate::tx::{Fault, ReadTx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleQuery {
    /// Whether there is any account.
    AnyUser,
    User(UserId),
    UserByEmail(Email),
    /// By id, which is by age; `text` is looked for in names; an address is found by all of it, or people could be asked for letter by letter.
    Users {
        text: Option<String>,
        after: Option<UserId>,
        limit: u32,
    },
    Session(SessionId),
    SessionsOf(UserId),
    Token(TokenId),
    TokensOf(UserId),
    Settings(UserId),
    Keyring,
    /// Whose password this secret sets, and until when. It may be over: the command decides.
    Reset(SecretHash),
}

impl PeopleQuery {
    pub(crate) fn is_small(&self) -> bool {
        match self {
            Self::AnyUser
            | Self::User(_)
            | Self::UserByEmail(_)
            | Self::Session(_)
            | Self::Token(_)
            | Self::Settings(_)
            | Self::Keyring
            | Self::Reset(_) => true,
            Self::Users { .. } | Self::SessionsOf(_) | Self::TokensOf(_) => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleAnswer {
    AnyUser(bool),
    User(Option<UserView>),
    Users(UserPage),
    Session(Option<SessionView>),
    Sessions(Vec<(SessionId, SessionRow)>),
    Token(Option<TokenView>),
    Tokens(Vec<(TokenId, TokenRow)>),
    Settings(Option<SettingsRow>),
    Keyring(Option<KeyringRow>),
    Reset(Option<(UserView, Time)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserView {
    pub id: UserId,
    pub row: UserRow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    pub users: Vec<UserView>,
    pub next: Option<UserId>,
}

/// A session with the person it speaks for, if it speaks for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    pub row: SessionRow,
    pub user: Option<UserView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenView {
    pub row: TokenRow,
    pub user: UserView,
}

pub(crate) fn answer(tx: &dyn ReadTx, query: &PeopleQuery) -> Result<PeopleAnswer, Fault> {
    Ok(match query {
        PeopleQuery::AnyUser => PeopleAnswer::AnyUser(any_user(tx)?),
        PeopleQuery::User(user) => PeopleAnswer::User(read_user(tx, *user)?),
        PeopleQuery::UserByEmail(email) => PeopleAnswer::User(user_by_email(tx, email)?),
        PeopleQuery::Users { text, after, limit } => {
            PeopleAnswer::Users(list_users(tx, text.as_deref(), *after, *limit)?)
        }
        PeopleQuery::Session(session) => PeopleAnswer::Session(read_session(tx, *session)?),
        PeopleQuery::SessionsOf(user) => PeopleAnswer::Sessions(sessions_of(tx, *user)?),
        PeopleQuery::Token(token) => PeopleAnswer::Token(read_token(tx, *token)?),
        PeopleQuery::TokensOf(user) => PeopleAnswer::Tokens(tokens_of(tx, *user)?),
        PeopleQuery::Settings(user) => PeopleAnswer::Settings(tx.get(user)?),
        PeopleQuery::Keyring => PeopleAnswer::Keyring(tx.get(&Single)?),
        PeopleQuery::Reset(hash) => PeopleAnswer::Reset(read_reset(tx, *hash)?),
    })
}

fn any_user(tx: &dyn ReadTx) -> Result<bool, Fault> {
    let mut any = false;
    tx.scan::<UserRow>(&Single, &mut |_, _| {
        any = true;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(any)
}

fn read_user(tx: &dyn ReadTx, id: UserId) -> Result<Option<UserView>, Fault> {
    Ok(tx.get(&id)?.map(|row| UserView { id, row }))
}

fn user_by_email(tx: &dyn ReadTx, email: &Email) -> Result<Option<UserView>, Fault> {
    match tx.get::<UserByEmail>(&email.folded())? {
        Some(UserByEmail(id)) => Ok(Some(UserView {
            id,
            row: tx.get_known(&id)?,
        })),
        None => Ok(None),
    }
}

fn list_users(
    tx: &dyn ReadTx,
    text: Option<&str>,
    after: Option<UserId>,
    limit: u32,
) -> Result<UserPage, Fault> {
    let text = text.map(str::to_lowercase);
    let limit = page_rows(limit);
    let mut users: Vec<UserView> = Vec::new();
    let mut next = None;
    tx.scan::<UserRow>(&Single, &mut |id, row| {
        let is_found = text.as_deref().is_none_or(|text| {
            row.name.as_str().to_lowercase().contains(text) || row.email.folded() == text
        });
        if after.is_none_or(|after| id > after) && is_found {
            if users.len() == limit {
                next = users.last().map(|last| last.id);
                return Ok(ControlFlow::Break(()));
            }
            users.push(UserView { id, row });
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(UserPage { users, next })
}

fn read_session(tx: &dyn ReadTx, session: SessionId) -> Result<Option<SessionView>, Fault> {
    let Some(row) = tx.get::<SessionRow>(&session)? else {
        return Ok(None);
    };
    let user = match row.subject {
        Subject::User(id) => Some(UserView {
            id,
            row: tx.get_known(&id)?,
        }),
        Subject::Link { .. } => None,
    };
    Ok(Some(SessionView { row, user }))
}

fn read_reset(tx: &dyn ReadTx, hash: SecretHash) -> Result<Option<(UserView, Time)>, Fault> {
    let Some(ResetRow {
        user: id,
        expires_at,
    }) = tx.get(&hash)?
    else {
        return Ok(None);
    };
    let row = tx.get_known(&id)?;
    Ok(Some((UserView { id, row }, expires_at)))
}

fn sessions_of(tx: &dyn ReadTx, user: UserId) -> Result<Vec<(SessionId, SessionRow)>, Fault> {
    let keys = tx.keys::<SessionOfUser>(&user)?;
    keys.into_iter()
        .map(|(_, session)| Ok((session, tx.get_known(&session)?)))
        .collect()
}

fn read_token(tx: &dyn ReadTx, token: TokenId) -> Result<Option<TokenView>, Fault> {
    let Some(row) = tx.get::<TokenRow>(&token)? else {
        return Ok(None);
    };
    let id = row.user;
    let user = UserView {
        id,
        row: tx.get_known(&id)?,
    };
    Ok(Some(TokenView { row, user }))
}

fn tokens_of(tx: &dyn ReadTx, user: UserId) -> Result<Vec<(TokenId, TokenRow)>, Fault> {
    let keys = tx.keys::<TokenOfUser>(&user)?;
    keys.into_iter()
        .map(|(_, token)| Ok((token, tx.get_known(&token)?)))
        .collect()
}
