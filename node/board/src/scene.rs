//! Elements as figures: what is to be drawn, as plain data that SVG, pictures and pages are made from.
//!
//! The painter of the browser (`node/web/src/core/elements`, `src/render`) draws the same shapes from
//! the same numbers. A figure is drawn in a frame of its own: origin at the top left of the box,
//! before it is turned about the box's centre.

use crate::blurhash;
use crate::document::{
    Body, Bounds, Connector, Dash, Element, Frame, Image, Label, Line, Paint, Pen,
};
pub use crate::links::HeadMark;
use crate::links::{self, Rim};
use crate::pen::{self, Point, Step};
use crate::schema::{CANVAS, INK_DARK, INK_LIGHT, PALETTE, SHEET, ShapeKind, Theme};
use crate::text::{Align, Style, TextBlock, TextBox, TextHolder, layout_text};

/// Free space around the label of a connector.
const LABEL_SPACE: f64 = 4.0;

/// How far below a note its shadow lies, in pixels.
pub const NOTE_SHADOW: f64 = 3.0;

/// Width of the line around a frame.
const SHEET_EDGE: f64 = 1.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Where lines under and through letters are, and how thick, as parts of the font size.
pub const UNDERLINE_BELOW: f64 = 0.14;
pub const STRIKE_ABOVE: f64 = 0.28;
pub const RULE_WIDTH: f64 = 0.07;

/// One element, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Where it stands; for text as wide and high as its lines.
    pub frame: Bounds,
    /// Of the figure as a whole, 0 to 1.
    pub opacity: f64,
    /// How its colours are laid over what they cross; `None` covers it.
    pub mix: Option<Mix>,
    pub form: Form,
    pub words: Option<Words>,
}

