//! The one definition of what a board holds: element types, their keys, values, defaults and bounds.
//!
//! The document, the repair, the drawing and the browser's types all come from these tables; [`typescript`] writes the
//! last. A key that a type does not list, a type that is not listed and a text where a choice may grow belong to a later
//! version: they are kept as they are and read as the default.

mod palette;
mod typescript;

pub use palette::{CANVAS, INK_DARK, INK_LIGHT, PALETTE, PaletteColor, Swatch, Theme, Themed};
pub use typescript::typescript;

/// Stored under `meta.schema`; rises only by a server's transaction.
pub const SCHEMA_VERSION: u32 = 1;

/// Root types of the document.
pub const ROOT_META: &str = "meta";
pub const ROOT_ELEMENTS: &str = "elements";

/// Numbers are finite and within `-COORDINATE_MAX..=COORDINATE_MAX`.
pub const COORDINATE_MAX: f64 = 1e7;
pub const ELEMENTS_MAX: usize = 100_000;
/// Elements inside elements, the outermost counted.
pub const NESTING_MAX: usize = 32;
/// Length of an element's text as JavaScript counts it.
pub const TEXT_LENGTH_MAX: u32 = 20_000;
pub const PEN_POINTS_MAX: usize = 50_000;
/// Element ids match `[A-Za-z0-9_-]{1,64}`.
pub const ELEMENT_ID_LENGTH_MAX: usize = 64;
/// A fractional index longer than this is rewritten by no honest editor.
pub const Z_LENGTH_MAX: usize = 256;
/// Names and colours: longer texts under these keys are removed.
pub const WORD_LENGTH_MAX: usize = 64;
/// What an element without a (valid) fractional index has; ties are settled by id.
pub const Z_DEFAULT: &str = "a0";

/// The element types of this version. Others are kept and drawn as a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ElementType {
    Shape,
    Sticky,
    Text,
    Pen,
    Line,
}

impl ElementType {
    pub const ALL: [ElementType; 5] = [
        ElementType::Shape,
        ElementType::Sticky,
        ElementType::Text,
        ElementType::Pen,
        ElementType::Line,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ElementType::Shape => "shape",
            ElementType::Sticky => "sticky",
            ElementType::Text => "text",
            ElementType::Pen => "pen",
            ElementType::Line => "line",
        }
    }

    pub fn from_name(name: &str) -> Option<ElementType> {
        ElementType::ALL
            .into_iter()
            .find(|known| known.name() == name)
    }

    /// Width and height of an element that has no (valid) box.
    pub fn default_size(self) -> (f64, f64) {
        match self {
            ElementType::Shape | ElementType::Pen | ElementType::Line => (100.0, 100.0),
            ElementType::Sticky => (200.0, 200.0),
            ElementType::Text => (100.0, 24.0),
        }
    }

    /// Whether elements of this type have a `text`.
    pub fn has_text(self) -> bool {
        match self {
            ElementType::Shape | ElementType::Sticky | ElementType::Text => true,
            ElementType::Pen | ElementType::Line => false,
        }
    }

    /// Whether elements of this type have `data`.
    pub fn has_data(self) -> bool {
        match self {
            ElementType::Pen | ElementType::Line => true,
            ElementType::Shape | ElementType::Sticky | ElementType::Text => false,
        }
    }

    /// The style keys that mean something on this type, with the value of an element that does not have the key.
    pub fn styles(self) -> &'static [(StyleKey, StyleDefault)] {
        use StyleDefault::{Behind, Flag, Number, Word};
        match self {
            ElementType::Shape => &[
                (StyleKey::Fill, Word("none")),
                (StyleKey::Stroke, Word("black")),
                (StyleKey::StrokeWidth, Number(2.0)),
                (StyleKey::Dash, Word("solid")),
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::FontSize, Number(16.0)),
                (StyleKey::Align, Word("center")),
                (StyleKey::Valign, Word("middle")),
                (StyleKey::TextColor, Behind),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Sticky => &[
                (StyleKey::Fill, Word("yellow")),
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::FontSize, Number(20.0)),
                (StyleKey::Align, Word("center")),
                (StyleKey::Valign, Word("middle")),
                (StyleKey::TextColor, Behind),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Text => &[
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::FontSize, Number(20.0)),
                (StyleKey::Align, Word("left")),
                (StyleKey::Valign, Word("top")),
                (StyleKey::TextColor, Behind),
                (StyleKey::AutoWidth, Flag(true)),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Pen => &[
                (StyleKey::Stroke, Word("black")),
                (StyleKey::StrokeWidth, Number(4.0)),
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Line => &[
                (StyleKey::Stroke, Word("black")),
                (StyleKey::StrokeWidth, Number(2.0)),
                (StyleKey::Dash, Word("solid")),
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::Locked, Flag(false)),
            ],
        }
    }
}

/// Keys that say how an element looks; each is in the document only when it differs from the type's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StyleKey {
    Fill,
    Stroke,
    StrokeWidth,
    Dash,
    Opacity,
    FontSize,
    Align,
    Valign,
    TextColor,
    AutoWidth,
    Locked,
}

impl StyleKey {
    pub const ALL: [StyleKey; 11] = [
        StyleKey::Fill,
        StyleKey::Stroke,
        StyleKey::StrokeWidth,
        StyleKey::Dash,
        StyleKey::Opacity,
        StyleKey::FontSize,
        StyleKey::Align,
        StyleKey::Valign,
        StyleKey::TextColor,
        StyleKey::AutoWidth,
        StyleKey::Locked,
    ];

