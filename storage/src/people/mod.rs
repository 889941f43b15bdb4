//! Accounts, what speaks for them (sessions, tokens), and the keys that seal it.

mod command;
mod query;
mod records;
mod rules;

pub use command::{AvatarChange, ClientInfo, NewUser, PeopleCommand, PeopleOutcome, UserChange};
pub use query::{PeopleAnswer, PeopleQuery, SessionView, TokenView, UserPage, UserView};
pub use records::{
    Avatar, InstanceRole, KeyRow, KeyState, KeyringRow, ROTATION_GRACE_MS, Refresh, ResetOfUser,
    ResetRow, Rotated, SESSION_IDLE_MS, SESSION_MS_MAX, SESSIONS_MAX, Scope, SessionOfUser,
    SessionRow, SettingsRow, Subject, TOKENS_MAX, TokenOfUser, TokenRow, UserByEmail, UserRow,
};

pub(crate) use query::answer;
pub(crate) use rules::{apply, end_session};
