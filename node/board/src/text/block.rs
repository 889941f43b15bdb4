//! The text of one element placed in its box.
//!
//! Lengths on the board are floats; they become whole 64ths of a pixel before anything is decided,
//! and pixels again only for drawing, by a division by a power of two, which is exact.

use std::borrow::Cow;

use super::advances::{ASCENT, DESCENT, UNITS_PER_EM};
use super::lines::{BrokenText, Fit, MARKER_GAP, PreparedText, break_lines};
use super::runs::{Run, Style};
use crate::schema::ShapeKind;

/// From one baseline to the next: 1.25 em.
pub const LINE_HEIGHT: u32 = UNITS_PER_EM * 5 / 4;
/// From the top of a line to its baseline; ascent and descent are centred in the line.
pub const BASELINE: u32 = (LINE_HEIGHT - ASCENT - DESCENT) / 2 + ASCENT;

/// Sizes that the text of a sticky note may shrink to, in pixels.
pub const LADDER: [u32; 16] = [
    96, 72, 64, 56, 48, 40, 36, 32, 28, 24, 20, 18, 16, 14, 12, 10,
];
pub const FONT_SIZE_MIN: f64 = 1.0;
pub const FONT_SIZE_MAX: f64 = 1024.0;

/// Space around the text of a sticky note; never more than a quarter of a side.
pub const STICKY_PADDING: f64 = 16.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Center,
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Valign {
    Top,
    Middle,
    Bottom,
}

/// What the text stands in, which decides how much of the box is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextHolder {
    Shape(ShapeKind),
    /// Shrinks its text until it fits.
    Sticky,
    /// A text element of a set width: as high as its lines.
    Text,
    /// A text element that never wraps: as wide and as high as its lines.
    AutoText,
}

#[derive(Clone, Copy, Debug)]
pub struct TextBox<'a> {
    pub text: &'a str,
    pub runs: &'a [Run],
    pub holder: TextHolder,
    pub w: f64,
    pub h: f64,
    pub font_size: f64,
    pub align: Align,
    pub valign: Valign,
}

/// A word at its place: left end of its baseline, in pixels from the top left of the unrotated box.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedWord<'a> {
    pub text: Cow<'a, str>,
    pub x: f64,
    pub width: f64,
    pub style: Style,
    /// Drawn from right to left.
    pub rtl: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlacedLine<'a> {
    pub x: f64,
    pub baseline: f64,
    pub width: f64,
    pub words: Vec<PlacedWord<'a>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TextBlock<'a> {
    /// In pixels, after shrinking.
    pub font_size: f64,
    pub lines: Vec<PlacedLine<'a>>,
    /// Of the element: measured for text elements, the box itself for all others.
    pub w: f64,
    pub h: f64,
}

/// Places the text of an element. Never fails: sizes out of bounds are brought within them.
pub fn layout_text<'a>(input: &TextBox<'a>) -> TextBlock<'a> {
    let inner = inner_rect(input);
    let (size64, broken) = match input.holder {
        TextHolder::Sticky => shrink_to_fit(input, &inner),
        TextHolder::AutoText => (
            size64(input.font_size),
            break_lines(input.text, input.runs, None),
        ),
        TextHolder::Shape(_) | TextHolder::Text => {
            let size64 = size64(input.font_size);
            (
                size64,
                break_lines(input.text, input.runs, Some(units_in(inner.w, size64))),
            )
        }
    };
    place(input, &inner, size64, &broken)
}

