//! Why the gate said no.

use thiserror::Error;

/// A refusal ends the sender's seat: the text is for people, [`Refusal::code`] for programs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the update has {bytes} bytes; at most {max} are taken at once")]
    TooLarge { bytes: usize, max: usize },
    #[error("the update names too many {what}; at most {max} are taken at once")]
    TooMany { what: &'static str, max: u64 },
    #[error("a {what} of the update is too long; at most {max} bytes are taken")]
    TooLong { what: &'static str, max: usize },
    #[error("values of the update are nested too deeply; at most {max} levels are taken")]
    TooDeep { max: u32 },
    #[error("the update ends in the middle")]
    Truncated,
    #[error("the update goes on after its end")]
    TrailingBytes,
    #[error("a number of the update is out of range")]
    BadNumber,
    #[error("a text of the update is not UTF-8")]
    BadText,
    #[error("a formatting value of the update is not JSON")]
    BadJson,
    #[error("the update holds {0}, which is no part of the format")]
    Malformed(&'static str),
    #[error("the update holds {0}, which is not taken here")]
    Unsupported(&'static str),
}

impl Refusal {
    /// A stable slug for close reasons, problem documents and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::TooLarge { .. }
            | Refusal::TooMany { .. }
            | Refusal::TooLong { .. }
            | Refusal::TooDeep { .. } => "update-too-large",
            Refusal::Truncated
            | Refusal::TrailingBytes
            | Refusal::BadNumber
            | Refusal::BadText
            | Refusal::BadJson
            | Refusal::Malformed(_) => "bad-update",
            Refusal::Unsupported(_) => "update-not-supported",
        }
    }
}
