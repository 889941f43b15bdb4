//! Text and a width to lines of words, each with its x; everything in font units.
//!
//! - A newline ends a paragraph. Spaces hang: they never cause a break and do not count in the
//!   width of the line they end, but they do count before a word, at the start of a paragraph too.
//! - A line breaks after spaces, after a hyphen or slash between letters, and around ideographs and
//!   pictures, save where punctuation would be torn off ([`super::advances`] has the lists).
//! - What does not fit on a line of its own is cut between clusters, at least one to a line.
//! - A word is what spaces separate, or a part of it that is drawn in one style.
//! - The first letter that has a direction gives a paragraph its own. In a paragraph from right to left the words stand
//!   from right to left; neighbouring words of the other direction, and what stands between them, keep theirs. The letters
//!   within a word are left to the renderer to order.
//! - An item of a list is moved in by its indent, and its first line has a marker.

use super::advances::{
    BREAK_AFTER, NO_BREAK_AFTER, NO_BREAK_BEFORE, UNITS_PER_EM, advance, is_ltr, is_newline, is_rtl,
};
use super::clusters::{Cluster, Kind, clusters};
use super::runs::{List, Run, Style, list_of};

/// How far the items of a list are moved in, in font units.
pub const BULLET_INDENT: u64 = UNITS_PER_EM as u64 * 3 / 2;
pub const NUMBER_INDENT: u64 = UNITS_PER_EM as u64 * 2;
/// Between a marker and its item.
pub const MARKER_GAP: u64 = UNITS_PER_EM as u64 / 2;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    /// From the start of the line, in font units.
    pub x: u64,
    /// What the table says the word takes, in font units.
    pub width: u64,
    pub style: Style,
    /// Drawn from right to left.
    pub rtl: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Bytes of the text: hanging spaces included, the newline not.
    pub start: usize,
    pub end: usize,
    /// Without hanging spaces and indent, in font units.
    pub width: u64,
    /// As they follow each other in the text.
    pub words: Vec<Word>,
    /// Of a paragraph that is written from right to left.
    pub rtl: bool,
    /// Kept free before the line, in font units.
    pub indent: u64,
    pub marker: Option<Marker>,
}

/// What stands before the first line of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    pub text: String,
    /// In font units.
    pub width: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenText {
    /// At least one, also of an empty text.
    pub lines: Vec<Line>,
    /// Of the widest line, in font units.
    pub width: u64,
    /// Whether a word had to be cut in two.
    pub cut_words: bool,
}

/// Breaks `text` into lines no wider than `width_max` font units, or at newlines only.
pub fn break_lines(text: &str, runs: &[Run], width_max: Option<u64>) -> BrokenText {
    PreparedText::new(text, runs).break_lines(width_max)
}

/// A text cut into clusters: what is the same for every width and size.
#[derive(Debug)]
pub struct PreparedText<'a> {
    text: &'a str,
    paragraphs: Vec<Paragraph>,
}

#[derive(Debug)]
struct Paragraph {
    start: usize,
    end: usize,
    clusters: Vec<Cluster>,
    rtl: bool,
    indent: u64,
    marker: Option<Marker>,
}

/// How a text goes into a number of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    Whole,
    /// With a word cut in two.
    Cut,
    TooLong,
}

