//! Base64 (RFC 4648): bytes in events, which are text, and the state vector in an address.

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FOR_ADDRESSES: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// With padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = encode_with(STANDARD, bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Without padding, and with letters that need no escape in an address or a header.
pub(super) fn encode_for_addresses(bytes: &[u8]) -> String {
    encode_with(FOR_ADDRESSES, bytes)
}

fn encode_with(alphabet: &[u8; 64], bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        // Of n bytes come n + 1 letters.
        for place in 0..=group.len() {
            let letter = bits >> (18 - 6 * place) & 0x3F;
            text.push(char::from(alphabet[letter as usize]));
        }
    }
    text
}

/// Reads what stands in an address, with or without padding.
pub(crate) fn decode_from_address(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0);
    for letter in text.bytes() {
        let value = FOR_ADDRESSES.iter().position(|known| *known == letter)?;
        bits = (bits << 6 | value as u32) & 0xFF_FFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    // One letter alone is no byte.
    (text.len() % 4 != 1).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{decode_from_address, encode, encode_for_addresses};

    #[test]
    fn the_examples_of_rfc_4648_come_out() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"fooba", "Zm9vYmE="),
            (b"foobar", "Zm9vYmFy"),
            (&[0xFB, 0xFF, 0xFE], "+//+"),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(
                decode_from_address(&encode_for_addresses(bytes)).as_deref(),
                Some(bytes)
            );
        }
        assert_eq!(encode_for_addresses(&[0xFB, 0xFF, 0xFE]), "-__-");
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in ["A", "AAAAA", "A+", "A A", "é"] {
            assert_eq!(decode_from_address(text), None, "{text}");
        }
    }
}
