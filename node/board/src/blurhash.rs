//! What a picture looks like from far away, in about thirty characters: <https://blurha.sh>. Only the mean colour is read here.

const DIGITS: &[u8; 83] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
/// Size, the greatest of the waves, the mean colour.
const HEAD_CHARS: usize = 6;
const WAVE_CHARS: usize = 2;

/// Whether it has as many digits as its first one promises.
pub fn is_one(hash: &str) -> bool {
    let Some(size) = value(hash.get(..1)) else {
        return false;
    };
    let waves = (size % 9 + 1) * (size / 9 + 1);
    size < 81
        && hash.len() == HEAD_CHARS + WAVE_CHARS * (waves as usize - 1)
        && value(Some(hash)).is_some()
}

/// The mean colour of the picture.
pub fn mean(hash: &str) -> Option<[u8; 3]> {
    if !is_one(hash) {
        return None;
    }
    let [_, red, green, blue] = value(hash.get(2..HEAD_CHARS))?.to_be_bytes();
    Some([red, green, blue])
}

/// The number in base 83. What does not fit into it wraps, which only a check of all digits does.
fn value(digits: Option<&str>) -> Option<u32> {
    let mut value = 0_u32;
    for byte in digits?.bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        value = value.wrapping_mul(83).wrapping_add(digit as u32);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::{is_one, mean};

    #[test]
    fn only_what_has_its_promised_length_and_digits_is_one() {
        for (text, is) in [
            ("LEHV6nWB2yk8pyo0adR*.7kCMdnj", true),
            ("00TI:j", true),
            ("LEHV6nWB2yk8pyo0adR*.7kCMdn", false),
            ("LEHV6nWB2yk8pyo0adR*.7kCMdn\"", false),
            ("LEHV6nWB2yk8pyo0adR*.7kCMdné", false),
            ("é", false),
            ("~", false),
            ("", false),
        ] {
            assert_eq!(is_one(text), is, "{text}");
        }
    }

    #[test]
    fn the_mean_colour_is_its_third_to_sixth_digit() {
        assert_eq!(mean("LEHV6nWB2yk8pyo0adR*.7kCMdnj"), Some([151, 150, 149]));
        assert_eq!(mean("nothing"), None);
    }
}