impl<'a> PreparedText<'a> {
    pub fn new(text: &'a str, runs: &[Run]) -> PreparedText<'a> {
        let bounds = paragraphs(text);
        let mut number = 0_u64;
        let mut out = Vec::with_capacity(bounds.len());
        for (index, &(start, end)) in bounds.iter().enumerate() {
            let next = bounds.get(index + 1).map(|&(start, _)| start);
            let list = list_of(runs, start, end, next);
            number = match list {
                Some(List::Number) => number + 1,
                Some(List::Bullet) | None => 0,
            };
            out.push(Paragraph {
                start,
                end,
                clusters: clusters(&text[start..end], start, runs),
                rtl: is_paragraph_rtl(&text[start..end]),
                indent: match list {
                    None => 0,
                    Some(List::Bullet) => BULLET_INDENT,
                    Some(List::Number) => NUMBER_INDENT,
                },
                marker: list.map(|list| marker_of(list, number)),
            });
        }
        PreparedText {
            text,
            paragraphs: out,
        }
    }

    pub fn break_lines(&self, width_max: Option<u64>) -> BrokenText {
        let width_max = width_max.unwrap_or(u64::MAX);
        let mut lines = Vec::new();
        let mut cut_words = false;
        for paragraph in &self.paragraphs {
            let mut ends = Vec::new();
            cut_words |= paragraph.fill(width_max, usize::MAX, &mut ends) == Fit::Cut;
            let mut from = 0;
            for end in ends {
                lines.push(self.line(paragraph, from, end));
                from = end;
            }
        }
        let width = lines
            .iter()
            .map(|line| line.indent + line.width)
            .max()
            .unwrap_or(0);
        BrokenText {
            lines,
            width,
            cut_words,
        }
    }

    /// Whether the text takes no more than `lines_max` lines of this width, and if a word is cut for it.
    pub fn fit(&self, width_max: u64, lines_max: usize) -> Fit {
        let mut ends = Vec::new();
        let mut fit = Fit::Whole;
        for paragraph in &self.paragraphs {
            match paragraph.fill(width_max, lines_max, &mut ends) {
                Fit::Whole => {}
                Fit::Cut => fit = Fit::Cut,
                Fit::TooLong => return Fit::TooLong,
            }
        }
        fit
    }

    fn line(&self, paragraph: &Paragraph, from: usize, to: usize) -> Line {
        let clusters = &paragraph.clusters[from..to];
        let mut words: Vec<Word> = Vec::new();
        let (mut x, mut after_space) = (0, true);
        for cluster in clusters {
            let advance = u64::from(cluster.advance);
            if cluster.kind == Kind::Space {
                after_space = true;
            } else {
                match words.last_mut() {
                    Some(word) if !after_space && word.style == cluster.style => {
                        word.end = cluster.end;
                        word.width += advance;
                    }
                    Some(_) | None => words.push(Word {
                        start: cluster.start,
                        end: cluster.end,
                        x,
                        width: advance,
                        style: cluster.style,
                        rtl: false,
                    }),
                }
                after_space = false;
            }
            x += advance;
        }
        let width = words.last().map_or(0, |word| word.x + word.width);
        self.order(&mut words, paragraph.rtl, width);
        Line {
            start: clusters
                .first()
                .map_or(paragraph.start, |first| first.start),
            end: clusters.last().map_or(paragraph.end, |last| last.end),
            width,
            words,
            rtl: paragraph.rtl,
            indent: paragraph.indent,
            marker: paragraph.marker.clone().filter(|_| from == 0),
        }
    }

    /// Puts words where they stand when some of them are written from right to left.
    fn order(&self, words: &mut [Word], rtl: bool, width: u64) {
        let directions: Vec<Direction> = words.iter().map(|word| self.direction(word)).collect();
        if !rtl && !directions.contains(&Direction::Rtl) {
            return;
        }
        let other = if rtl { Direction::Ltr } else { Direction::Rtl };
        let mut first = 0;
        while first < words.len() {
            let mut last = first;
            if directions[first] == other {
                let ahead = directions[first..].iter().enumerate();
                for (by, _) in ahead
                    .take_while(|(_, direction)| {
                        **direction == other || **direction == Direction::Neutral
                    })
                    .filter(|(_, direction)| **direction == other)
                {
                    last = first + by;
                }
            }
            let (left, right) = (words[first].x, words[last].x + words[last].width);
            let is_other = directions[first] == other;
            for word in &mut words[first..=last] {
                word.rtl = rtl != is_other;
                word.x = match (rtl, is_other) {
                    (false, false) => word.x,
                    (false, true) => left + right - (word.x + word.width),
                    (true, false) => width - (word.x + word.width),
                    (true, true) => width - right + word.x - left,
                };
            }
            first = last + 1;
        }
    }

    fn direction(&self, word: &Word) -> Direction {
        let mut direction = Direction::Neutral;
        for code in self.text[word.start..word.end].chars().map(u32::from) {
            if is_rtl(code) {
                return Direction::Rtl;
            }
            if code > 0x40 && !(0x2000..=0x206f).contains(&code) {
                direction = Direction::Ltr;
            }
        }
        direction
    }
}

fn is_paragraph_rtl(text: &str) -> bool {
    let mut strong = text.chars().map(u32::from);
    strong
        .find(|&code| is_rtl(code) || is_ltr(code))
        .is_some_and(is_rtl)
}

fn marker_of(list: List, number: u64) -> Marker {
    let text = match list {
        List::Bullet => "•".to_owned(),
        List::Number => format!("{number}."),
    };
    let width = text
        .chars()
        .map(|ch| u64::from(advance(u32::from(ch))))
        .sum();
    Marker { text, width }
}

fn paragraphs(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut after_return = false;
    for (at, ch) in text.char_indices() {
        let next = at + ch.len_utf8();
        if ch == '\n' && after_return {
            start = next;
        } else if is_newline(u32::from(ch)) {
            out.push((start, at));
            start = next;
        }
        after_return = ch == '\r';
    }
    out.push((start, text.len()));
    out
}

impl Paragraph {
    /// Fills lines greedily and pushes the end of each, as an index of a cluster; stops when they
    /// are more than `lines_max`. `line` is the first cluster of the line being filled, `turn` the
    /// last place on it where it may break, `x` the width from `line` up to the cluster in hand.
    fn fill(&self, width_max: u64, lines_max: usize, ends: &mut Vec<usize>) -> Fit {
        let all = &self.clusters;
        let width_max = width_max.saturating_sub(self.indent);
        let (mut line, mut turn, mut x) = (0, 0, 0_u64);
        let mut fit = Fit::Whole;
        for (at, cluster) in all.iter().enumerate() {
            let advance = u64::from(cluster.advance);
            if cluster.kind == Kind::Space {
                x += advance;
                turn = at + 1;
                continue;
            }
            if may_break_before(all, at) {
                turn = at;
            }
            if x + advance > width_max && turn > line {
                ends.push(turn);
                line = turn;
                x = all[line..at].iter().map(|c| u64::from(c.advance)).sum();
            }
            if x + advance > width_max && at > line {
                ends.push(at);
                fit = Fit::Cut;
                (line, turn, x) = (at, at, 0);
            }
            if ends.len() >= lines_max {
                return Fit::TooLong;
            }
            x += advance;
        }
        ends.push(all.len());
        if ends.len() > lines_max {
            Fit::TooLong
        } else {
            fit
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ltr,
    Rtl,
    Neutral,
}

/// Whether a line may break between the cluster at `at`, which is no space, and the one before it.
/// After spaces it may in any case; that is not asked here.
fn may_break_before(all: &[Cluster], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| &all[i]) else {
        return false;
    };
    let next = &all[at];
    if before.kind == Kind::Space
        || is_one_of(NO_BREAK_BEFORE, next.base)
        || is_one_of(NO_BREAK_AFTER, before.base)
    {
        return false;
    }
    if before.kind == Kind::Wide || next.kind == Kind::Wide {
        return true;
    }
    if !is_one_of(BREAK_AFTER, before.base)
        || is_one_of(BREAK_AFTER, next.base)
        || (0x30..=0x39).contains(&next.base)
    {
        return false;
    }
    at >= 2 && all[at - 2].kind != Kind::Space && !is_one_of(BREAK_AFTER, all[at - 2].base)
}

fn is_one_of(list: &str, code: u32) -> bool {
    list.chars().any(|ch| u32::from(ch) == code)
}

#[cfg(test)]
mod tests {
    use super::{List, Run, Style, break_lines};
    use crate::text::advances::advance;

