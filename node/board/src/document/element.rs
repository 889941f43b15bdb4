//! One element, read.

use yrs::types::text::YChange;
use yrs::{Any, GetString, Map, MapRef, Number, Out, ReadTxn, Text as _, TextRef};

use super::connector::{Connector, RouteKind, joints};
use super::image::{Image, image};
use crate::pen::{self, Ink};
use crate::schema::{
    COORDINATE_MAX, ElementType, FORMAT_FLAGS, FORMAT_LINK, FORMAT_LIST, Head, LINE_VIA_MAX,
    PALETTE, PaletteColor, ShapeKind, StyleDefault, StyleKey, StyleValue, WORD_LENGTH_MAX,
    Z_DEFAULT, is_element_id, is_z,
};
use crate::text::{Align, List, Run, Style, Valign, is_link};

#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub id: String,
    pub bounds: Bounds,
    /// Where it stands among the others, compared as text; ties are settled by id.
    pub z: String,
    pub parent: Option<String>,
    /// 0 to 1.
    pub opacity: f64,
    pub locked: bool,
    pub body: Body,
}

/// The box before it is turned, and by how many radians it is turned about its centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
    pub angle: f64,
}

/// What an element is.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Shape(Shape),
    Sticky(Sticky),
    Text(Text),
    Pen(Pen),
    /// Wide, clear ink; kept as a pen's.
    Highlighter(Pen),
    Line(Line),
    Connector(Connector),
    Image(Image),
    Frame(Frame),
    /// What hangs below it is handled as one; it is not drawn itself.
    Group,
    /// A type, a kind of shape, an ink or an image of a later version: kept, and drawn as a placeholder.
    Unknown {
        type_name: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub kind: ShapeKind,
    pub fill: Paint,
    pub stroke: Paint,
    pub stroke_width: f64,
    pub dash: Dash,
    pub label: Label,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sticky {
    pub fill: Paint,
    pub label: Label,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub label: Label,
    /// As wide as its lines; the stored width counts for nothing.
    pub auto_width: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pen {
    pub stroke: Paint,
    pub stroke_width: f64,
    pub ink: Ink,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub stroke: Paint,
    pub stroke_width: f64,
    pub dash: Dash,
    pub from: End,
    /// Through these, as fractions of the box.
    pub via: Vec<(f64, f64)>,
    pub to: End,
}

/// An area with a name, which shows of what hangs below it only what lies in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// None: the theme's own paper.
    pub fill: Paint,
    pub name: String,
    /// Its place among the frames when the board is presented, compared as text; without one it follows in reading order.
    pub order: Option<String>,
}

/// One end of a line, as fractions of the box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct End {
    pub x: f64,
    pub y: f64,
    pub head: Head,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// Text and how it is set.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub text: String,
    pub runs: Vec<Run>,
    pub font_size: f64,
    pub align: Align,
    pub valign: Valign,
    /// `black` on a fill is drawn in that fill's ink.
    pub color: Paint,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Paint {
    None,
    Named(&'static PaletteColor),
    Rgb([u8; 3]),
}

/// Reads what lies under `elements[id]`. Nothing when it has no type, or is ink that is not readable.
pub fn read_element<T: ReadTxn>(txn: &T, id: &str, map: &MapRef) -> Option<Element> {
    let Some(Any::String(type_name)) = value(txn, map, "type") else {
        return None;
    };
    let known = ElementType::from_name(&type_name);
    let keys = Keys {
        txn,
        map,
        known: known.unwrap_or(ElementType::Shape),
    };
    let body = match known {
        Some(known) => read_body(&keys, known)?,
        None => None,
    };
    Some(Element {
        id: id.to_owned(),
        bounds: bounds_or_default(value(txn, map, "box").as_ref(), keys.known).0,
        z: keys
            .word("z")
            .filter(|z| is_z(z))
            .unwrap_or_else(|| Z_DEFAULT.to_owned()),
        parent: keys.word("parent").filter(|parent| is_element_id(parent)),
        opacity: keys.opacity(),
        locked: keys.flag(StyleKey::Locked),
        body: body.unwrap_or(Body::Unknown {
            type_name: type_name.as_ref().to_owned(),
        }),
    })
}

/// `None` when it is no element at all, `Some(None)` when it belongs to a later version.
fn read_body<T: ReadTxn>(keys: &Keys<'_, T>, known: ElementType) -> Option<Option<Body>> {
    Some(match known {
        ElementType::Shape => keys.shape_kind().map(|kind| {
            Body::Shape(Shape {
                kind,
                fill: keys.paint(StyleKey::Fill),
                stroke: keys.paint(StyleKey::Stroke),
                stroke_width: keys.number(StyleKey::StrokeWidth),
                dash: keys.dash(),
                label: keys.label(),
            })
        }),
        ElementType::Sticky => Some(Body::Sticky(Sticky {
            fill: keys.paint(StyleKey::Fill),
            label: keys.label(),
        })),
        ElementType::Text => Some(Body::Text(Text {
            label: keys.label(),
            auto_width: keys.flag(StyleKey::AutoWidth),
        })),
        ElementType::Pen => keys.stroke()?.map(Body::Pen),
        ElementType::Highlighter => keys.stroke()?.map(Body::Highlighter),
        ElementType::Line => {
            let data = value(keys.txn, keys.map, "data");
            let (from, to) = ends(data.as_ref()).0;
            Some(Body::Line(Line {
                stroke: keys.paint(StyleKey::Stroke),
                stroke_width: keys.number(StyleKey::StrokeWidth),
                dash: keys.dash(),
                from,
                via: via(data.as_ref()).unwrap_or_default(),
                to,
            }))
        }
        ElementType::Connector => {
            let (from, to) = joints(value(keys.txn, keys.map, "data").as_ref()).0;
            Some(Body::Connector(Connector {
                kind: RouteKind::from_name(keys.word("kind").as_deref()),
                stroke: keys.paint(StyleKey::Stroke),
                stroke_width: keys.number(StyleKey::StrokeWidth),
                dash: keys.dash(),
                from,
                to,
                label: keys.label(),
            }))
        }
        ElementType::Image => image(value(keys.txn, keys.map, "data").as_ref()).map(Body::Image),
        ElementType::Frame => Some(Body::Frame(Frame {
            fill: keys.paint(StyleKey::Fill),
            name: keys.text(),
            order: keys.word("order").filter(|order| is_z(order)),
        })),
        ElementType::Group => Some(Body::Group),
    })
}

/// What lies under the `data` of a pen or a highlighter.
pub(crate) enum PenData {
    Ink(Ink),
    /// Packed in a way that only a later version knows.
    Later,
    Broken,
}

impl PenData {
    pub(crate) fn read(data: Option<&Any>) -> PenData {
        let Some(Any::Buffer(bytes)) = data else {
            return PenData::Broken;
        };
        match pen::unpack(bytes) {
            Some(ink) => PenData::Ink(ink),
            None if bytes.first().is_some_and(|version| *version > 1) => PenData::Later,
            None => PenData::Broken,
        }
    }
}

struct Keys<'t, T> {
    txn: &'t T,
    map: &'t MapRef,
    known: ElementType,
}

impl<T: ReadTxn> Keys<'_, T> {
    fn word(&self, key: &str) -> Option<String> {
        match value(self.txn, self.map, key) {
            Some(Any::String(word)) => Some(word.as_ref().to_owned()),
            _ => None,
        }
    }

    /// `None` when there is no ink, `Some(None)` when it is of a later version.
    fn stroke(&self) -> Option<Option<Pen>> {
        match PenData::read(value(self.txn, self.map, "data").as_ref()) {
            PenData::Ink(ink) => Some(Some(Pen {
                stroke: self.paint(StyleKey::Stroke),
                stroke_width: self.number(StyleKey::StrokeWidth),
                ink,
            })),
            PenData::Later => Some(None),
            PenData::Broken => None,
        }
    }

    fn shape_kind(&self) -> Option<ShapeKind> {
        ShapeKind::from_name(&self.word("kind")?)
    }

    fn style(&self, key: StyleKey) -> Option<Any> {
        value(self.txn, self.map, key.name()).filter(|found| style_fits(key.value(), found))
    }

    fn default(&self, key: StyleKey) -> StyleDefault {
        let of_type = self.known.styles().iter().find(|(other, _)| *other == key);
        of_type.map_or(StyleDefault::Flag(false), |(_, default)| *default)
    }

    fn number(&self, key: StyleKey) -> f64 {
        match (self.style(key).as_ref().and_then(number), self.default(key)) {
            (Some(number), _) | (None, StyleDefault::Number(number)) => number,
            (None, StyleDefault::Word(_) | StyleDefault::Flag(_)) => 0.0,
        }
    }

    /// A type that cannot be seen through has no such key.
    fn opacity(&self) -> f64 {
        match self.default(StyleKey::Opacity) {
            StyleDefault::Number(_) => self.number(StyleKey::Opacity),
            StyleDefault::Word(_) | StyleDefault::Flag(_) => 1.0,
        }
    }

    fn flag(&self, key: StyleKey) -> bool {
        match (self.style(key), self.default(key)) {
            (Some(Any::Bool(flag)), _) | (_, StyleDefault::Flag(flag)) => flag,
            (_, StyleDefault::Word(_) | StyleDefault::Number(_)) => false,
        }
    }

    fn paint(&self, key: StyleKey) -> Paint {
        match (self.style(key).as_ref().and_then(paint), self.default(key)) {
            (Some(paint), _) => paint,
            (None, StyleDefault::Word(word)) => paint_of(word).unwrap_or(Paint::None),
            (None, StyleDefault::Number(_) | StyleDefault::Flag(_)) => Paint::None,
        }
    }

    /// The place of the chosen word among the choices; a word of a later version is the default.
    fn choice(&self, key: StyleKey) -> usize {
        let StyleValue::Choice(choices) = key.value() else {
            return 0;
        };
        let place = |word: &str| choices.iter().position(|choice| *choice == word);
        match (
            self.word(key.name()).and_then(|word| place(&word)),
            self.default(key),
        ) {
            (Some(found), _) => found,
            (None, StyleDefault::Word(word)) => place(word).unwrap_or(0),
            (None, StyleDefault::Number(_) | StyleDefault::Flag(_)) => 0,
        }
    }

    fn dash(&self) -> Dash {
        [Dash::Solid, Dash::Dashed, Dash::Dotted][self.choice(StyleKey::Dash)]
    }

    fn text(&self) -> String {
        match self.map.get(self.txn, "text") {
            Some(Out::YText(text)) => text.get_string(self.txn),
            _ => String::new(),
        }
    }

    fn label(&self) -> Label {
        let (text, runs) = match self.map.get(self.txn, "text") {
            Some(Out::YText(text)) => formatted(self.txn, &text),
            _ => (String::new(), Vec::new()),
        };
        Label {
            text,
            runs,
            font_size: self.number(StyleKey::FontSize),
            align: [Align::Left, Align::Center, Align::Right][self.choice(StyleKey::Align)],
            valign: [Valign::Top, Valign::Middle, Valign::Bottom][self.choice(StyleKey::Valign)],
            color: self.paint(StyleKey::TextColor),
        }
    }
}

