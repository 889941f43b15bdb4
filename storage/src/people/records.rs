//! Accounts, sessions, tokens and the keys that seal them, as stored.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::ids::{BoardId, LinkId, SessionId, Time, TokenId, UserId};
use crate::names::{DisplayName, Email, Label, PasswordHash, SecretHash};
use crate::rows::{Record, RowKind, Single};

/// A session ends when it was not used for this long, whatever happens.
pub const SESSION_IDLE_MS: u64 = 30 * DAY_MS;
/// … and this long after it began.
pub const SESSION_MS_MAX: u64 = 90 * DAY_MS;
/// Within this time after a rotation the secret that was replaced is answered with the same successor: two tabs that
/// refresh at once both go on. Later it is a theft.
pub const ROTATION_GRACE_MS: u64 = 20 * 1000;
/// A person's sessions; the one unused for longest makes room.
pub const SESSIONS_MAX: usize = 50;
pub const TOKENS_MAX: usize = 50;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What a person may do to the installation as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum InstanceRole {
    Member,
    Admin,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    pub email: Email,
    pub name: DisplayName,
    pub role: InstanceRole,
    /// `None`: nobody can sign in with a password until one is set.
    pub password: Option<PasswordHash>,
    pub created_at: Time,
    pub changed_at: Time,
    pub disabled_at: Option<Time>,
    pub avatar: Option<Avatar>,
    /// From 1; of the profile alone.
    pub rev: u64,
}

/// A person's picture: the name of its files, and when it was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avatar {
    /// Pixels a side, BLAKE3 of the file, its length; by size, ascending, and of each size first the WebP, then the PNG.
    pub sizes: Vec<(u32, [u8; 32], u64)>,
    pub at: Time,
}

impl Record for UserRow {
    const KIND: RowKind = RowKind::User;
    type Key = UserId;
}

/// Under the folded address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserByEmail(pub UserId);

impl Record for UserByEmail {
    const KIND: RowKind = RowKind::UserByEmail;
    type Key = String;
}

/// Whom a session speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    User(UserId),
    /// A visit through a share link; with a name it is a guest's.
    Link {
        board: BoardId,
        link: LinkId,
        name: Option<DisplayName>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub subject: Subject,
    pub created_at: Time,
    /// The sign-in or the last rotation.
    pub used_at: Time,
    /// When the person last gave a password.
    pub authenticated_at: Time,
    /// For the list of one's sessions.
    pub agent: String,
    pub network: String,
    /// `None`: it cannot be renewed, and ends with its access token's life (a link's visit).
    pub refresh: Option<Refresh>,
    pub ends_at: Time,
}

impl SessionRow {
    pub fn is_over(&self, at: Time) -> bool {
        at >= self.ends_at || at >= self.used_at.plus_ms(SESSION_IDLE_MS)
    }
}

/// Where a family of refresh secrets stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// From 1; grows with each rotation.
    pub seq: u64,
    pub hash: SecretHash,
    pub previous: Option<Rotated>,
}

/// The secret that was replaced last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotated {
    pub hash: SecretHash,
    pub at: Time,
    /// Its successor, sealed so that only who knows the old secret can open it.
    pub successor: Bytes,
    /// The kind of client that rotated; another one is not given the successor.
    pub client: [u8; 16],
}

impl Record for SessionRow {
    const KIND: RowKind = RowKind::Session;
    type Key = SessionId;
}

/// That it is there is all it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOfUser;

impl Record for SessionOfUser {
    const KIND: RowKind = RowKind::SessionOfUser;
    type Key = (UserId, SessionId);
}

/// What a personal token may be used for. A token never may more than its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    BoardsRead,
    BoardsWrite,
    ElementsRead,
    ElementsWrite,
    AssetsWrite,
    MembersWrite,
    RawJoin,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    pub user: UserId,
    pub name: Label,
    pub scopes: Vec<Scope>,
    /// Only this board, if there is one.
    pub board: Option<BoardId>,
    pub hash: SecretHash,
    pub created_at: Time,
    pub expires_at: Time,
}

impl Record for TokenRow {
    const KIND: RowKind = RowKind::Token;
    type Key = TokenId;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenOfUser;

impl Record for TokenOfUser {
    const KIND: RowKind = RowKind::TokenOfUser;
    type Key = (UserId, TokenId);
}

/// A person's settings: a JSON object that only the client reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsRow {
    pub json: String,
    pub rev: u64,
}

impl Record for SettingsRow {
    const KIND: RowKind = RowKind::Settings;
    type Key = UserId;
}

/// A secret by which a password is set, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetRow {
    pub user: UserId,
    pub expires_at: Time,
}

impl Record for ResetRow {
    const KIND: RowKind = RowKind::Reset;
    type Key = SecretHash;
}

/// The one that is open for a person, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetOfUser(pub SecretHash);

impl Record for ResetOfUser {
    const KIND: RowKind = RowKind::ResetOfUser;
    type Key = UserId;
}

/// The keys that seal tokens, themselves sealed with the installation's master key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyringRow {
    pub rev: u64,
    pub keys: Vec<KeyRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// Its PASERK id.
    pub id: String,
    pub state: KeyState,
    pub sealed: Bytes,
    pub created_at: Time,
    /// When it came into its state.
    pub since: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyState {
    /// Known everywhere, not used yet.
    Pending,
    /// Seals new tokens. There is one.
    Active,
    /// Opens old tokens.
    VerifyOnly,
}

impl Record for KeyringRow {
    const KIND: RowKind = RowKind::Keyring;
    type Key = Single;
}