    /// Lines separated by bars, words within them by commas; the width is given as a text that just fits.
    fn check(text: &str, fits: &str, expected: &str) {
        let width = fits
            .chars()
            .map(|ch| u64::from(advance(u32::from(ch))))
            .sum();
        let broken = break_lines(text, &[], Some(width));
        let lines: Vec<String> = broken
            .lines
            .iter()
            .map(|line| {
                line.words
                    .iter()
                    .map(|w| &text[w.start..w.end])
                    .collect::<Vec<_>>()
                    .join(",")
            })
            .collect();
        assert_eq!(
            lines.join("|"),
            expected,
            "{text:?} in the width of {fits:?}"
        );
        assert!(
            broken.cut_words || broken.width <= width,
            "{text:?} is too wide"
        );
    }

    #[test]
    fn words_wrap_and_spaces_hang() {
        check("", "a", "");
        check("one two three", "one two", "one,two|three");
        check("one two three", "one tw", "one|two|three");
        check("one two    ", "one two", "one,two");
        check("one     two", "one", "one|two");
        check("  one", "  on", "|on|e");
        check("  one two", "  one", "one|two");
        check("a\tb c", "a\tb", "a,b|c");
    }

    #[test]
    fn newlines_end_paragraphs() {
        check("a\nb", "abc", "a|b");
        check("a\r\nb\rc\u{2028}d", "abc", "a|b|c|d");
        check("\n", "a", "|");
        check("a\n\n", "a", "a||");
        check("\n\r\n", "a", "||");
    }

    #[test]
    fn long_words_are_cut() {
        check("abcdefgh", "abc", "abc|def|gh");
        check("x abcdefgh y", "abcd", "x|abcd|efgh|y");
        check("abc", "", "a|b|c");
        check("e\u{301}e\u{301}", "e", "e\u{301}|e\u{301}");
        check(
            "👩\u{200d}👧👩\u{200d}👧",
            "😀",
            "👩\u{200d}👧|👩\u{200d}👧",
        );
    }

