//! What can happen to accounts, sessions, tokens and keys, and how it ends.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::records::{
    Avatar, InstanceRole, KeyRow, KeyringRow, Scope, SettingsRow, TokenRow, UserRow,
};
use crate::ids::{BoardId, SessionId, Time, TokenId, UserId};
use crate::names::{DisplayName, Email, Label, PasswordHash, SecretHash};

/// One change to accounts and what speaks for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeopleCommand {
    /// The first account of all, an admin's. It comes to own every board that nobody owns.
    CreateFirstUser(NewUser),
    CreateUser(NewUser),
    ChangeUser {
        user: UserId,
        change: UserChange,
        if_rev: Option<u64>,
    },
    /// Ends the person's sessions but one, or all.
    SetPassword {
        user: UserId,
        password: PasswordHash,
        keep: Option<SessionId>,
    },
    /// The same password under better parameters: nothing ends.
    RehashPassword {
        user: UserId,
        old: PasswordHash,
        new: PasswordHash,
    },
    /// Disabled, a person's sessions and tokens end; the account and what it owns stay.
    SetDisabled {
        user: UserId,
        disabled: bool,
    },
    /// What only this person owns goes to another, or into the trash.
    DeleteUser {
        user: UserId,
        boards_to: Option<UserId>,
    },
    PutSettings {
        user: UserId,
        json: String,
        if_rev: Option<u64>,
    },
    StartSession {
        session: SessionId,
        user: UserId,
        hash: SecretHash,
        client: ClientInfo,
    },
    /// Exchanges a refresh secret for the next; decided here, so that of many at once one wins and all get its successor.
    RotateSession {
        session: SessionId,
        /// What the presented secret says of itself; it was sealed by us.
        seq: u64,
        presented: SecretHash,
        next: SecretHash,
        /// The next secret, sealed for who knows the presented one.
        successor: Bytes,
        client: [u8; 16],
    },
    /// The person has just proved again who they are.
    ConfirmSession {
        session: SessionId,
    },
    EndSession {
        session: SessionId,
    },
    EndSessions {
        user: UserId,
        keep: Option<SessionId>,
    },
    CreateToken {
        token: TokenId,
        user: UserId,
        name: Label,
        scopes: Vec<Scope>,
        board: Option<BoardId>,
        hash: SecretHash,
        expires_at: Time,
    },
    RevokeToken {
        token: TokenId,
    },
    /// Swaps the keyring, if it is still at this revision (0: there is none).
    PutKeyring {
        if_rev: u64,
        keys: Vec<KeyRow>,
    },
    /// Whoever has the secret may set this person's password, once and until then. It takes the place of an earlier one.
    OfferReset {
        user: UserId,
        hash: SecretHash,
        expires_at: Time,
    },
    /// Sets the password of the person whom this secret was given; their sessions end.
    TakeReset {
        user: UserId,
        hash: SecretHash,
        password: PasswordHash,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewUser {
    pub user: UserId,
    pub email: Email,
    pub name: DisplayName,
    pub role: InstanceRole,
    pub password: Option<PasswordHash>,
}

/// What is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserChange {
    pub name: Option<DisplayName>,
    pub email: Option<Email>,
    pub role: Option<InstanceRole>,
    pub avatar: Option<AvatarChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AvatarChange {
    Set(Avatar),
    Remove,
}

/// How a client shows itself, for its owner's list of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientInfo {
    pub agent: String,
    pub network: String,
}

/// What a command about people brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeopleOutcome {
    Done,
    User(UserRow),
    Settings(SettingsRow),
    Token(TokenRow),
    Keyring(KeyringRow),
    Session {
        ends_at: Time,
    },
    /// The presented secret was the current one; the next holds now, under this number.
    Rotated {
        seq: u64,
    },
    /// It had just been replaced: this is the sealed successor the first to come was given.
    RotatedBefore {
        seq: u64,
        successor: Bytes,
    },
    /// A secret came back after it was replaced: the whole family ended.
    FamilyEnded {
        user: Option<UserId>,
    },
}
