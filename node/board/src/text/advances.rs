//! The width of a code point, and the classes of code points that line breaking knows.
//!
//! `advances.txt` is made from the TTF by `tests/text_tables.rs`, which also writes all of this out
//! as `node/web/src/core/text/advances.gen.ts`: the classes below exist once, here.

use std::sync::LazyLock;

/// Font units to the em. A power of two, so that pixels computed from units are exact in a float.
pub const UNITS_PER_EM: u32 = 2048;
/// Height of the font above its baseline, in font units.
pub const ASCENT: u32 = 1984;
/// Depth of the font below its baseline, in font units.
pub const DESCENT: u32 = 494;

/// A tab is as wide as four spaces: tab stops would make a word's x depend on its line.
pub const TAB_SPACES: u32 = 4;
/// An ideograph that the font lacks. Every CJK font draws these one em wide.
pub const WIDE_ADVANCE: u32 = UNITS_PER_EM;
/// An emoji. The emoji fonts of the large systems draw them 1.17 to 1.37 em wide.
pub const EMOJI_ADVANCE: u32 = UNITS_PER_EM * 5 / 4;
/// Anything else that the font lacks: 0.6 em, rounded up.
pub const OTHER_ADVANCE: u32 = 1229;

/// First and last code point, both included; lists of these are sorted.
pub type Range = (u32, u32);

/// The code points of the table: of these, those that the font has. The browser's font is cut down
/// to them as well (`node/web/scripts/fonts.mjs` reads the generated table).
pub const COVERED: &[Range] = &[
    (0x0020, 0x007e), // Basic Latin
    (0x00a0, 0x017f), // Latin-1 and Latin Extended-A
    (0x0192, 0x0192), // florin
    (0x01a0, 0x01a1), // Vietnamese horns
    (0x01af, 0x01b0),
    (0x0218, 0x021b), // Romanian
    (0x02c6, 0x02dd), // spacing accents
    (0x0370, 0x03ff), // Greek
    (0x0400, 0x052f), // Cyrillic
    (0x1e80, 0x1e85), // Welsh
    (0x1e9e, 0x1e9e), // capital sharp s
    (0x1ea0, 0x1ef9), // Vietnamese
    (0x2000, 0x206f), // punctuation
    (0x2070, 0x209f), // superscripts and subscripts
    (0x20a0, 0x20c0), // currency
    (0x2100, 0x214f), // letter-like
    (0x2150, 0x218f), // fractions
    (0x2190, 0x21ff), // arrows
    (0x2200, 0x22ff), // mathematics
    (0x2300, 0x23ff), // keys
    (0x2500, 0x25ff), // geometric shapes
    (0x2600, 0x27bf), // stars and check marks
    (0xfffd, 0xfffd), // the replacement character, which also stands for a lone surrogate
];

/// Code points that belong to the one before them and take no room of their own: combining marks,
/// joiners, variation selectors, skin tones, conjoining Hangul, invisible formatting. Scripts in
/// wide use; a mark of a rare script is treated as a letter, which costs a prettier break at most.
/// The marks of the Indic blocks 0900..0D7F lie alike in each and follow a rule in [`extends`].
pub const EXTEND: &[Range] = &[
    (0x00ad, 0x00ad),
    (0x0300, 0x036f),
    (0x0483, 0x0489),
    (0x0591, 0x05bd),
    (0x05bf, 0x05bf),
    (0x05c1, 0x05c2),
    (0x05c4, 0x05c5),
    (0x05c7, 0x05c7),
    (0x0610, 0x061c),
    (0x064b, 0x065f),
    (0x0670, 0x0670),
    (0x06d6, 0x06dc),
    (0x06df, 0x06e4),
    (0x06e7, 0x06e8),
    (0x06ea, 0x06ed),
    (0x0711, 0x0711),
    (0x0730, 0x074a),
    (0x07a6, 0x07b0),
    (0x08ca, 0x08ff),
    (0x0e31, 0x0e31),
    (0x0e34, 0x0e3a),
    (0x0e47, 0x0e4e),
    (0x0eb1, 0x0eb1),
    (0x0eb4, 0x0ebc),
    (0x0ec8, 0x0ece),
    (0x0f71, 0x0f84),
    (0x0f8d, 0x0fbc),
    (0x102b, 0x103e),
    (0x1160, 0x11ff),
    (0x17b4, 0x17d3),
    (0x180b, 0x180e),
    (0x1ab0, 0x1aff),
    (0x1dc0, 0x1dff),
    (0x200c, 0x200f),
    (0x202a, 0x202e),
    (0x2060, 0x206f),
    (0x20d0, 0x20ff),
    (0x302a, 0x302f),
    (0x3099, 0x309a),
    (0xa8e0, 0xa8f1),
    (0xd7b0, 0xd7ff),
    (0xfb1e, 0xfb1e),
    (0xfe00, 0xfe0f),
    (0xfe20, 0xfe2f),
    (0xfeff, 0xfeff),
    (0x1f3fb, 0x1f3ff),
    (0xe0000, 0xe0fff),
];

