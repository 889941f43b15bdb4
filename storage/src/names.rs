//! Small checked texts about people: addresses, names, labels, hashed secrets.
//!
//! Checked when they are made. What the log holds is believed as it stands: a rule may tighten, old values stay.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text that cannot be what it is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("needs at least one visible character")]
    Empty,
    #[error("has at most {0} characters")]
    TooLong(usize),
    #[error("holds no control characters")]
    ControlCharacter,
    #[error("is not an e-mail address")]
    NotAnAddress,
}

// Texts with one behaviour and their own lengths.
macro_rules! short_text {
    ($(#[$doc:meta])* $name:ident, $chars_max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub const CHARS_MAX: usize = $chars_max;

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                let trimmed = text.trim();
                if trimmed.is_empty() {
                    return Err(InvalidName::Empty);
                }
                if trimmed.chars().count() > Self::CHARS_MAX {
                    return Err(InvalidName::TooLong(Self::CHARS_MAX));
                }
                if trimmed.chars().any(char::is_control) {
                    return Err(InvalidName::ControlCharacter);
                }
                Ok(Self(trimmed.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

short_text!(
    /// How a person is shown to others.
    DisplayName,
    80
);
short_text!(
    /// What somebody calls a token or a share link of theirs.
    Label,
    120
);

/// An e-mail address: as it was entered, and folded to find it again.
///
/// The domain is compared whatever its case, and so is the part before it: no provider in use keeps `Ada@` and `ada@`
/// apart, and two accounts that look alike help only whoever wants to be taken for another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    pub const BYTES_MAX: usize = 254;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What tells two addresses apart.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidName;

    /// The shape only, after RFC 5321's limits: one `@` with something on both sides, a domain of labels, nothing that is
    /// no letter, digit or sign in sight. Whether it exists is known when mail arrives.
    fn try_from(text: String) -> Result<Self, InvalidName> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidName::Empty);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(InvalidName::TooLong(Self::BYTES_MAX));
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidName::NotAnAddress)?;
        let is_local =
            |c: char| !c.is_control() && !c.is_whitespace() && !"@<>()[],;:\\\"".contains(c);
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let good = !local.is_empty()
            && local.len() <= 64
            && local.chars().all(is_local)
            && domain.split('.').all(is_label);
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName::NotAnAddress)
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A password's hash as a PHC string. Never shown, not even in debug output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// SHA-256 of a secret that is not stored itself: enough for secrets of 128 random bits and more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{DisplayName, Email, InvalidName, PasswordHash};

    #[test]
    fn an_address_is_checked_for_its_shape_and_compared_whatever_its_case() {
        let email = |text: &str| Email::try_from(text.to_owned());
        for good in [
            "ada@example.org",
            " Ada.L+x@Sub.Example.ORG ",
            "ü@münchen.example",
            "root@localhost",
        ] {
            assert!(email(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for bad in [
            "ada",
            "@x",
            "ada@",
            "a b@x.y",
            "a@b@c",
            "a@-x.y",
            "a@x..y",
            "<a@x.y>",
            "a\u{7}@x.y",
            &long,
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert_eq!(
            email("Ada@X.org").unwrap().folded(),
            email("ada@x.ORG").unwrap().folded()
        );
        assert_eq!(email("Ada@X.org").unwrap().as_str(), "Ada@X.org");
    }

    #[test]
    fn a_name_is_trimmed_and_short() {
        let name = |text: &str| DisplayName::try_from(text.to_owned());
        assert_eq!(name(" Ada ").unwrap().as_str(), "Ada");
        assert_eq!(name(" "), Err(InvalidName::Empty));
        assert_eq!(name("a\nb"), Err(InvalidName::ControlCharacter));
        assert_eq!(name(&"x".repeat(81)), Err(InvalidName::TooLong(80)));
    }

    #[test]
    fn a_hash_is_not_shown() {
        let hash = PasswordHash::new("$argon2id$secret".to_owned());
        assert!(!format!("{hash:?}").contains("secret"));
    }
}
