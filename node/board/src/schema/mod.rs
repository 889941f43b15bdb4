//! The one definition of what a board holds: element types, their keys, values, defaults and bounds.
//!
//! The document, the repair, the drawing and the browser's types all come from these tables; [`typescript()`] writes the
//! last. A key that a type does not list, a type that is not listed and a text where a choice may grow belong to a later
//! version: they are kept as they are and read as the default.

mod heads;
mod palette;
mod shapes;
mod typescript;

pub use heads::{Head, HeadForm, HeadStep};
pub use palette::{
    CANVAS, INK_DARK, INK_LIGHT, PALETTE, PaletteColor, SHEET, Swatch, Theme, Themed,
};
pub use shapes::{OutlineStep, Place, SHAPE_PADDING, ShapeKind};
pub use typescript::typescript;

/// Stored under `meta.schema`; rises only by a server's transaction.
pub const VERSION: u32 = 1;

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
/// Between the ends of a line.
pub const LINE_VIA_MAX: usize = 1_000;
/// Element ids match `[A-Za-z0-9_-]{1,64}`, but for `__proto__`.
pub const ELEMENT_ID_LENGTH_MAX: usize = 64;
/// Length of a fractional index.
pub const Z_LENGTH_MAX: usize = 256;
/// Names and colours: longer texts under these keys are removed.
pub const WORD_LENGTH_MAX: usize = 64;
/// Where an element without a valid fractional index stands; ties are settled by id.
pub const Z_DEFAULT: &str = "a0";

/// The element types of this version. Others are kept and drawn as a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ElementType {
    Shape,
    Sticky,
    Text,
    Pen,
    Highlighter,
    Line,
    Connector,
    Image,
    Frame,
    Group,
}

