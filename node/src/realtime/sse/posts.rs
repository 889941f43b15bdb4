//! What a client posts beside its stream: numbered bodies, each a sequence of messages.

use crate::realtime::wire::{Malformed, Reader};
use bytes::Bytes;

/// Messages in one body. Each costs of the connection's rate, so that this bounds how long one may take, too.
const MESSAGES_MAX: usize = 1_024;

/// Where a body stands among those of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Next,
    /// Taken before; the answer may have been lost.
    Repeat,
    /// One before it is missing.
    Gap,
}

/// `taken` is the number of the last body that was taken; the first has number 1.
pub(super) fn turn(taken: u64, number: u64) -> Turn {
    match number.checked_sub(taken) {
        None | Some(0) => Turn::Repeat,
        Some(1) => Turn::Next,
        Some(_) => Turn::Gap,
    }
}

/// Why nothing of a body was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadBody {
    #[error("the body is not a sequence of messages, each after its length: {0}")]
    Framing(#[from] Malformed),
    #[error("the body holds more than {MESSAGES_MAX} messages")]
    TooMany,
    #[error("a message in the body is too large")]
    TooLarge,
}

/// Cuts a body into its messages, each of which stands after its length (lib0's unsigned integer).
pub(super) fn split(body: &Bytes, message_bytes_max: usize) -> Result<Vec<Bytes>, BadBody> {
    let mut at = Reader::new(body);
    let mut messages = Vec::new();
    while !at.is_at_end() {
        let message = at.bytes()?;
        if message.len() > message_bytes_max {
            return Err(BadBody::TooLarge);
        }
        if messages.len() == MESSAGES_MAX {
            return Err(BadBody::TooMany);
        }
        messages.push(message);
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::{BadBody, MESSAGES_MAX, Turn, split, turn};
    use crate::realtime::wire::Malformed;
    use bytes::Bytes;

    #[test]
    fn a_number_says_what_a_body_is() {
        for (taken, number, expected) in [
            (0, 1, Turn::Next),
            (0, 2, Turn::Gap),
            (0, u64::MAX, Turn::Gap),
            (7, 8, Turn::Next),
            (7, 7, Turn::Repeat),
            (7, 1, Turn::Repeat),
            (7, 9, Turn::Gap),
            (u64::MAX, u64::MAX, Turn::Repeat),
        ] {
            assert_eq!(turn(taken, number), expected, "{number} after {taken}");
        }
    }

    #[test]
    fn retries_in_any_order_take_every_body_once_and_in_order() {
        // Every way to send the numbers 1 to 3, each any number of times, in eight sends.
        for mut sends in 0..3_u32.pow(8) {
            let (mut taken, mut order) = (0, Vec::new());
            for _ in 0..8 {
                let number = u64::from(sends % 3) + 1;
                sends /= 3;
                if turn(taken, number) == Turn::Next {
                    taken = number;
                    order.push(number);
                }
            }
            assert!([1, 2, 3].starts_with(&order), "{order:?}");
        }
    }

    fn check(body: &'static [u8], expected: Result<&[&[u8]], BadBody>) {
        let got = split(&Bytes::from_static(body), 3);
        let got: Result<Vec<&[u8]>, _> = match &got {
            Ok(messages) => Ok(messages.iter().map(|message| &message[..]).collect()),
            Err(bad) => Err(*bad),
        };
        assert_eq!(got, expected.map(<[_]>::to_vec), "{body:?}");
    }

    #[test]
    fn a_body_is_cut_whole_or_not_at_all() {
        check(&[], Ok(&[]));
        check(&[1, 3], Ok(&[&[3]]));
        check(&[3, 0, 0, 0, 0, 1, 3], Ok(&[&[0, 0, 0], &[], &[3]]));
        check(&[1, 3, 2, 3], Err(BadBody::Framing(Malformed::Short)));
        check(&[0x80], Err(BadBody::Framing(Malformed::Short)));
        check(&[0xFF; 12], Err(BadBody::Framing(Malformed::Number)));
        check(&[4, 0, 0, 0, 0], Err(BadBody::TooLarge));
    }

    #[test]
    fn a_body_of_countless_messages_is_refused() {
        assert_eq!(
            split(&Bytes::from(vec![0; MESSAGES_MAX]), 3).map(|all| all.len()),
            Ok(MESSAGES_MAX)
        );
        assert_eq!(
            split(&Bytes::from(vec![0; MESSAGES_MAX + 1]), 3),
            Err(BadBody::TooMany)
        );
    }
}
