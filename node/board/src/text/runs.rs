//! Formats inside a text: which stretches of it are bold, a link, an item of a list.
//!
//! In the document they are attributes of the `Y.Text`: `bold`, `italic`, `underline` and `strike` are `true`, `link` is
//! an address of http, https or mailto, `list` is `bullet` or `number`. A paragraph is an item of a list when any of its
//! characters says so, the line break that ends it counted, and the first that does decides. A last paragraph without a
//! character is what the line break before it says. Attributes of a later version are kept and mean nothing here.

use std::ops::BitOr;

use crate::schema::{LINK_LENGTH_MAX, LINK_SCHEMES, LISTS};

/// How letters are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style(pub u8);

impl Style {
    pub const PLAIN: Style = Style(0);
    pub const BOLD: Style = Style(1);
    pub const ITALIC: Style = Style(2);
    pub const UNDERLINE: Style = Style(4);
    pub const STRIKE: Style = Style(8);
    /// Drawn as underlined.
    pub const LINK: Style = Style(16);

    pub fn has(self, part: Style) -> bool {
        self.0 & part.0 != 0
    }
}

impl BitOr for Style {
    type Output = Style;

    fn bitor(self, other: Style) -> Style {
        Style(self.0 | other.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Bullet,
    Number,
}

impl List {
    pub fn from_name(name: &str) -> Option<List> {
        let index = LISTS.iter().position(|list| *list == name)?;
        [List::Bullet, List::Number].get(index).copied()
    }
}

/// A stretch of a text with a format; runs are in order and apart, and what lies between them is plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    pub style: Style,
    pub list: Option<List>,
}

/// Whether an address may be a link.
pub fn is_link(address: &str) -> bool {
    let known = |scheme: &str| {
        LINK_SCHEMES
            .iter()
            .any(|one| scheme.eq_ignore_ascii_case(one))
    };
    address
        .split_once(':')
        .is_some_and(|(scheme, _)| known(scheme))
        && address.encode_utf16().count() <= LINK_LENGTH_MAX
        && !address
            .chars()
            .any(|ch| ch.is_whitespace() || ch.is_control())
}

/// The style at a place, for a reader that goes through a text from its start.
#[derive(Debug)]
pub struct StyleAt<'a> {
    runs: &'a [Run],
    next: usize,
}

impl<'a> StyleAt<'a> {
    pub fn new(runs: &'a [Run]) -> StyleAt<'a> {
        StyleAt { runs, next: 0 }
    }

    /// Places are asked for in order.
    pub fn at(&mut self, place: usize) -> Style {
        while self.runs.get(self.next).is_some_and(|run| run.end <= place) {
            self.next += 1;
        }
        match self.runs.get(self.next) {
            Some(run) if run.start <= place => run.style,
            Some(_) | None => Style::PLAIN,
        }
    }
}

/// Of which list the paragraph from `start` to `end` is an item; `next` is where the one after it starts, if there is one.
pub fn list_of(runs: &[Run], start: usize, end: usize, next: Option<usize>) -> Option<List> {
    let (from, to) = match next {
        Some(next) => (start, next),
        None if start == end => (start.saturating_sub(1), start),
        None => (start, end),
    };
    runs.iter()
        .filter(|run| run.start < to && run.end > from)
        .find_map(|run| run.list)
}

#[cfg(test)]
mod tests {
    use super::is_link;

    #[test]
    fn links_lead_to_the_web_or_to_mail() {
        for good in ["https://a.example/b?c#d", "HTTP://x", "mailto:a@b.example"] {
            assert!(is_link(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "data:x",
            "//x",
            "http",
            "https://a b",
            " https://a",
            "https://\u{7}",
        ] {
            assert!(!is_link(bad), "{bad}");
        }
    }
}