/// What is crossed stays readable: it shines through darker on a light board, lighter on a dark one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    Multiply,
    Screen,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Text alone.
    Bare,
    /// A closed shape that fills the frame.
    Outline {
        outline: Outline,
        fill: Option<Rgb>,
        pencil: Option<Pencil>,
    },
    /// An open path with round ends and joins.
    Path { steps: Vec<Step>, pencil: Pencil },
    /// A line with what stands at its ends, which is never dashed.
    Link {
        steps: Vec<Step>,
        heads: Vec<HeadMark>,
        pencil: Pencil,
    },
    /// A path whose width changes: with each point, the width of the line there.
    Ink {
        points: Vec<(Point, f64)>,
        color: Rgb,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outline {
    Rectangle,
    Ellipse,
    Diamond,
    /// One of the other shapes, by the schema's table.
    Drawn(ShapeKind),
    /// A square of paper, which casts a shadow.
    Note,
    /// Where a picture lies, whose file is elsewhere.
    Picture,
    /// A frame's area.
    Sheet,
    /// Something that a later version made.
    Placeholder,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pencil {
    pub color: Rgb,
    pub width: f64,
    pub dash: Dash,
}

impl Pencil {
    /// Length of a dash and of the gap after it. Ends are round, so a dot is a dash of no length.
    pub fn dashes(&self) -> Option<(f64, f64)> {
        match self.dash {
            Dash::Solid => None,
            Dash::Dashed => Some((4.0 * self.width, 3.0 * self.width)),
            Dash::Dotted => Some((0.0, 2.5 * self.width)),
        }
    }
}

/// How round the corners of a shape of this size are.
pub fn corner_radius(outline: Outline, w: f64, h: f64) -> f64 {
    let most = match outline {
        Outline::Rectangle => 6.0,
        Outline::Note => 4.0,
        Outline::Placeholder => 4.0,
        Outline::Ellipse
        | Outline::Diamond
        | Outline::Picture
        | Outline::Drawn(_)
        | Outline::Sheet => 0.0,
    };
    f64::min(most, w.min(h) / 4.0)
}

#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub color: Rgb,
    /// In pixels.
    pub font_size: f64,
    pub lines: Vec<Row>,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub baseline: f64,
    pub words: Vec<RowWord>,
}

/// A word, or a part of one in its own style.
#[derive(Clone, Debug, PartialEq)]
pub struct RowWord {
    pub text: String,
    /// Its left end.
    pub x: f64,
    /// What the table of advances says it takes.
    pub width: f64,
    pub style: Style,
    /// Written from right to left.
    pub rtl: bool,
}

impl Row {
    /// Lines under words (or through them) as their left end and length: on from word to word where both have one.
    pub fn rules(&self, drawn: impl Fn(Style) -> bool) -> Vec<(f64, f64)> {
        let mut out: Vec<(f64, f64)> = Vec::new();
        let mut goes_on = false;
        for word in &self.words {
            let has = drawn(word.style);
            match out.last_mut() {
                Some((x, length)) if has && goes_on && word.x >= *x => {
                    *length = word.x + word.width - *x;
                }
                Some(_) | None if has => out.push((word.x, word.width)),
                Some(_) | None => {}
            }
            goes_on = has;
        }
        out
    }
}

/// How an element is drawn in a theme.
pub fn figure(element: &Element, theme: Theme) -> Figure {
    figure_saying(element, usize::MAX, theme)
}

/// The same, with no more than the first `text_bytes_max` bytes of the text, which bounds the work.
pub fn figure_saying(element: &Element, text_bytes_max: usize, theme: Theme) -> Figure {
    figure_among(element, [None, None], text_bytes_max, theme)
}

/// The same for a connector whose ends sit on these.
pub(crate) fn figure_among(
    element: &Element,
    ends: [Option<&Rim>; 2],
    text_bytes_max: usize,
    theme: Theme,
) -> Figure {
    if let Body::Connector(connector) = &element.body {
        return connector_figure(element, connector, ends, text_bytes_max, theme);
    }
    let Bounds { w, h, .. } = element.bounds;
    let (form, text) = match &element.body {
        Body::Shape(shape) => {
            let behind = match shape.kind.is_closed() {
                true => shape.fill,
                false => Paint::None,
            };
            let form = Form::Outline {
                outline: match shape.kind {
                    ShapeKind::Rectangle => Outline::Rectangle,
                    ShapeKind::Ellipse => Outline::Ellipse,
                    ShapeKind::Diamond => Outline::Diamond,
                    drawn => Outline::Drawn(drawn),
                },
                fill: fill(behind, theme),
                pencil: pencil(shape.stroke, shape.stroke_width, shape.dash, theme),
            };
            (
                form,
                Some((&shape.label, TextHolder::Shape(shape.kind), behind)),
            )
        }
        Body::Sticky(sticky) => {
            let form = Form::Outline {
                outline: Outline::Note,
                fill: fill(sticky.fill, theme),
                pencil: None,
            };
            (form, Some((&sticky.label, TextHolder::Sticky, sticky.fill)))
        }
        Body::Text(text) => {
            let holder = match text.auto_width {
                true => TextHolder::AutoText,
                false => TextHolder::Text,
            };
            (Form::Bare, Some((&text.label, holder, Paint::None)))
        }
        Body::Pen(pen) | Body::Highlighter(pen) => (pen_form(pen, w, h, theme), None),
        Body::Line(line) => (line_form(line, w, h, theme), None),
        Body::Image(image) => (picture(image, theme), None),
        Body::Frame(frame) => (sheet(frame, theme), None),
        Body::Group => (Form::Bare, None),
        Body::Connector(_) | Body::Unknown { .. } => (placeholder(theme), None),
    };
    let mut frame = element.bounds;
    let mut words = None;
    if let Some((label, holder, behind)) = text {
        let block = lay_out(label, holder, &element.bounds, text_bytes_max);
        (frame.w, frame.h) = (block.w, block.h);
        words = words_of(&block, letters(label.color, behind, theme));
    }
    let mix = match (&element.body, theme) {
        (Body::Highlighter(_), Theme::Light) => Some(Mix::Multiply),
        (Body::Highlighter(_), Theme::Dark) => Some(Mix::Screen),
        _ => None,
    };
    Figure {
        frame,
        opacity: element.opacity,
        mix,
        form,
        words,
    }
}

fn lay_out<'a>(
    label: &'a Label,
    holder: TextHolder,
    bounds: &Bounds,
    text_bytes_max: usize,
) -> TextBlock<'a> {
    let end = label.text.floor_char_boundary(text_bytes_max);
    layout_text(&TextBox {
        text: &label.text[..end],
        runs: &label.runs,
        holder,
        w: bounds.w,
        h: bounds.h,
        font_size: label.font_size,
        align: label.align,
        valign: label.valign,
    })
}

fn words_of(block: &TextBlock<'_>, color: Rgb) -> Option<Words> {
    let lines: Vec<Row> = block
        .lines
        .iter()
        .filter(|line| !line.words.is_empty())
        .map(|line| Row {
            baseline: line.baseline,
            words: line
                .words
                .iter()
                .map(|word| RowWord {
                    text: word.text.clone().into_owned(),
                    x: word.x,
                    width: word.width,
                    style: word.style,
                    rtl: word.rtl,
                })
                .collect(),
        })
        .collect();
    (!lines.is_empty()).then_some(Words {
        color,
        font_size: block.font_size,
        lines,
    })
}

