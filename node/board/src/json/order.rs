//! Places in the order, lowest first: the text that comes after another.
//!
//! `node/web/src/core/order.ts` is the same for the browser, which uses the fractional-indexing library.

use crate::schema::Z_LENGTH_MAX;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FIRST: &str = "a0";

/// A place above this one. Short as long as the library's own keys are followed by such.
pub fn above(below: Option<&str>) -> String {
    let Some(below) = below else {
        return FIRST.to_owned();
    };
    let next = next_integer(below).unwrap_or_else(|| plain(below));
    match next.len() <= Z_LENGTH_MAX && next.as_str() > below {
        true => next,
        // Nothing is above it; ties are settled by id.
        false => below.to_owned(),
    }
}

/// The key's integer part and one: `a0`, `a1` … `az`, `b00`.
fn next_integer(key: &str) -> Option<String> {
    let head = *key.as_bytes().first()?;
    let len = match head {
        b'a'..=b'z' => usize::from(head - b'a') + 2,
        b'A'..=b'Z' => usize::from(b'Z' - head) + 2,
        _ => return None,
    };
    let mut digits = key.as_bytes().get(1..len)?.to_vec();
    for digit in digits.iter_mut().rev() {
        let value = value(*digit)?;
        if value + 1 < DIGITS.len() {
            *digit = DIGITS[value + 1];
            return Some(text(head, &digits));
        }
        *digit = DIGITS[0];
    }
    match head {
        b'Z' => Some(text(b'a', &digits)),
        b'z' => None,
        b'a'..=b'y' => {
            digits.push(DIGITS[0]);
            Some(text(head + 1, &digits))
        }
        _ => {
            digits.pop();
            Some(text(head + 1, &digits))
        }
    }
}

/// Behind the first digits that are the last of all, one half way up.
fn plain(below: &str) -> String {
    let mut prefix = String::new();
    for digit in below.bytes() {
        match value(digit) {
            Some(low) if low + 1 < DIGITS.len() => {
                prefix.push(char::from(DIGITS[(low + DIGITS.len()) / 2]));
                return prefix;
            }
            Some(_) | None => prefix.push(char::from(digit)),
        }
    }
    prefix.push(char::from(DIGITS[DIGITS.len() / 2]));
    prefix
}

fn value(digit: u8) -> Option<usize> {
    DIGITS.iter().position(|known| *known == digit)
}

fn text(head: u8, digits: &[u8]) -> String {
    let all = std::iter::once(head).chain(digits.iter().copied());
    all.map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::above;
    use crate::schema::is_z;

    #[test]
    fn the_next_place_is_above_and_short() {
        for (below, expected) in [
            (None, "a0"),
            (Some("a0"), "a1"),
            (Some("a0V"), "a1"),
            (Some("az"), "b00"),
            (Some("Zz"), "a0"),
            (Some("Yzz"), "Z0"),
            (Some("b5z"), "b60"),
            (Some("0"), "V"),
            (Some("zzz"), "zzzV"),
            (Some("z"), "zV"),
        ] {
            assert_eq!(above(below), expected, "above {below:?}");
        }
    }

    #[test]
    fn places_rise_as_long_as_there_is_room() {
        let mut last = "Zzz".to_owned();
        for _ in 0..10_000 {
            let next = above(Some(&last));
            assert!(next > last && is_z(&next), "{next} above {last}");
            last = next;
        }
        assert_eq!(last.len(), 4);
        let top = "z".repeat(256);
        assert_eq!(above(Some(&top)), top);
    }
}