/// The letters of a text and the formats that this version knows; what is embedded counts for nothing.
fn formatted<T: ReadTxn>(txn: &T, source: &TextRef) -> (String, Vec<Run>) {
    let mut text = String::new();
    let mut runs = Vec::new();
    for piece in source.diff(txn, YChange::identity) {
        let Out::Any(Any::String(letters)) = &piece.insert else {
            continue;
        };
        let start = text.len();
        text.push_str(letters);
        let Some(attributes) = &piece.attributes else {
            continue;
        };
        let is_on = |name: &str| matches!(attributes.get(name), Some(Any::Bool(true)));
        let styles = [Style::BOLD, Style::ITALIC, Style::UNDERLINE, Style::STRIKE];
        let mut style = FORMAT_FLAGS
            .into_iter()
            .zip(styles)
            .filter(|(name, _)| is_on(name))
            .fold(Style::PLAIN, |all, (_, part)| all | part);
        if matches!(attributes.get(FORMAT_LINK), Some(Any::String(address)) if is_link(address)) {
            style = style | Style::LINK;
        }
        let list = match attributes.get(FORMAT_LIST) {
            Some(Any::String(name)) => List::from_name(name),
            _ => None,
        };
        if style != Style::PLAIN || list.is_some() {
            let end = text.len();
            runs.push(Run {
                start,
                end,
                style,
                list,
            });
        }
    }
    (text, runs)
}