    pub fn name(self) -> &'static str {
        match self {
            StyleKey::Fill => "fill",
            StyleKey::Stroke => "stroke",
            StyleKey::StrokeWidth => "stroke_width",
            StyleKey::Dash => "dash",
            StyleKey::Opacity => "opacity",
            StyleKey::FontSize => "font_size",
            StyleKey::Align => "align",
            StyleKey::Valign => "valign",
            StyleKey::TextColor => "text_color",
            StyleKey::AutoWidth => "auto_width",
            StyleKey::Locked => "locked",
        }
    }

    pub fn value(self) -> StyleValue {
        match self {
            StyleKey::Fill | StyleKey::Stroke => StyleValue::Paint,
            StyleKey::TextColor => StyleValue::Paint,
            StyleKey::StrokeWidth => StyleValue::Number {
                min: 0.0,
                max: 256.0,
            },
            StyleKey::Opacity => StyleValue::Number { min: 0.0, max: 1.0 },
            StyleKey::FontSize => StyleValue::Number {
                min: 1.0,
                max: 1024.0,
            },
            StyleKey::Dash => StyleValue::Choice(&DASHES),
            StyleKey::Align => StyleValue::Choice(&ALIGNS),
            StyleKey::Valign => StyleValue::Choice(&VALIGNS),
            StyleKey::AutoWidth | StyleKey::Locked => StyleValue::Flag,
        }
    }
}

/// What a style key holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StyleValue {
    /// A palette name, `#rrggbb` or `none`.
    Paint,
    Number {
        min: f64,
        max: f64,
    },
    /// One of these words; a later version may know more.
    Choice(&'static [&'static str]),
    Flag,
}

/// The value of a style key that is not there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StyleDefault {
    Word(&'static str),
    Number(f64),
    Flag(bool),
    /// The ink that is readable on what is behind the text: the palette's, for its own fills.
    Behind,
}

pub const SHAPE_KINDS: [&str; 3] = ["rectangle", "ellipse", "diamond"];
pub const DASHES: [&str; 3] = ["solid", "dashed", "dotted"];
pub const ALIGNS: [&str; 3] = ["left", "center", "right"];
pub const VALIGNS: [&str; 3] = ["top", "middle", "bottom"];
/// Ends of a line.
pub const HEADS: [&str; 2] = ["none", "arrow"];

/// Whether this may name an element.
pub fn is_element_id(id: &str) -> bool {
    (1..=ELEMENT_ID_LENGTH_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Whether this is a fractional index: an integer part, whose first letter tells its length, and a fraction without
/// trailing zeros, in base 62. Anything else would make an editor fail when it looks for a place between two elements.
pub fn is_fractional_index(z: &str) -> bool {
    let bytes = z.as_bytes();
    let Some(head) = bytes.first() else {
        return false;
    };
    let integer_len = match head {
        b'a'..=b'z' => usize::from(head - b'a') + 2,
        b'A'..=b'Z' => usize::from(b'Z' - head) + 2,
        _ => return false,
    };
    let smallest = *head == b'A' && bytes[1..].iter().all(|digit| *digit == b'0');
    bytes.len() <= Z_LENGTH_MAX
        && bytes.len() >= integer_len
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && (bytes.len() == integer_len || bytes.last() != Some(&b'0'))
        && !(smallest && bytes.len() == integer_len)
}

#[cfg(test)]
mod tests {
    use super::{ElementType, StyleDefault, StyleValue, is_element_id, is_fractional_index};

    #[test]
    fn defaults_are_values_of_their_keys() {
        for (key, default) in ElementType::ALL.into_iter().flat_map(ElementType::styles) {
            let fits = match (key.value(), default) {
                (StyleValue::Paint, StyleDefault::Word(word)) => {
                    *word == "none" || super::PALETTE.iter().any(|color| color.name == *word)
                }
                (StyleValue::Paint, StyleDefault::Behind) => true,
                (StyleValue::Number { min, max }, StyleDefault::Number(number)) => {
                    (min..=max).contains(number)
                }
                (StyleValue::Choice(choices), StyleDefault::Word(word)) => choices.contains(word),
                (StyleValue::Flag, StyleDefault::Flag(_)) => true,
                _ => false,
            };
            assert!(fits, "{key:?} has the default {default:?}");
        }
    }

    #[test]
    fn fractional_indices_are_told_from_other_texts() {
        for good in [
            "a0",
            "a1",
            "Zz",
            "b00",
            "b0z",
            "a0V",
            "zzzzzzzzzzzzzzzzzzzzzzzzzzz",
            "A00000000000000000000000000V",
        ] {
            assert!(is_fractional_index(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "0",
            "b0",
            "a00",
            "a0V0",
            "a0-",
            "a0é",
            "A00000000000000000000000000",
        ] {
            assert!(!is_fractional_index(bad), "{bad}");
        }
    }

    #[test]
    fn element_ids_are_short_words() {
        assert!(is_element_id("el_V1StGXR8_Z5jdHi6B-myT"));
        assert!(!is_element_id("") && !is_element_id("a b") && !is_element_id(&"a".repeat(65)));
    }
}