impl ElementType {
    pub const ALL: [ElementType; 10] = [
        ElementType::Shape,
        ElementType::Sticky,
        ElementType::Text,
        ElementType::Pen,
        ElementType::Highlighter,
        ElementType::Line,
        ElementType::Connector,
        ElementType::Image,
        ElementType::Frame,
        ElementType::Group,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ElementType::Shape => "shape",
            ElementType::Sticky => "sticky",
            ElementType::Text => "text",
            ElementType::Pen => "pen",
            ElementType::Highlighter => "highlighter",
            ElementType::Line => "line",
            ElementType::Connector => "connector",
            ElementType::Image => "image",
            ElementType::Frame => "frame",
            ElementType::Group => "group",
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
            ElementType::Shape
            | ElementType::Pen
            | ElementType::Highlighter
            | ElementType::Line
            | ElementType::Connector
            | ElementType::Group => (100.0, 100.0),
            ElementType::Sticky => (200.0, 200.0),
            ElementType::Image => (200.0, 150.0),
            ElementType::Text => (100.0, 24.0),
            ElementType::Frame => (960.0, 540.0),
        }
    }

    /// Whether elements of this type have a `text`. An image's says what is to be seen on it, a frame's is its name.
    pub fn has_text(self) -> bool {
        match self {
            ElementType::Shape
            | ElementType::Sticky
            | ElementType::Text
            | ElementType::Connector
            | ElementType::Image
            | ElementType::Frame => true,
            ElementType::Pen
            | ElementType::Highlighter
            | ElementType::Line
            | ElementType::Group => false,
        }
    }

    /// Whether others may hang below it: their `parent` is the id of such an element.
    pub fn holds_others(self) -> bool {
        match self {
            ElementType::Frame | ElementType::Group => true,
            ElementType::Shape
            | ElementType::Sticky
            | ElementType::Text
            | ElementType::Pen
            | ElementType::Highlighter
            | ElementType::Line
            | ElementType::Connector
            | ElementType::Image => false,
        }
    }

    /// Whether elements of this type have `data`.
    pub fn has_data(self) -> bool {
        match self {
            ElementType::Pen
            | ElementType::Highlighter
            | ElementType::Line
            | ElementType::Connector
            | ElementType::Image => true,
            ElementType::Shape
            | ElementType::Sticky
            | ElementType::Text
            | ElementType::Frame
            | ElementType::Group => false,
        }
    }

    /// The style keys that mean something on this type, with the value of an element that does not have the key.
    pub fn styles(self) -> &'static [(StyleKey, StyleDefault)] {
        use StyleDefault::{Flag, Number, Word};
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
                (StyleKey::TextColor, Word("black")),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Sticky => &[
                (StyleKey::Fill, Word("yellow")),
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::FontSize, Number(20.0)),
                (StyleKey::Align, Word("center")),
                (StyleKey::Valign, Word("middle")),
                (StyleKey::TextColor, Word("black")),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Text => &[
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::FontSize, Number(20.0)),
                (StyleKey::Align, Word("left")),
                (StyleKey::Valign, Word("top")),
                (StyleKey::TextColor, Word("black")),
                (StyleKey::AutoWidth, Flag(true)),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Pen => &[
                (StyleKey::Stroke, Word("black")),
                (StyleKey::StrokeWidth, Number(4.0)),
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::Locked, Flag(false)),
            ],
            // What lies beneath stays readable: the ink is clear, and browsers mix it with what it crosses.
            ElementType::Highlighter => &[
                (StyleKey::Stroke, Word("yellow")),
                (StyleKey::StrokeWidth, Number(20.0)),
                (StyleKey::Opacity, Number(0.5)),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Line => &[
                (StyleKey::Stroke, Word("black")),
                (StyleKey::StrokeWidth, Number(2.0)),
                (StyleKey::Dash, Word("solid")),
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Connector => &[
                (StyleKey::Stroke, Word("black")),
                (StyleKey::StrokeWidth, Number(2.0)),
                (StyleKey::Dash, Word("solid")),
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::FontSize, Number(16.0)),
                (StyleKey::TextColor, Word("black")),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Image => &[
                (StyleKey::Opacity, Number(1.0)),
                (StyleKey::Locked, Flag(false)),
            ],
            // Without a fill it is a sheet of the theme's own paper.
            ElementType::Frame => &[
                (StyleKey::Fill, Word("none")),
                (StyleKey::Locked, Flag(false)),
            ],
            ElementType::Group => &[(StyleKey::Locked, Flag(false))],
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
                max: 1000.0,
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
}

pub const DASHES: [&str; 3] = ["solid", "dashed", "dotted"];
pub const ALIGNS: [&str; 3] = ["left", "center", "right"];
pub const VALIGNS: [&str; 3] = ["top", "middle", "bottom"];
/// The way a connector takes; the first where it does not say.
pub const ROUTES: [&str; 3] = ["elbow", "straight", "curved"];
/// How the end of a connector sits on its element: where the way comes from, or at one place. The first where it does
/// not say.
pub const MODES: [&str; 2] = ["auto", "fixed"];

/// Formats inside a text: attributes of the Y.Text that are `true`.
pub const FORMAT_FLAGS: [&str; 4] = ["bold", "italic", "underline", "strike"];
/// An address with one of these schemes.
pub const FORMAT_LINK: &str = "link";
pub const LINK_SCHEMES: [&str; 3] = ["http", "https", "mailto"];
/// UTF-16 code units of an address.
pub const LINK_LENGTH_MAX: usize = 2_048;
/// What a paragraph is an item of, said of its characters.
pub const FORMAT_LIST: &str = "list";
pub const LISTS: [&str; 2] = ["bullet", "number"];

/// Whether this may name an element.
///
/// `__proto__` does not: as a key of an object in JavaScript it is no key, and what lies under it would be lost in copies.
/// A board that has it, from before it was refused, is mended like one with any other key that names no element.
pub fn is_element_id(id: &str) -> bool {
    (1..=ELEMENT_ID_LENGTH_MAX).contains(&id.len())
        && id != "__proto__"
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Whether this may stand under `z`: digits in base 62, compared as text. Not every such text is one that the
/// fractional-indexing library would make; the editor finds a place beside those as well.
pub fn is_z(z: &str) -> bool {
    (1..=Z_LENGTH_MAX).contains(&z.len()) && z.bytes().all(|digit| digit.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{ElementType, StyleDefault, StyleValue, is_element_id, is_z};

    #[test]
    fn defaults_are_values_of_their_keys() {
        for (key, default) in ElementType::ALL.into_iter().flat_map(ElementType::styles) {
            let fits = match (key.value(), default) {
                (StyleValue::Paint, StyleDefault::Word(word)) => {
                    *word == "none" || super::PALETTE.iter().any(|color| color.name == *word)
                }
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
    fn a_place_in_the_order_is_text_in_base_62() {
        assert!(is_z("a0") && is_z("Zz") && is_z(&"z".repeat(256)));
        assert!(!is_z("") && !is_z("a-") && !is_z("é") && !is_z(&"z".repeat(257)));
    }

    #[test]
    fn element_ids_are_short_words() {
        assert!(is_element_id("el_V1StGXR8_Z5jdHi6B-myT"));
        assert!(!is_element_id("__proto__") && is_element_id("constructor"));
        assert!(!is_element_id("") && !is_element_id("a b") && !is_element_id(&"a".repeat(65)));
    }
}