fn value<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> Option<Any> {
    match map.get(txn, key) {
        Some(Out::Any(value)) => Some(value),
        _ => None,
    }
}

pub(super) fn real_number(number: Number) -> f64 {
    match number {
        Number::Int(number) => number as f64,
        Number::Float(number) => number,
    }
}

/// A number that is finite and within the bounds of coordinates.
pub(super) fn number(value: &Any) -> Option<f64> {
    let Any::Number(number) = value else {
        return None;
    };
    Some(real_number(*number)).filter(|number| number.abs() <= COORDINATE_MAX)
}

/// The box that a value reads as, and whether the value is just that.
pub(crate) fn bounds_or_default(value: Option<&Any>, known: ElementType) -> (Bounds, bool) {
    let (w, h) = known.default_size();
    let default = [0.0, 0.0, w, h, 0.0];
    let Some(Any::Array(entries)) = value else {
        return (bounds(default), false);
    };
    let mut read = default;
    let mut exact = entries.len() == default.len();
    for (at, entry) in entries.iter().take(default.len()).enumerate() {
        let found = match entry {
            Any::Number(number) => Some(real_number(*number)).filter(|number| !number.is_nan()),
            _ => None,
        };
        let least = if at == 2 || at == 3 {
            0.0
        } else {
            -COORDINATE_MAX
        };
        read[at] = found.map_or(default[at], |number| number.clamp(least, COORDINATE_MAX));
        exact &= found == Some(read[at]);
    }
    (bounds(read), exact)
}

