//! What goes over the lane of the bus, one way, as bytes. As in `network::wire`: a version byte, then postcard, and
//! frozen samples in `tests/golden`.
//!
//! ```text
//! u32 length  said ...     no bytes: still here
//! ```

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::codec::{self, DecodeError};
use crate::network::wire::Blob;

const V1: u8 = 1;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The sender wants to hear of these, and of no others but those that follow.
    Wants(Vec<Bytes>),
    WantsToo(Vec<Bytes>),
    WantsNoMore(Bytes),
    Message {
        topic: Bytes,
        message: Bytes,
    },
}

#[derive(Serialize, Deserialize)]
enum SaidV1<'a> {
    #[serde(borrow)]
    Wants(Vec<Blob<'a>>),
    WantsToo(Vec<Blob<'a>>),
    WantsNoMore(Blob<'a>),
    Message {
        topic: Blob<'a>,
        message: Blob<'a>,
    },
}

pub(crate) fn encode(said: &Said) -> Vec<u8> {
    let blobs = |topics: &'_ [Bytes]| {
        topics
            .iter()
            .map(|t| Blob(Cow::Owned(t.to_vec())))
            .collect()
    };
    let body = match said {
        Said::Wants(topics) => SaidV1::Wants(blobs(topics)),
        Said::WantsToo(topics) => SaidV1::WantsToo(blobs(topics)),
        Said::WantsNoMore(topic) => SaidV1::WantsNoMore(Blob(Cow::Borrowed(topic))),
        Said::Message { topic, message } => SaidV1::Message {
            topic: Blob(Cow::Borrowed(topic)),
            message: Blob(Cow::Borrowed(message)),
        },
    };
    codec::write(vec![V1], &body)
}

/// What is said is parts of `bytes`, not copies.
pub(crate) fn decode(bytes: &Bytes) -> Result<Said, DecodeError> {
    const WHAT: &str = "what a node says on the bus";
    let part = |blob: Blob<'_>| match blob.0 {
        Cow::Borrowed(part) => bytes.slice_ref(part),
        Cow::Owned(part) => Bytes::from(part),
    };
    // An interest is kept for long, and would keep all that it came with.
    let own = |blob: Blob<'_>| Bytes::copy_from_slice(&blob.0);
    Ok(match codec::read(WHAT, codec::versioned(WHAT, bytes)?)? {
        SaidV1::Wants(topics) => Said::Wants(topics.into_iter().map(own).collect()),
        SaidV1::WantsToo(topics) => Said::WantsToo(topics.into_iter().map(own).collect()),
        SaidV1::WantsNoMore(topic) => Said::WantsNoMore(own(topic)),
        SaidV1::Message { topic, message } => Said::Message {
            topic: part(topic),
            message: part(message),
        },
    })
}
