//! What goes over the lane for commands, as bytes. As in `network::wire`: a version byte, then postcard, and frozen
//! samples in `tests/golden`.
//!
//! ```text
//! there   u32 length  question ...     numbered; no bytes: still here
//! back    u32 length  answer ...       in any order; or a sign of life
//! ```

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use easel_storage::{CommitIndex, Reply, SubmitError, Submitted};
use serde::{Deserialize, Serialize};

use crate::codec::{self, DecodeError};
use crate::network::wire::Blob;
use crate::propose::NoReply;

const V1: u8 = 1;

/// Commands of one submission, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// Of this connection.
    pub(crate) number: u64,
    /// So long somebody waits for the answer.
    pub(crate) left: Duration,
    pub(crate) commands: Vec<Bytes>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Says only that the node lives.
    Alive,
    To {
        number: u64,
        result: Result<Submitted, Refused>,
    },
}

/// Why there are no replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refused {
    /// Nothing of it was run: another node leads, or none.
    NotLeader,
    /// Nothing of it was run: a command is of a release that this one does not know.
    Unreadable,
    DiskFull,
    TooLarge,
    Unavailable,
    /// They may have run, or may yet.
    TimedOut,
    /// Nothing of it was run: the node is ending.
    Stopped,
}

impl From<NoReply> for Refused {
    fn from(why: NoReply) -> Self {
        match why {
            NoReply::NotLed => Self::NotLeader,
            NoReply::Failed(SubmitError::DiskFull) => Self::DiskFull,
            NoReply::Failed(SubmitError::TooLarge) => Self::TooLarge,
            NoReply::Failed(SubmitError::Unavailable) => Self::Unavailable,
            NoReply::Failed(SubmitError::TimedOut) => Self::TimedOut,
            NoReply::Failed(SubmitError::Stopped) => Self::Stopped,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct QuestionV1<'a> {
    number: u64,
    left_ms: u64,
    #[serde(borrow)]
    commands: Vec<Blob<'a>>,
}

#[derive(Serialize, Deserialize)]
enum AnswerV1<'a> {
    Alive,
    Done {
        number: u64,
        index: u64,
        /// Each as storage encodes it.
        #[serde(borrow)]
        replies: Vec<Blob<'a>>,
    },
    Refused {
        number: u64,
        why: Refused,
    },
}

pub(crate) fn encode_question(question: &Question) -> Vec<u8> {
    let commands = question.commands.iter();
    let body = QuestionV1 {
        number: question.number,
        left_ms: u64::try_from(question.left.as_millis()).unwrap_or(u64::MAX),
        commands: commands.map(|c| Blob(Cow::Borrowed(c))).collect(),
    };
    codec::write(vec![V1], &body)
}

/// The commands are parts of `bytes`, not copies.
pub(crate) fn decode_question(bytes: &Bytes) -> Result<Question, DecodeError> {
    const WHAT: &str = "commands of a node";
    let question: QuestionV1<'_> = codec::read(WHAT, codec::versioned(WHAT, bytes)?)?;
    let commands = question.commands.into_iter();
    Ok(Question {
        number: question.number,
        left: Duration::from_millis(question.left_ms),
        commands: commands.map(|blob| blob.part_of(bytes)).collect(),
    })
}

pub(crate) fn encode_answer(answer: &Answer) -> Vec<u8> {
    let body = match answer {
        Answer::Alive => AnswerV1::Alive,
        Answer::To {
            number,
            result: Ok(done),
        } => {
            let replies = done.replies.iter().map(easel_storage::codec::encode);
            AnswerV1::Done {
                number: *number,
                index: done.index.0,
                replies: replies.map(|reply| Blob(Cow::Owned(reply))).collect(),
            }
        }
        Answer::To {
            number,
            result: Err(why),
        } => AnswerV1::Refused {
            number: *number,
            why: *why,
        },
    };
    codec::write(vec![V1], &body)
}

pub(crate) fn decode_answer(bytes: &[u8]) -> Result<Answer, DecodeError> {
    const WHAT: &str = "the answer to commands";
    let garbled = |error: easel_storage::codec::DecodeError| DecodeError::Garbled {
        what: WHAT,
        why: error.to_string(),
    };
    Ok(match codec::read(WHAT, codec::versioned(WHAT, bytes)?)? {
        AnswerV1::Alive => Answer::Alive,
        AnswerV1::Done {
            number,
            index,
            replies,
        } => {
            let replies = replies.iter();
            let replies = replies.map(|blob| easel_storage::codec::decode::<Reply>(&blob.0));
            let replies = replies.collect::<Result<_, _>>().map_err(garbled)?;
            let index = CommitIndex(index);
            let result = Ok(Submitted { index, replies });
            Answer::To { number, result }
        }
        AnswerV1::Refused { number, why } => Answer::To {
            number,
            result: Err(why),
        },
    })
}