fn bounds([x, y, w, h, angle]: [f64; 5]) -> Bounds {
    Bounds { x, y, w, h, angle }
}

/// The ends that a line's `data` reads as, and whether nothing in it is wrong.
pub(crate) fn ends(data: Option<&Any>) -> ((End, End), bool) {
    let default = (
        End {
            x: 0.0,
            y: 0.0,
            head: Head::None,
        },
        End {
            x: 1.0,
            y: 1.0,
            head: Head::None,
        },
    );
    let Some(Any::Map(data)) = data else {
        return (default, false);
    };
    let (from, from_exact) = end(data.get("from"), data.get("from_head"), default.0);
    let (to, to_exact) = end(data.get("to"), data.get("to_head"), default.1);
    ((from, to), from_exact && to_exact)
}

/// The points between the ends in a line's `data`; nothing when any of them is no point, or there are too many.
pub(crate) fn via(data: Option<&Any>) -> Option<Vec<(f64, f64)>> {
    let Some(Any::Map(data)) = data else {
        return Some(Vec::new());
    };
    match data.get("via") {
        None => Some(Vec::new()),
        Some(Any::Array(points)) if points.len() <= LINE_VIA_MAX => {
            points.iter().map(place).collect()
        }
        Some(_) => None,
    }
}

fn place(at: &Any) -> Option<(f64, f64)> {
    match at {
        Any::Array(entries) => match entries.as_ref() {
            [x, y] => number(x).zip(number(y)),
            _ => None,
        },
        _ => None,
    }
}

fn end(at: Option<&Any>, head: Option<&Any>, default: End) -> (End, bool) {
    let place = at.and_then(place);
    let (head, head_exact) = read_head(head);
    match place {
        Some((x, y)) => (End { x, y, head }, head_exact),
        None => (End { head, ..default }, false),
    }
}

/// A head of a later version reads as none, and is none the worse for it.
pub(super) fn read_head(head: Option<&Any>) -> (Head, bool) {
    match head {
        None => (Head::None, true),
        Some(Any::String(word)) => match Head::from_name(word) {
            Some(known) => (known, true),
            None => (Head::None, word.len() <= WORD_LENGTH_MAX),
        },
        Some(_) => (Head::None, false),
    }
}

/// A text short enough to be a name; which one is the reader's affair.
pub(crate) fn is_word(value: &Any) -> bool {
    matches!(value, Any::String(word) if word.len() <= WORD_LENGTH_MAX)
}

/// Whether the value may stand under a key of this kind. Words of later versions may.
pub(crate) fn style_fits(kind: StyleValue, value: &Any) -> bool {
    match kind {
        StyleValue::Paint | StyleValue::Choice(_) => is_word(value),
        StyleValue::Number { min, max } => {
            number(value).is_some_and(|number| (min..=max).contains(&number))
        }
        StyleValue::Flag => matches!(value, Any::Bool(_)),
    }
}

pub(super) fn paint(value: &Any) -> Option<Paint> {
    match value {
        Any::String(word) => paint_of(word),
        _ => None,
    }
}

/// Whether the word names a paint of this version.
pub(crate) fn is_paint(word: &str) -> bool {
    paint_of(word).is_some()
}

fn paint_of(word: &str) -> Option<Paint> {
    if word == "none" {
        return Some(Paint::None);
    }
    match word.strip_prefix('#') {
        Some(hex) if hex.len() == 6 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            let number = u32::from_str_radix(hex, 16).ok()?;
            Some(Paint::Rgb([
                (number >> 16) as u8,
                (number >> 8) as u8,
                number as u8,
            ]))
        }
        Some(_) => None,
        None => PALETTE
            .iter()
            .find(|color| color.name == word)
            .map(Paint::Named),
    }
}
