//! What nodes say to each other about blobs, over a lane of its own. A version byte, then postcard; samples lie in
//! `tests/golden`.
//!
//! ```text
//! Put    answered by Kept if it is there, else by Send: then pieces, an empty frame, and Kept
//! Get    answered by Missing, or by Found: then pieces and an empty frame
//! Lacking  answered by Lacks
//! ```
//!
//! A piece is one frame of up to 256 KiB.

use easel_storage::blobs::{Blob, BlobHash};
use serde::{Deserialize, Serialize};

use crate::codec::{self, DecodeError};

const V1: u8 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// Keep this one too.
    Put(Blob),
    Get(BlobHash),
    /// Of what is named at this index: begin to bring it.
    Lacking {
        upto: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// It is on the disk.
    Kept,
    Send,
    Missing,
    /// What follows has so many bytes.
    Found {
        len: u64,
    },
    Failed {
        why: String,
    },
    /// So many, but for those that nobody has.
    Lacks {
        blobs: u64,
    },
}

#[derive(Serialize, Deserialize)]
enum QuestionV1 {
    Put { hash: [u8; 32], len: u64 },
    Get { hash: [u8; 32] },
    Lacking { upto: u64 },
}

pub(crate) fn encode_question(question: &Question) -> Vec<u8> {
    let body = match question {
        Question::Put(Blob { hash, len }) => QuestionV1::Put {
            hash: *hash.as_bytes(),
            len: *len,
        },
        Question::Get(hash) => QuestionV1::Get {
            hash: *hash.as_bytes(),
        },
        Question::Lacking { upto } => QuestionV1::Lacking { upto: *upto },
    };
    codec::write(vec![V1], &body)
}

pub(crate) fn decode_question(bytes: &[u8]) -> Result<Question, DecodeError> {
    const WHAT: &str = "a question about a blob";
    Ok(match codec::read(WHAT, codec::versioned(WHAT, bytes)?)? {
        QuestionV1::Put { hash, len } => Question::Put(Blob {
            hash: BlobHash::from_bytes(hash),
            len,
        }),
        QuestionV1::Get { hash } => Question::Get(BlobHash::from_bytes(hash)),
        QuestionV1::Lacking { upto } => Question::Lacking { upto },
    })
}

pub(crate) fn encode_answer(answer: &Answer) -> Vec<u8> {
    codec::write(vec![V1], answer)
}

pub(crate) fn decode_answer(bytes: &[u8]) -> Result<Answer, DecodeError> {
    const WHAT: &str = "an answer about a blob";
    codec::read(WHAT, codec::versioned(WHAT, bytes)?)
}