fn pen_form(pen: &Pen, w: f64, h: f64, theme: Theme) -> Form {
    let points = pen.ink.stretched(w, h);
    let Some(pencil) = pencil(pen.stroke, pen.stroke_width, Dash::Solid, theme) else {
        return Form::Bare;
    };
    match &pen.ink.pressures {
        None => Form::Path {
            steps: pen::smooth(&points),
            pencil,
        },
        Some(pressures) => Form::Ink {
            points: points
                .into_iter()
                .zip(pressures)
                .map(|(point, &pressure)| (point, pen.stroke_width * pen::pressure_width(pressure)))
                .collect(),
            color: pencil.color,
        },
    }
}

fn line_form(line: &Line, w: f64, h: f64, theme: Theme) -> Form {
    let Some(pencil) = pencil(line.stroke, line.stroke_width, line.dash, theme) else {
        return Form::Bare;
    };
    let (from, to) = ((line.from.x, line.from.y), (line.to.x, line.to.y));
    let places = std::iter::once(from)
        .chain(line.via.iter().copied())
        .chain([to]);
    let points: Vec<Point> = places.map(|(x, y)| Point { x: x * w, y: y * h }).collect();
    let (points, heads) = links::marks(&points, (line.from.head, line.to.head), line.stroke_width);
    Form::Link {
        steps: path(&points),
        heads,
        pencil,
    }
}

/// Drawn in the frame around its way.
fn connector_figure(
    element: &Element,
    connector: &Connector,
    [from, to]: [Option<&Rim>; 2],
    text_bytes_max: usize,
    theme: Theme,
) -> Figure {
    let way = links::way(connector, &element.bounds, from, to);
    let frame = links::bounds_of(&way);
    let own: Vec<Point> = way
        .iter()
        .map(|p| Point {
            x: p.x - frame.x,
            y: p.y - frame.y,
        })
        .collect();
    let mut label = connector.label.clone();
    label.align = Align::Center;
    let block = lay_out(
        &label,
        TextHolder::AutoText,
        &element.bounds,
        text_bytes_max,
    );
    let mut words = words_of(&block, letters(label.color, Paint::None, theme));
    let middle = links::middle(&own);
    let (x, y) = (middle.x - block.w / 2.0, middle.y - block.h / 2.0);
    if let Some(words) = &mut words {
        for row in &mut words.lines {
            row.baseline += y;
            for word in &mut row.words {
                word.x += x;
            }
        }
    }
    let form = match pencil(
        connector.stroke,
        connector.stroke_width,
        connector.dash,
        theme,
    ) {
        None => Form::Bare,
        Some(pencil) => {
            let heads = (connector.from.head, connector.to.head);
            let (points, heads) = links::marks(&own, heads, connector.stroke_width);
            let stretches = match words {
                None => vec![points],
                Some(_) => links::gap_for(
                    &points,
                    &Bounds {
                        x: x - LABEL_SPACE,
                        y: y - LABEL_SPACE / 2.0,
                        w: block.w + 2.0 * LABEL_SPACE,
                        h: block.h + LABEL_SPACE,
                        angle: 0.0,
                    },
                ),
            };
            Form::Link {
                steps: stretches.iter().flat_map(|points| path(points)).collect(),
                heads,
                pencil,
            }
        }
    };
    Figure {
        frame,
        opacity: element.opacity,
        mix: None,
        form,
        words,
    }
}

fn path(points: &[Point]) -> Vec<Step> {
    let step = |(index, &p): (usize, &Point)| match index {
        0 => Step::Move(p),
        _ => Step::Line(p),
    };
    points.iter().enumerate().map(step).collect()
}

/// An area in the picture's mean colour.
fn picture(image: &Image, theme: Theme) -> Form {
    let mean = image.blurhash.as_deref().and_then(blurhash::mean);
    Form::Outline {
        outline: Outline::Picture,
        fill: match mean {
            Some([r, g, b]) => Some(Rgb(r, g, b)),
            None => PALETTE
                .iter()
                .find(|color| color.name == "grey")
                .map(|grey| rgb(grey.swatch.of(theme).fill)),
        },
        pencil: None,
    }
}