struct Inner {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

fn inner_rect(input: &TextBox<'_>) -> Inner {
    let (w, h) = (side(input.w), side(input.h));
    let [left, top, right, bottom] = match input.holder {
        TextHolder::Shape(kind) => kind.text_insets(w, h),
        TextHolder::Sticky => {
            let (dx, dy) = (STICKY_PADDING.min(w / 4.0), STICKY_PADDING.min(h / 4.0));
            [dx, dy, dx, dy]
        }
        TextHolder::Text | TextHolder::AutoText => [0.0; 4],
    };
    Inner {
        x: left,
        y: top,
        w: w - (left + right),
        h: h - (top + bottom),
    }
}

/// A side of a box: finite and not negative, whatever the document says.
fn side(length: f64) -> f64 {
    if length > 0.0 { length.min(1e7) } else { 0.0 }
}

/// A font size in 64ths of a pixel, within bounds.
fn size64(font_size: f64) -> u64 {
    let bounded = if font_size > FONT_SIZE_MIN {
        font_size.min(FONT_SIZE_MAX)
    } else {
        FONT_SIZE_MIN
    };
    (bounded * 64.0 + 0.5).floor() as u64
}

/// How many font units fit into a length. The length is rounded up, so that a box made as wide as
/// its measured text holds that text.
fn units_in(length: f64, size64: u64) -> u64 {
    (length * 64.0).ceil() as u64 * u64::from(UNITS_PER_EM) / size64
}

fn pixels(units: u64, size64: u64) -> f64 {
    (units * size64) as f64 / f64::from(UNITS_PER_EM * 64)
}

/// The largest step, from the size set downwards, at which everything fits. Down to half the size
/// set, a step that cuts words does not count as fitting: smaller text reads better than cut text,
/// but a long address must not make all the rest tiny.
fn shrink_to_fit(input: &TextBox<'_>, inner: &Inner) -> (u64, BrokenText) {
    let prepared = PreparedText::new(input.text, input.runs);
    let size = size_that_fits(&prepared, size64(input.font_size), inner);
    (size, prepared.break_lines(Some(units_in(inner.w, size))))
}

fn size_that_fits(prepared: &PreparedText<'_>, full: u64, inner: &Inner) -> u64 {
    let ladder = LADDER.iter().map(|&px| u64::from(px) * 64);
    let mut cut = None;
    let mut smallest = full;
    for size in std::iter::once(full).chain(ladder.filter(|&step| step < full)) {
        // Once cut words have to do anyway, the largest size that cuts them is the best.
        if size * 2 < full && cut.is_some() {
            break;
        }
        let lines_max = units_in(inner.h, size) / u64::from(LINE_HEIGHT);
        let lines_max = usize::try_from(lines_max).unwrap_or(usize::MAX);
        match prepared.fit(units_in(inner.w, size), lines_max) {
            Fit::Whole => return size,
            Fit::Cut => cut = cut.or(Some(size)),
            Fit::TooLong => {}
        }
        smallest = size;
    }
    cut.unwrap_or(smallest)
}

fn place<'a>(
    input: &TextBox<'a>,
    inner: &Inner,
    size64: u64,
    broken: &BrokenText,
) -> TextBlock<'a> {
    let height = pixels(broken.lines.len() as u64 * u64::from(LINE_HEIGHT), size64);
    let (inner_w, inner_h) = match input.holder {
        TextHolder::AutoText => (pixels(broken.width, size64), height),
        TextHolder::Text => (inner.w, height),
        TextHolder::Shape(_) | TextHolder::Sticky => (inner.w, inner.h),
    };
    let top = inner.y
        + match input.valign {
            Valign::Top => 0.0,
            Valign::Middle => (inner_h - height) / 2.0,
            Valign::Bottom => inner_h - height,
        };
    let mut lines = Vec::with_capacity(broken.lines.len());
    for (index, line) in broken.lines.iter().enumerate() {
        let width = pixels(line.width, size64);
        let indent = pixels(line.indent, size64);
        let room = inner_w - indent - width;
        let before = if line.rtl { 0.0 } else { indent };
        // What is written from right to left begins at the right.
        let x = inner.x
            + before
            + match (input.align, line.rtl) {
                (Align::Left, false) | (Align::Right, true) => 0.0,
                (Align::Center, _) => room / 2.0,
                (Align::Right, false) | (Align::Left, true) => room,
            };
        let from_top = index as u64 * u64::from(LINE_HEIGHT) + u64::from(BASELINE);
        let marker = line.marker.as_ref().map(|marker| {
            let (gap, own) = (pixels(MARKER_GAP, size64), pixels(marker.width, size64));
            PlacedWord {
                text: Cow::Owned(marker.text.clone()),
                x: if line.rtl {
                    x + width + gap
                } else {
                    x - gap - own
                },
                width: own,
                style: Style::PLAIN,
                rtl: line.rtl,
            }
        });
        let words = line.words.iter().map(|word| PlacedWord {
            text: Cow::Borrowed(&input.text[word.start..word.end]),
            x: x + pixels(word.x, size64),
            width: pixels(word.width, size64),
            style: word.style,
            rtl: word.rtl,
        });
        let words = marker.into_iter().chain(words).collect();
        lines.push(PlacedLine {
            x,
            baseline: top + pixels(from_top, size64),
            width,
            words,
        });
    }
    let (w, h) = match input.holder {
        TextHolder::AutoText | TextHolder::Text => (inner_w, height),
        TextHolder::Shape(_) | TextHolder::Sticky => (side(input.w), side(input.h)),
    };
    TextBlock {
        font_size: size64 as f64 / 64.0,
        lines,
        w,
        h,
    }
}

