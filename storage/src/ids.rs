//! Names and small checked values: ids, document names, titles, time.
//!
//! An id is a UUIDv7 shown as a prefix and 26 characters of Crockford base32 (`brd_01k…`). Ids are minted at the
//! edges; the rules only ever receive them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 26;

/// Text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct InvalidId {
    expected: &'static str,
}

/// Text that cannot be a board's title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTitle {
    #[error("a title needs at least one visible character")]
    Empty,
    #[error("a title has at most {} characters", Title::CHARS_MAX)]
    TooLong,
    #[error("a title holds no control characters")]
    ControlCharacter,
}

// Many types with one behaviour; a generic `Id<Kind>` would put its marker type into every derive and error message.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name([u8; 16]);

        impl $name {
            /// What its text form starts with.
            pub const PREFIX: &'static str = $prefix;

            /// Makes a fresh id from the clock and randomness; for the edges, never for the rules.
            pub fn mint() -> Self {
                Self(*uuid::Uuid::now_v7().as_bytes())
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str(base32(u128::from_be_bytes(self.0)).as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix($prefix)
                    .and_then(parse_base32)
                    .map(|id| Self(id.to_be_bytes()))
                    .ok_or(InvalidId { expected: $expected })
            }
        }
    };
}

id_type!(
    /// One board.
    BoardId, "brd_", "a board id (brd_ and 26 characters)"
);
id_type!(
    /// One attempt of one caller to change something; a retry carries the same id and is answered, not repeated.
    CommandId, "cmd_", "a command id (cmd_ and 26 characters)"
);
id_type!(
    /// One installation of Easel, kept when its nodes come and go.
    InstanceId, "ins_", "an instance id (ins_ and 26 characters)"
);
id_type!(
    /// One group of nodes that replicate to each other.
    ClusterId, "cls_", "a cluster id (cls_ and 26 characters)"
);

id_type!(
    /// One person's account.
    UserId, "usr_", "a user id (usr_ and 26 characters)"
);
id_type!(
    /// One browser that signed in, or one visit through a share link.
    SessionId, "ses_", "a session id (ses_ and 26 characters)"
);
id_type!(
    /// One personal API token.
    TokenId, "tok_", "a token id (tok_ and 26 characters)"
);
id_type!(
    /// One share link of one board.
    LinkId, "shr_", "a share link id (shr_ and 26 characters)"
);
id_type!(
    /// One invitation to one board.
    InvitationId, "inv_", "an invitation id (inv_ and 26 characters)"
);
id_type!(
    /// One file that somebody put on a board.
    AssetId, "ast_", "an asset id (ast_ and 26 characters)"
);

fn base32(mut value: u128) -> String {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    digits.iter().copied().map(char::from).collect()
}

fn parse_base32(text: &str) -> Option<u128> {
    if text.len() != DIGITS {
        return None;
    }
    let mut value = 0u128;
    for (at, byte) in text.bytes().enumerate() {
        let digit = ALPHABET
            .iter()
            .position(|known| *known == byte.to_ascii_lowercase())?;
        // 26 digits hold 130 bits: a first digit above 7 would be a second spelling of another id.
        if at == 0 && digit > 7 {
            return None;
        }
        value = value << 5 | digit as u128;
    }
    Some(value)
}

/// The name of a document that is not a board: any Yjs application's room.
///
/// 1 to 64 of `[A-Za-z0-9_-]`, never starting like a board id in either case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RawName(String);

impl RawName {
    pub const BYTES_MAX: usize = 64;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RawName {
    type Error = InvalidId;

    fn try_from(name: String) -> Result<Self, InvalidId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let like_a_board = name
            .get(..BoardId::PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(BoardId::PREFIX));
        if name.is_empty()
            || name.len() > Self::BYTES_MAX
            || like_a_board
            || !name.bytes().all(allowed)
        {
            return Err(InvalidId {
                expected: "a room name (1 to 64 of A-Z a-z 0-9 _ -, not starting with brd_)",
            });
        }
        Ok(Self(name))
    }
}

impl From<RawName> for String {
    fn from(name: RawName) -> Self {
        name.0
    }
}

impl fmt::Display for RawName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RawName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a document is found by: a board's id, or the name of a raw room.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DocName {
    Board(BoardId),
    Raw(RawName),
}

impl fmt::Display for DocName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Board(board) => board.fmt(f),
            Self::Raw(name) => name.fmt(f),
        }
    }
}

impl fmt::Debug for DocName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DocName {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.starts_with(BoardId::PREFIX) {
            text.parse().map(Self::Board)
        } else {
            RawName::try_from(text.to_owned()).map(Self::Raw)
        }
    }
}

impl From<BoardId> for DocName {
    fn from(board: BoardId) -> Self {
        Self::Board(board)
    }
}

/// A moment, in milliseconds since the Unix epoch, UTC. Stamped by the leader, never read by the rules.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(pub u64);

impl Time {
    /// This moment and some milliseconds; stays at the end of time rather than wrapping.
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// A board's title: trimmed, 1 to 200 characters, none of them a control character.
///
/// Checked when it is made. What the log holds is believed as it stands: the rule may tighten, old titles stay.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Title(String);

impl Title {
    pub const CHARS_MAX: usize = 200;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Title {
    type Error = InvalidTitle;

    fn try_from(text: String) -> Result<Self, InvalidTitle> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(InvalidTitle::Empty);
        }
        if trimmed.chars().count() > Self::CHARS_MAX {
            return Err(InvalidTitle::TooLong);
        }
        if trimmed.chars().any(char::is_control) {
            return Err(InvalidTitle::ControlCharacter);
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{BoardId, DocName, InvalidTitle, RawName, Title};

    #[test]
    fn an_id_is_written_in_lower_case_and_read_in_both() {
        let zero = BoardId::from_bytes([0; 16]);
        assert_eq!(zero.to_string(), "brd_00000000000000000000000000");
        let full = BoardId::from_bytes([0xff; 16]);
        assert_eq!(full.to_string(), "brd_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert_eq!("brd_7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse(), Ok(full));
        for _ in 0..100 {
            let id = BoardId::mint();
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "brd_",
            "00000000000000000000000000",
            "brd_0000000000000000000000000",
            "brd_000000000000000000000000000",
            "brd_80000000000000000000000000",
            "brd_0000000000000000000000000u",
            "BRD_00000000000000000000000000",
            "cmd_00000000000000000000000000",
            "brd_é000000000000000000000000",
        ] {
            assert!(text.parse::<BoardId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_document_name_is_a_board_or_a_room_never_both() {
        let board: DocName = BoardId::from_bytes([1; 16]).into();
        assert_eq!(board.to_string().parse(), Ok(board));
        let room: DocName = "my-room_1".parse().expect("a room name");
        assert_eq!(room.to_string(), "my-room_1");
        for text in ["", "brd_x", "BRD_x", "a/b", "a b", "ä", &"x".repeat(65)] {
            assert!(RawName::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert!("brd_x".parse::<DocName>().is_err());
    }

    #[test]
    fn a_title_is_trimmed_and_checked() {
        let title = |text: &str| Title::try_from(text.to_owned());
        assert_eq!(title("  Plan \n").map(|t| t.to_string()), Ok("Plan".into()));
        assert_eq!(title(" \t "), Err(InvalidTitle::Empty));
        assert_eq!(title("a\u{7}b"), Err(InvalidTitle::ControlCharacter));
        assert!(title(&"ö".repeat(200)).is_ok());
        assert_eq!(title(&"ö".repeat(201)), Err(InvalidTitle::TooLong));
    }
}
