//! Text cut into clusters, the smallest pieces that a line break may separate.
//!
//! A small rule of our own instead of the whole of UAX 29, the same in both languages: a code point
//! joins the cluster before it if it extends it (accents, variation selectors, skin tones …), if a
//! zero-width joiner ties two pictures together, or if it completes a flag.

use super::advances::{
    EMOJI_ADVANCE, KEYCAP, VARIATION_EMOJI, ZERO_WIDTH_JOINER, advance, advance_bold, extends,
    is_emoji, is_pictograph, is_regional_indicator, is_space, is_wide,
};
use super::runs::{Run, Style, StyleAt};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line may break after it, and it hangs at the end of one.
    Space,
    Letter,
    /// An ideograph or a picture: a line may break on either side.
    Wide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    /// The first code point.
    pub base: u32,
    /// Font units.
    pub advance: u32,
    pub kind: Kind,
    /// Of the first code point.
    pub style: Style,
}

/// Cuts `text`, a paragraph without newlines; offsets are counted from `offset`, also those of the runs.
pub fn clusters(text: &str, offset: usize, runs: &[Run]) -> Vec<Cluster> {
    let mut styles = StyleAt::new(runs);
    let mut out: Vec<Cluster> = Vec::with_capacity(text.len());
    let mut previous = 0;
    for (at, ch) in text.char_indices() {
        let code = u32::from(ch);
        let end = offset + at + ch.len_utf8();
        match out.last_mut() {
            Some(cluster) if joins(cluster, previous, code, end - ch.len_utf8()) => {
                cluster.end = end;
                if code == VARIATION_EMOJI || code == KEYCAP {
                    cluster.kind = Kind::Wide;
                    cluster.advance = EMOJI_ADVANCE;
                }
            }
            Some(_) | None => {
                let style = styles.at(offset + at);
                out.push(Cluster {
                    start: offset + at,
                    end,
                    base: code,
                    advance: match style.has(Style::BOLD) {
                        true => advance_bold(code),
                        false => advance(code),
                    },
                    kind: kind_of(code),
                    style,
                });
            }
        }
        previous = code;
    }
    out
}

fn joins(cluster: &Cluster, previous: u32, code: u32, at: usize) -> bool {
    if cluster.kind == Kind::Space {
        return false;
    }
    if extends(code) {
        return true;
    }
    if previous == ZERO_WIDTH_JOINER {
        return is_pictograph(cluster.base) && is_pictograph(code);
    }
    // A regional indicator is four bytes: a flag is complete with the second.
    is_regional_indicator(code) && is_regional_indicator(cluster.base) && at - cluster.start == 4
}

fn kind_of(code: u32) -> Kind {
    if is_space(code) {
        Kind::Space
    } else if is_wide(code) || is_emoji(code) {
        Kind::Wide
    } else {
        Kind::Letter
    }
}

#[cfg(test)]
mod tests {
    use super::clusters;

    /// Clusters separated by bars, each followed by its advance.
    fn check(text: &str, expected: &str) {
        let found = clusters(text, 0, &[]);
        let shown: Vec<String> = found
            .iter()
            .map(|c| format!("{} {}", &text[c.start..c.end], c.advance))
            .collect();
        assert_eq!(shown.join("|"), expected);
    }

    #[test]
    fn what_belongs_together_stays_together() {
        check("", "");
        check("e\u{301}a", "e\u{301} 1194|a 1150");
        check(
            "👩\u{200d}👩\u{200d}👧x",
            "👩\u{200d}👩\u{200d}👧 2560|x 1118",
        );
        check("👍\u{1f3fd}👍", "👍\u{1f3fd} 2560|👍 2560");
        check("🇩🇪🇫🇷🇮", "🇩🇪 2560|🇫🇷 2560|🇮 2560");
        check("❤\u{fe0f}", "❤\u{fe0f} 2560");
        check("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3} 2560");
        check("क\u{94d}ष", "क\u{94d} 1229|ष 1229");
    }

    #[test]
    fn a_mark_without_a_base_stands_alone() {
        check("\u{301}a", "\u{301} 0|a 1150");
        check(" \u{301}", "  576|\u{301} 0");
    }

    #[test]
    fn a_joiner_ties_pictures_only() {
        check("a\u{200d}b", "a\u{200d} 1150|b 1254");
    }
}