#[cfg(test)]
mod tests {
    use super::{Align, TextBlock, TextBox, TextHolder, Valign, layout_text};

    fn sticky(text: &str, side: f64) -> TextBlock<'_> {
        layout_text(&TextBox {
            text,
            runs: &[],
            holder: TextHolder::Sticky,
            w: side,
            h: side,
            font_size: 20.0,
            align: Align::Center,
            valign: Valign::Middle,
        })
    }

    #[test]
    fn a_short_note_keeps_its_size_and_a_long_one_shrinks() {
        assert_eq!(sticky("Hello", 200.0).font_size, 20.0);
        assert_eq!(sticky(&"word ".repeat(30), 200.0).font_size, 16.0);
        assert_eq!(sticky(&"word ".repeat(600), 200.0).font_size, 10.0);
        assert_eq!(sticky("", 200.0).font_size, 20.0);
    }

    #[test]
    fn a_note_shrinks_before_it_cuts_a_word_but_not_for_an_endless_one() {
        assert_eq!(sticky("Kommunikationsweg", 200.0).font_size, 16.0);
        assert_eq!(sticky(&"x".repeat(60), 200.0).font_size, 20.0);
    }

    #[test]
    fn text_is_centred_by_its_own_width() {
        let block = sticky("Hi", 200.0);
        let line = &block.lines[0];
        assert_eq!(line.x + line.width / 2.0, 100.0);
        assert_eq!((block.w, block.h), (200.0, 200.0));
    }

    #[test]
    fn a_box_as_wide_as_its_measured_text_holds_it_in_one_line() {
        let mut input = TextBox {
            text: "The quick brown fox",
            runs: &[],
            holder: TextHolder::AutoText,
            w: 0.0,
            h: 0.0,
            font_size: 17.3,
            align: Align::Left,
            valign: Valign::Top,
        };
        let measured = layout_text(&input);
        assert_eq!(measured.lines.len(), 1);
        input.holder = TextHolder::Text;
        input.w = measured.w;
        assert_eq!(layout_text(&input).lines, measured.lines);
    }

    #[test]
    fn nonsense_numbers_are_brought_within_bounds() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e300] {
            let block = layout_text(&TextBox {
                text: "some words",
                runs: &[],
                holder: TextHolder::Sticky,
                w: number,
                h: number,
                font_size: number,
                align: Align::Right,
                valign: Valign::Bottom,
            });
            assert!(
                block
                    .lines
                    .iter()
                    .all(|line| line.x.is_finite() && line.baseline.is_finite())
            );
        }
    }
}