fn sheet(frame: &Frame, theme: Theme) -> Form {
    Form::Outline {
        outline: Outline::Sheet,
        fill: fill(frame.fill, theme).or_else(|| Some(rgb(SHEET.of(theme)))),
        pencil: Some(Pencil {
            color: named("grey", theme),
            width: SHEET_EDGE,
            dash: Dash::Solid,
        }),
    }
}

fn placeholder(theme: Theme) -> Form {
    Form::Outline {
        outline: Outline::Placeholder,
        fill: None,
        pencil: Some(Pencil {
            color: named("grey", theme),
            width: 1.0,
            dash: Dash::Dashed,
        }),
    }
}

fn pencil(stroke: Paint, width: f64, dash: Dash, theme: Theme) -> Option<Pencil> {
    let color = match stroke {
        Paint::None => return None,
        Paint::Named(name) => rgb(name.swatch.of(theme).stroke),
        Paint::Rgb([r, g, b]) => Rgb(r, g, b),
    };
    (width > 0.0).then_some(Pencil { color, width, dash })
}

fn fill(paint: Paint, theme: Theme) -> Option<Rgb> {
    match paint {
        Paint::None => None,
        Paint::Named(name) => Some(rgb(name.swatch.of(theme).fill)),
        Paint::Rgb([r, g, b]) => Some(Rgb(r, g, b)),
    }
}

/// The colour of letters. `black` means what can be read: on a fill, that fill's ink.
fn letters(color: Paint, behind: Paint, theme: Theme) -> Rgb {
    match color {
        Paint::Rgb([r, g, b]) => Rgb(r, g, b),
        Paint::Named(name) if name.name != "black" => rgb(name.swatch.of(theme).stroke),
        Paint::Named(_) | Paint::None => match behind {
            Paint::None => named("black", theme),
            Paint::Named(name) => rgb(name.swatch.of(theme).ink),
            Paint::Rgb([r, g, b]) => rgb(if is_light(r, g, b) {
                INK_DARK
            } else {
                INK_LIGHT
            }),
        },
    }
}

/// Brightness as the eye weighs it.
fn is_light(r: u8, g: u8, b: u8) -> bool {
    u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 > 140_000
}

/// The colour of the board itself.
pub fn canvas(theme: Theme) -> Rgb {
    rgb(CANVAS.of(theme))
}

/// A line in a palette colour, for what is drawn around a board's content.
pub fn named(name: &str, theme: Theme) -> Rgb {
    PALETTE
        .iter()
        .find(|color| color.name == name)
        .map_or(Rgb(128, 128, 128), |color| {
            rgb(color.swatch.of(theme).stroke)
        })
}

/// `#rrggbb` as the palette writes it.
fn rgb(hex: &str) -> Rgb {
    let value = hex
        .strip_prefix('#')
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .expect("the palette holds #rrggbb");
    let [_, r, g, b] = value.to_be_bytes();
    Rgb(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::{Rgb, canvas, is_light, letters, named};
    use crate::document::Paint;
    use crate::schema::{PALETTE, Theme};

    fn paint(name: &str) -> Paint {
        Paint::Named(PALETTE.iter().find(|color| color.name == name).unwrap())
    }

    #[test]
    fn letters_can_be_read_on_what_is_behind_them() {
        let (black, blue) = (paint("black"), paint("blue"));
        for theme in Theme::ALL {
            assert_eq!(letters(black, Paint::None, theme), named("black", theme));
            assert_eq!(letters(blue, black, theme), named("blue", theme));
        }
        let dark = Rgb(0x1f, 0x23, 0x28);
        let light = Rgb(0xf1, 0xf3, 0xf6);
        assert_eq!(letters(black, paint("yellow"), Theme::Light), dark);
        assert_eq!(letters(black, paint("yellow"), Theme::Dark), light);
        assert_eq!(
            letters(Paint::None, Paint::Rgb([0, 0, 99]), Theme::Light),
            light
        );
        assert_eq!(letters(black, Paint::Rgb([250, 250, 0]), Theme::Dark), dark);
        assert_eq!(
            letters(Paint::Rgb([1, 2, 3]), black, Theme::Dark),
            Rgb(1, 2, 3)
        );
    }

    #[test]
    fn every_colour_of_the_palette_is_one() {
        for theme in Theme::ALL {
            let Rgb(r, g, b) = canvas(theme);
            assert_eq!(is_light(r, g, b), theme == Theme::Light);
            for color in &PALETTE {
                let swatch = color.swatch.of(theme);
                for hex in [swatch.stroke, swatch.fill, swatch.ink] {
                    super::rgb(hex);
                }
            }
        }
    }
}
