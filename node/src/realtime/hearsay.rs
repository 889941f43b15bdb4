//! What rooms say to each other as bytes between nodes. The first byte is the version; releases stand side by side
//! while a group is upgraded, so the samples below are frozen. Numbers are big-endian; what has no length goes to the end.
//!
//! ```text
//! 1  u64 opening  u64 number  kind ...
//!    0 update     u64 seat  u64 number  update
//!    1 stored     u64 head  u64 index
//!    2 awareness  message
//!    3 opened
//! ```
//!
//! What a later release says that this one does not know is not heard: the number of the next message shows the gap.

use super::bus::{Message, What};
use bytes::{Buf, BufMut, Bytes};
use easel_storage::{CommitIndex, Origin};

const VERSION: u8 = 1;
const UPDATE: u8 = 0;
const STORED: u8 = 1;
const AWARENESS: u8 = 2;
const OPENED: u8 = 3;
const HEAD_BYTES_MAX: usize = 34;

pub(super) fn encode(message: &Message) -> Vec<u8> {
    let rest: &[u8] = match &message.what {
        What::Update { update, .. } => update,
        What::Awareness(said) => said,
        What::Stored { .. } | What::Opened => &[],
    };
    let mut out = Vec::with_capacity(HEAD_BYTES_MAX + rest.len());
    out.put_u8(VERSION);
    out.put_u64(message.from);
    out.put_u64(message.number);
    match &message.what {
        What::Update { origin, .. } => {
            out.put_u8(UPDATE);
            out.put_u64(origin.seat);
            out.put_u64(origin.number);
        }
        What::Stored { head_seq, index } => {
            out.put_u8(STORED);
            out.put_u64(*head_seq);
            out.put_u64(index.0);
        }
        What::Awareness(_) => out.put_u8(AWARENESS),
        What::Opened => out.put_u8(OPENED),
    }
    out.put_slice(rest);
    out
}

/// Nothing, if it is none of this release's.
pub(super) fn decode(mut bytes: Bytes) -> Option<Message> {
    if bytes.try_get_u8().ok()? != VERSION {
        return None;
    }
    let from = bytes.try_get_u64().ok()?;
    let number = bytes.try_get_u64().ok()?;
    let what = match bytes.try_get_u8().ok()? {
        UPDATE => What::Update {
            origin: Origin {
                seat: bytes.try_get_u64().ok()?,
                number: bytes.try_get_u64().ok()?,
            },
            update: bytes.split_off(0),
        },
        STORED => What::Stored {
            head_seq: bytes.try_get_u64().ok()?,
            index: CommitIndex(bytes.try_get_u64().ok()?),
        },
        AWARENESS => What::Awareness(bytes.split_off(0)),
        OPENED => What::Opened,
        _ => return None,
    };
    bytes.is_empty().then_some(Message { from, number, what })
}

#[cfg(test)]
mod tests {
    use super::{Message, What, decode, encode};
    use bytes::Bytes;
    use easel_storage::{CommitIndex, Origin};

    const HEAD: &str = "01 00000000000000aa 000000000000012c";

    #[track_caller]
    fn check(what: What, frozen: &str) {
        let message = Message {
            from: 0xaa,
            number: 300,
            what,
        };
        let bytes = encode(&message);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, format!("{HEAD}{frozen}").replace(' ', ""));
        let read = decode(bytes.clone().into()).expect("a message");
        assert_eq!(format!("{read:?}"), format!("{message:?}"));
        let fixed = match message.what {
            What::Update { .. } => 34,
            What::Awareness(_) => 18,
            What::Stored { .. } | What::Opened => bytes.len(),
        };
        for cut in 0..fixed {
            let cut_off = Bytes::copy_from_slice(&bytes[..cut]);
            assert!(decode(cut_off).is_none(), "cut to {cut}");
        }
    }

    #[test]
    fn what_rooms_say_stays_readable() {
        let origin = Origin {
            seat: 7,
            number: 258,
        };
        let update = Bytes::from_static(b"update");
        check(
            What::Update { origin, update },
            "00 0000000000000007 0000000000000102 757064617465",
        );
        let index = CommitIndex(70_000);
        check(
            What::Stored { head_seq: 9, index },
            "01 0000000000000009 0000000000011170",
        );
        check(What::Awareness(Bytes::from_static(b"here")), "02 68657265");
        check(What::Opened, "03");
    }

    #[test]
    fn what_is_not_known_is_not_heard() {
        let message = Message {
            from: 1,
            number: 1,
            what: What::Opened,
        };
        let good = encode(&message);
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Bytes::from(bytes)
        };
        assert!(decode(with(0, 2)).is_none(), "a later version");
        assert!(decode(with(17, 4)).is_none(), "a later kind");
        let longer = [&good[..], &[0]].concat();
        assert!(decode(longer.into()).is_none(), "a byte too many");
    }
}