    #[test]
    fn compounds_break_where_a_reader_would() {
        check("well-known", "well-kno", "well-|known");
        check("-known", "-kno", "-kno|wn");
        check("2020-21", "2020-", "2020-|21");
        check(
            "https://easel.org/board",
            "https://easel.org/bo",
            "https://easel.org/|board",
        );
        check("https://easel", "https://eas", "https://eas|el");
        check("either/or", "either/o", "either/|or");
    }

    #[test]
    fn ideographs_break_anywhere_but_at_their_punctuation() {
        check("日本語。です", "日本語", "日本|語。で|す");
        check("日本語です。", "日本語", "日本語|です。");
        check("「日本」", "「日", "「日|本」");
        check("日本語 text", "日本語 tex", "日本語|text");
        check("ok😀😀", "ok😀", "ok😀|😀");
    }

    #[test]
    fn words_stand_in_the_direction_of_their_paragraph() {
        /// Words as they stand from left to right.
        fn check(text: &str, expected: &str) {
            let broken = break_lines(text, &[], None);
            let mut words = broken.lines[0].words.clone();
            words.sort_by_key(|word| word.x);
            let shown: Vec<&str> = words
                .iter()
                .map(|word| &text[word.start..word.end])
                .collect();
            assert_eq!(shown.join(" "), expected, "{text:?}");
            assert_eq!(words[0].x, 0, "{text:?} begins at the edge");
        }
        check("one two", "one two");
        check("שלום עולם", "עולם שלום");
        check("a שלום 12 עולם b", "a עולם 12 שלום b");
        check("שלום a b עולם", "עולם a b שלום");
        check("12 שלום 34", "34 שלום 12");
        check("a שלום 12", "a שלום 12");
    }

    #[test]
    fn a_word_is_cut_where_its_style_changes_and_bold_is_wider() {
        let runs = [Run {
            start: 2,
            end: 7,
            style: Style::BOLD,
            list: None,
        }];
        let broken = break_lines("one two", &runs, None);
        let plain = break_lines("one two", &[], None);
        let words = &broken.lines[0].words;
        let shown: Vec<(usize, usize, u8)> =
            words.iter().map(|w| (w.start, w.end, w.style.0)).collect();
        assert_eq!(shown, [(0, 2, 0), (2, 3, 1), (4, 7, 1)]);
        assert_eq!(words[1].x, words[0].width);
        assert!(broken.width > plain.width);
    }

    #[test]
    fn items_of_a_list_are_moved_in_and_counted() {
        /// Lines with their indent and marker; of each paragraph all that is given is of the list.
        fn check(text: &str, items: &[(usize, usize, List)], expected: &[&str]) {
            let runs: Vec<Run> = items
                .iter()
                .map(|&(start, end, list)| Run {
                    start,
                    end,
                    style: Style::PLAIN,
                    list: Some(list),
                })
                .collect();
            let broken = break_lines(text, &runs, None);
            let shown: Vec<String> = broken
                .lines
                .iter()
                .map(|line| {
                    let marker = line.marker.as_ref().map_or("", |marker| &marker.text);
                    format!("{marker}{}", &text[line.start..line.end])
                })
                .collect();
            assert_eq!(shown, expected, "{text:?}");
        }
        check(
            "a\nb\nc",
            &[(0, 3, List::Number), (4, 5, List::Number)],
            &["1.a", "2.b", "3.c"],
        );
        check(
            "a\nb\nc",
            &[(0, 1, List::Number), (4, 5, List::Number)],
            &["1.a", "b", "1.c"],
        );
        check("a\n\nb", &[(0, 3, List::Bullet)], &["•a", "•", "b"]);
        check("a\n", &[(0, 2, List::Bullet)], &["•a", "•"]);
        check("a\n", &[(0, 1, List::Bullet)], &["•a", ""]);
    }

    #[test]
    fn x_counts_every_space_before_a_word() {
        let broken = break_lines("  a  b ", &[], None);
        let line = &broken.lines[0];
        let (space, a, b) = (
            u64::from(advance(0x20)),
            u64::from(advance(0x61)),
            u64::from(advance(0x62)),
        );
        assert_eq!(
            line.words.iter().map(|w| w.x).collect::<Vec<_>>(),
            [2 * space, 4 * space + a]
        );
        assert_eq!(line.width, 4 * space + a + b);
        assert_eq!((line.start, line.end), (0, 7));
    }
}