/// One em wide, and a line may break on either side.
pub const WIDE: &[Range] = &[
    (0x1100, 0x115f),
    (0x2e80, 0x2fff),
    (0x3001, 0x4dbf),
    (0x4e00, 0xa4cf),
    (0xa960, 0xa97f),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe30, 0xfe4f),
    (0xff01, 0xff60),
    (0xffe0, 0xffe6),
    (0x17000, 0x18cff),
    (0x1b000, 0x1b2ff),
    (0x20000, 0x3fffd),
];

/// Pictures whatever follows them. Older symbols such as the heart become pictures by a variation
/// selector only, and are found by that.
pub const EMOJI: &[Range] = &[(0x1f000, 0x1f1e5), (0x1f200, 0x1faff)];

/// Two of these make one flag.
pub const REGIONAL_INDICATOR: Range = (0x1f1e6, 0x1f1ff);

/// What a zero-width joiner may tie into one picture, besides [`EMOJI`].
pub const PICTOGRAPH: &[Range] = &[
    (0x00a9, 0x00a9),
    (0x00ae, 0x00ae),
    (0x203c, 0x2bff),
    (0x3030, 0x303d),
];

/// Written from right to left.
pub const RTL: &[Range] = &[
    (0x0590, 0x08ff),
    (0xfb1d, 0xfdff),
    (0xfe70, 0xfefc),
    (0x10800, 0x10fff),
    (0x1e800, 0x1efff),
];

/// Spaces at which a line may break; at the end of a line they hang. U+200B has no width.
pub const SPACE: &[Range] = &[
    (0x0009, 0x0009),
    (0x0020, 0x0020),
    (0x1680, 0x1680),
    (0x2000, 0x2006),
    (0x2008, 0x200b),
    (0x205f, 0x205f),
    (0x3000, 0x3000),
];

/// Ends a paragraph; carriage return and line feed together are one.
pub const NEWLINE: &[Range] = &[(0x000a, 0x000d), (0x0085, 0x0085), (0x2028, 0x2029)];

/// Never at the start of a line.
pub const NO_BREAK_BEFORE: &str = "!\"%'),.:;?]}\u{a0}\u{b7}»’”…›\u{2007}\u{2011}\u{202f}\
    、。々〉》」』】〕〗〙〛〜〻ぁぃぅぇぉっゃゅょゎゕゖ゛゜ゝゞァィゥェォッャュョヮヵヶーヽヾ！％），．：；？］｝～";

/// Never at the end of a line.
pub const NO_BREAK_AFTER: &str =
    "\"$'([{£¥\u{a0}«‘“‹\u{2007}\u{2011}\u{202f}€〈《「『【〔〖〘〚（［｛￡￥";

/// Joins the parts of a word; a line may break after it, between letters.
pub const BREAK_AFTER: &str = "-/‐–—";

pub const VARIATION_EMOJI: u32 = 0xfe0f;
pub const KEYCAP: u32 = 0x20e3;
pub const ZERO_WIDTH_JOINER: u32 = 0x200d;

/// Advances of the covered code points, by code point; [`ABSENT`] where the font has none.
static TABLE: LazyLock<Vec<u16>> = LazyLock::new(|| read_table(include_str!("advances.txt")));
static TABLE_BOLD: LazyLock<Vec<u16>> =
    LazyLock::new(|| read_table(include_str!("advances-bold.txt")));

const ABSENT: u16 = u16::MAX;

fn read_table(file: &str) -> Vec<u16> {
    let mut table = Vec::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split(' ');
        let first = fields
            .next()
            .and_then(|hex| usize::from_str_radix(hex, 16).ok());
        let first = first.expect("the generated table starts each line with a code point");
        table.resize(first, ABSENT);
        table.extend(fields.map(|field| {
            field
                .parse::<u16>()
                .expect("the generated table holds numbers")
        }));
    }
    table
}

/// The advance of a code point by itself, in font units. What extends another has none.
pub fn advance(code: u32) -> u32 {
    advance_in(&TABLE, code)
}

/// The same of the bold weight. What the font lacks takes the same room in both.
pub fn advance_bold(code: u32) -> u32 {
    advance_in(&TABLE_BOLD, code)
}

