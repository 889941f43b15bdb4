//! The integers and strings of lib0, which Yjs and its protocols are written in.

/// Appends a variable-length unsigned integer.
pub(crate) fn put_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7F) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends bytes behind their length; text is written the same way.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes an unsigned integer off the front.
pub(crate) fn take_uint(at: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = at.split_first()?;
        *at = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Takes bytes with their length before them off the front.
pub(crate) fn take_bytes<'a>(at: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(take_uint(at)?).ok()?;
    let (bytes, rest) = at.split_at_checked(len)?;
    *at = rest;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_taken() {
        for value in [0, 1, 127, 128, 300, 1 << 31, u64::MAX >> 1] {
            let mut out = Vec::new();
            put_uint(&mut out, value);
            put_bytes(&mut out, b"after");
            let mut at = &out[..];
            assert_eq!(take_uint(&mut at), Some(value));
            assert_eq!(take_bytes(&mut at), Some(&b"after"[..]));
            assert!(at.is_empty());
        }
    }

    #[test]
    fn what_is_cut_short_is_not_taken() {
        assert_eq!(take_uint(&mut &[0x80][..]), None);
        assert_eq!(take_bytes(&mut &[3, 1, 2][..]), None);
    }
}