fn advance_in(table: &[u16], code: u32) -> u32 {
    if code == 0x09 {
        return TAB_SPACES * advance_in(table, 0x20);
    }
    if is_control(code) || code == 0x200b || extends(code) {
        return 0;
    }
    match table.get(code as usize) {
        Some(&units) if units != ABSENT => u32::from(units),
        Some(_) | None if is_emoji(code) => EMOJI_ADVANCE,
        Some(_) | None if code == 0x3000 || within(WIDE, code) => WIDE_ADVANCE,
        Some(_) | None => OTHER_ADVANCE,
    }
}

/// Whether the font of the board can draw this code point.
pub fn is_in_table(code: u32) -> bool {
    TABLE
        .get(code as usize)
        .is_some_and(|&units| units != ABSENT)
}

pub fn extends(code: u32) -> bool {
    if code < 0x300 {
        return code == 0xad;
    }
    if (0x0900..=0x0d7f).contains(&code) {
        return matches!(code & 0x7f, 0x00..=0x03 | 0x3a..=0x3c | 0x3e..=0x4d | 0x51..=0x57 | 0x62..=0x63);
    }
    within(EXTEND, code)
}

/// Control characters take no room and are no break; tabs and newlines are told apart before.
pub fn is_control(code: u32) -> bool {
    code < 0x20 || (0x7f..=0x9f).contains(&code)
}

pub fn is_space(code: u32) -> bool {
    within(SPACE, code)
}

pub fn is_newline(code: u32) -> bool {
    within(NEWLINE, code)
}

pub fn is_emoji(code: u32) -> bool {
    code >= 0x1f000 && (is_regional_indicator(code) || within(EMOJI, code))
}

pub fn is_regional_indicator(code: u32) -> bool {
    (REGIONAL_INDICATOR.0..=REGIONAL_INDICATOR.1).contains(&code)
}

pub fn is_pictograph(code: u32) -> bool {
    within(PICTOGRAPH, code) || within(EMOJI, code)
}

/// Between ideographs a line may break anywhere.
pub fn is_wide(code: u32) -> bool {
    code >= 0x1100 && within(WIDE, code)
}

pub fn is_rtl(code: u32) -> bool {
    code >= 0x590 && within(RTL, code)
}

/// A letter that is written from left to right: the first such letter or the first of [`RTL`] gives a paragraph its direction.
pub fn is_ltr(code: u32) -> bool {
    let is_sign = (0x2000..=0x2bff).contains(&code)
        || (0x3000..=0x303f).contains(&code)
        || (0xfe00..=0xfe0f).contains(&code)
        || (0x1f000..0x20000).contains(&code);
    let is_letter = (0x41..=0x5a).contains(&code) || (0x61..=0x7a).contains(&code) || code >= 0xc0;
    is_letter && !is_sign && !is_rtl(code) && !extends(code)
}

/// Holds in `ranges`, which are sorted and apart.
pub fn within(ranges: &[Range], code: u32) -> bool {
    let after = ranges.partition_point(|&(first, _)| first <= code);
    after > 0 && code <= ranges[after - 1].1
}

#[cfg(test)]
mod tests {
    use super::{COVERED, EMOJI, EXTEND, NEWLINE, PICTOGRAPH, RTL, SPACE, WIDE, advance, within};

    #[test]
    fn lists_are_sorted_and_apart() {
        for list in [
            COVERED, EXTEND, WIDE, EMOJI, PICTOGRAPH, RTL, SPACE, NEWLINE,
        ] {
            assert!(list.iter().all(|(first, last)| first <= last));
            assert!(
                list.windows(2).all(|pair| pair[0].1 < pair[1].0),
                "{list:x?}"
            );
        }
        assert!(!within(WIDE, 0x3000) && within(WIDE, 0x3001) && !within(EMOJI, 0x1f1e6));
    }

    #[test]
    fn widths_are_of_the_font_or_of_the_class() {
        for (what, width) in [
            ("A", Some(1413)),
            (" ", Some(576)),
            ("\t", Some(4 * 576)),
            ("\u{301}", Some(0)),
            ("\u{200d}", Some(0)),
            ("\u{ad}", Some(0)),
            ("\u{7}", Some(0)),
            ("漢", Some(2048)),
            ("\u{3000}", Some(2048)),
            ("😀", Some(2560)),
            ("\u{5d0}", Some(1229)),
            ("→", None),
            ("Ж", None),
            ("Ω", None),
        ] {
            let code = what.chars().next().map_or(0, u32::from);
            match width {
                Some(width) => assert_eq!(advance(code), width, "{what:?}"),
                None => assert!(super::is_in_table(code), "{what:?}"),
            }
        }
    }
}
