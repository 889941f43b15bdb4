//! The picture of a board on the start page: a small SVG that fits its content.
//!
//! It is shown in an `<img>`, so it holds no script, no style sheet, no foreign object and no
//! reference to anything; every text in it is escaped. Fonts of the page do not reach into an
//! `<img>`: each word has its computed x and length, whatever font the viewer's system then has.
//!
//! It is bounded whatever the board holds: of more than [`ELEMENTS_MAX`] elements the largest are
//! drawn, then those, still from the largest, that fit into [`BYTES_MAX`]; what is drawn keeps its
//! order. Content may be simplified below what a picture of this size can show.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::document::{Body, Bounds, Dash, Element};
use crate::pen::{self, Point, Step};
use crate::scene::{self, Figure, Form, Outline, Pencil, Rgb, Words, figure_saying};
use crate::schema::Theme;

/// Size of the picture; also its coordinates, so that no number in it is large.
pub const WIDTH: f64 = 640.0;
pub const HEIGHT: f64 = 400.0;

pub const ELEMENTS_MAX: usize = 2_000;
pub const BYTES_MAX: usize = 256 * 1024;

/// Text that is laid out, of one element and of all: laying out is the costly part.
const TEXT_BYTES_MAX: usize = 1_500;
const TEXT_BYTES_MAX_ALL: usize = 100_000;
/// Points of strokes that are read; a stroke beyond them is left out.
const POINTS_MAX_ALL: usize = 1_000_000;
/// Steps of one path in the picture.
const STEPS_MAX: usize = 400;

/// Board that is shown at least, so that a single small thing does not fill the picture.
const VIEW_WIDTH_MIN: f64 = 640.0;
/// Free space around the content, as a part of the picture.
const PADDING: f64 = 0.06;
/// Lines are at least this wide, in pixels of the picture.
const LINE_WIDTH_MIN: f64 = 0.6;
/// Smaller letters are drawn as bars.
const FONT_SIZE_MIN: f64 = 3.5;
/// Points closer than this are drawn as one.
const STEP_LENGTH_MIN: f64 = 0.75;
/// Nothing is drawn farther from the picture than this, which bounds the digits of a number.
const COORDINATE_MAX: f64 = 20_000.0;

/// Draws a board, lowest element first, on a transparent ground.
pub fn preview(elements: &[Element], theme: Theme) -> String {
    let chosen = largest(elements);
    let mut allowance = Allowance {
        text_bytes: TEXT_BYTES_MAX_ALL,
        points: POINTS_MAX_ALL,
    };

    // Texts are laid out first: how wide and high they are decides what the picture must hold.
    let mut texts: HashMap<usize, Figure> = HashMap::new();
    let mut frames: Vec<Bounds> = elements.iter().map(|element| element.bounds).collect();
    for &index in chosen
        .iter()
        .filter(|&&index| matches!(elements[index].body, Body::Text(_)))
    {
        if let Some(figure) = allowance.figure(&elements[index], theme) {
            frames[index] = figure.frame;
            texts.insert(index, figure);
        }
    }
    let Some(content) = frames.iter().map(Extent::of).reduce(Extent::with) else {
        return wrap(&empty(theme));
    };
    let view = View::around(&content);

    let mut drawn: Vec<(usize, String)> = Vec::with_capacity(chosen.len());
    let mut bytes_left = BYTES_MAX - wrap("").len();
    for index in chosen {
        let figure = texts
            .remove(&index)
            .or_else(|| allowance.figure(&elements[index], theme));
        let Some(svg) = figure.map(|figure| view.draw(&figure)) else {
            continue;
        };
        if svg.len() <= bytes_left {
            bytes_left -= svg.len();
            drawn.push((index, svg));
        }
    }
    drawn.sort_unstable_by_key(|(index, _)| *index);
    wrap(&drawn.into_iter().map(|(_, svg)| svg).collect::<String>())
}

/// What may still be worked on.
struct Allowance {
    text_bytes: usize,
    points: usize,
}

impl Allowance {
    /// The figure of an element, its text cut to what is left; nothing for a stroke of more points.
    fn figure(&mut self, element: &Element, theme: Theme) -> Option<Figure> {
        let (text, points) = match &element.body {
            Body::Shape(shape) => (shape.label.text.len(), 0),
            Body::Sticky(sticky) => (sticky.label.text.len(), 0),
            Body::Text(text) => (text.label.text.len(), 0),
            Body::Pen(pen) => (0, pen.ink.points.len()),
            Body::Line(_) | Body::Unknown { .. } => (0, 0),
        };
        let text = text.min(TEXT_BYTES_MAX).min(self.text_bytes);
        self.text_bytes -= text;
        self.points = self.points.checked_sub(points)?;
        Some(figure_saying(element, text, theme))
    }
}

/// Indices of the elements to draw, largest first; of equals the higher one.
fn largest(elements: &[Element]) -> Vec<usize> {
    let size = |index: usize| {
        let Bounds { w, h, .. } = elements[index].bounds;
        w.max(1.0) * h.max(1.0)
    };
    let mut indices: Vec<usize> = (0..elements.len()).collect();
    indices.sort_by(|&a, &b| size(b).total_cmp(&size(a)).then(b.cmp(&a)));
    indices.truncate(ELEMENTS_MAX);
    indices
}

fn wrap(content: &str) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" fill="none" stroke-linecap="round" stroke-linejoin="round" font-family="Inter,system-ui,sans-serif">{content}</svg>"#
    )
}

/// A board without content: three pale shapes, as an invitation.
fn empty(theme: Theme) -> String {
    let color = hex(scene::named("grey", theme));
    format!(
        r#"<g stroke="{color}" stroke-width="3" opacity=".32"><rect x="206" y="150" width="96" height="96" rx="10"/><circle cx="392" cy="198" r="46" stroke-dasharray="1 9"/><path d="M244 268q44 40 96 8t82 2"/></g>"#
    )
}

/// Upright edges of something on the board.
#[derive(Clone, Copy)]
struct Extent {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Extent {
    fn of(frame: &Bounds) -> Extent {
        let (cos, sin) = (frame.angle.cos().abs(), frame.angle.sin().abs());
        let half_w = (frame.w * cos + frame.h * sin) / 2.0;
        let half_h = (frame.w * sin + frame.h * cos) / 2.0;
        let (x, y) = (frame.x + frame.w / 2.0, frame.y + frame.h / 2.0);
        Extent {
            left: x - half_w,
            top: y - half_h,
            right: x + half_w,
            bottom: y + half_h,
        }
    }

    fn with(self, other: Extent) -> Extent {
        Extent {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// How the board is mapped onto the picture.
struct View {
    left: f64,
    top: f64,
    /// Pixels of the picture to one of the board.
    scale: f64,
}

impl View {
    fn around(content: &Extent) -> View {
        let (w, h) = (content.right - content.left, content.bottom - content.top);
        let share = 1.0 - 2.0 * PADDING;
        let width = (w / share)
            .max(h / share * WIDTH / HEIGHT)
            .max(VIEW_WIDTH_MIN);
        View {
            left: (content.left + content.right - width) / 2.0,
            top: (content.top + content.bottom - width * HEIGHT / WIDTH) / 2.0,
            scale: WIDTH / width,
        }
    }

    fn draw(&self, figure: &Figure) -> String {
        let Bounds { x, y, w, h, angle } = figure.frame;
        let (x, y) = ((x - self.left) * self.scale, (y - self.top) * self.scale);
        let (w, h) = (w * self.scale, h * self.scale);
        let mut out = format!(r#"<g transform="translate({} {})"#, Fine(x), Fine(y));
        if angle != 0.0 {
            let degrees = angle.rem_euclid(std::f64::consts::TAU).to_degrees();
            put(
                &mut out,
                format_args!(
                    " rotate({} {} {})",
                    Fine(degrees),
                    Fine(w / 2.0),
                    Fine(h / 2.0)
                ),
            );
        }
        out.push('"');
        if figure.opacity < 1.0 {
            put(
                &mut out,
                format_args!(r#" opacity="{}""#, Fine(figure.opacity)),
            );
        }
        out.push('>');
        match &figure.form {
            Form::Bare => {}
            Form::Outline {
                outline,
                fill,
                pencil,
            } => {
                let paint = self.paint(*fill, *pencil);
                put_outline(&mut out, *outline, (w, h), self.scale, &paint);
            }
            Form::Path { steps, pencil } => {
                let paint = self.paint(None, Some(*pencil));
                put_path(&mut out, &self.simplify(steps), &paint);
            }
            Form::Ink { points, color } => {
                let width =
                    points.iter().map(|(_, width)| width).sum::<f64>() / points.len().max(1) as f64;
                let pencil = Pencil {
                    color: *color,
                    width,
                    dash: Dash::Solid,
                };
                let points: Vec<Point> = points.iter().map(|(point, _)| *point).collect();
                put_path(
                    &mut out,
                    &self.simplify(&pen::smooth(&points)),
                    &self.paint(None, Some(pencil)),
                );
            }
        }
        match &figure.words {
            None => {}
            Some(words) if words.font_size * self.scale < FONT_SIZE_MIN => {
                self.put_bars(&mut out, words)
            }
            Some(words) => self.put_words(&mut out, words),
        }
        out.push_str("</g>");
        out
    }

    /// The attributes of a shape that is filled and outlined so.
    fn paint(&self, fill: Option<Rgb>, pencil: Option<Pencil>) -> String {
        let mut out = String::new();
        if let Some(fill) = fill {
            put(&mut out, format_args!(r#" fill="{}""#, hex(fill)));
        }
        let Some(pencil) = pencil else { return out };
        let width = (pencil.width * self.scale).max(LINE_WIDTH_MIN);
        put(
            &mut out,
            format_args!(
                r#" stroke="{}" stroke-width="{}""#,
                hex(pencil.color),
                Fine(width)
            ),
        );
        if let Some((on, off)) = pencil.dashes() {
            let (on, off) = (on * self.scale, off * self.scale);
            // Finer dashes run together.
            if off >= 1.0 {
                put(
                    &mut out,
                    format_args!(r#" stroke-dasharray="{} {}""#, Fine(on), Fine(off)),
                );
            }
        }
        out
    }

    /// The path in pixels of the picture, without what lies closer together than it can show.
    fn simplify(&self, steps: &[Step]) -> Vec<Step> {
        let scaled: Vec<Step> = steps
            .iter()
            .map(|step| step.map(|p| self.scaled(p)))
            .collect();
        let mut length_min = STEP_LENGTH_MIN;
        loop {
            let kept = without_near(&scaled, length_min);
            if kept.len() <= STEPS_MAX {
                return kept;
            }
            length_min *= 2.0;
        }
    }

    fn scaled(&self, p: Point) -> Point {
        Point {
            x: p.x * self.scale,
            y: p.y * self.scale,
        }
    }

    fn put_words(&self, out: &mut String, words: &Words) {
        let size = Fine(words.font_size * self.scale);
        put(
            out,
            format_args!(r#"<text font-size="{size}" fill="{}">"#, hex(words.color)),
        );
        for row in &words.lines {
            let y = Fine(row.baseline * self.scale);
            for (word, x, width) in &row.words {
                put(
                    out,
                    format_args!(r#"<tspan x="{}" y="{y}""#, Fine(x * self.scale)),
                );
                // One letter stretched to a length would be a distorted letter.
                if word.chars().nth(1).is_some() {
                    let length = Fine(width * self.scale);
                    put(
                        out,
                        format_args!(r#" textLength="{length}" lengthAdjust="spacingAndGlyphs""#),
                    );
                }
                put(out, format_args!(">{}</tspan>", Escaped(word)));
            }
        }
        out.push_str("</text>");
    }

    /// Words too small to read, as bars of the height of small letters.
    fn put_bars(&self, out: &mut String, words: &Words) {
        let height = words.font_size * self.scale / 2.0;
        out.push_str("<path d=\"");
        for row in &words.lines {
            let (Some((_, start, _)), Some((_, last, width))) =
                (row.words.first(), row.words.last())
            else {
                continue;
            };
            let y = row.baseline * self.scale - height / 2.0;
            put(
                out,
                format_args!(
                    "M{} {}h{}",
                    Coarse(start * self.scale),
                    Coarse(y),
                    Coarse((last + width - start) * self.scale)
                ),
            );
        }
        let width = Fine(height.max(0.4));
        put(
            out,
            format_args!(
                r#"" stroke="{}" stroke-width="{width}" opacity=".5"/>"#,
                hex(words.color)
            ),
        );
    }
}

/// Leaves out steps shorter than this; the first and the last of each stretch stay.
fn without_near(steps: &[Step], length_min: f64) -> Vec<Step> {
    let mut kept: Vec<Step> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let ends_stretch = !matches!(steps.get(index + 1), Some(Step::Line(_) | Step::Quad(..)));
        let near = |last: &Step| {
            let (a, b) = (last.end(), step.end());
            (a.x - b.x).hypot(a.y - b.y) < length_min
        };
        let inner = !matches!(step, Step::Move(_)) && !ends_stretch;
        if inner && kept.last().is_some_and(near) {
            continue;
        }
        kept.push(*step);
    }
    kept
}

fn put_outline(out: &mut String, outline: Outline, (w, h): (f64, f64), scale: f64, paint: &str) {
    let radius = Fine(scene::corner_radius(outline, w / scale, h / scale) * scale);
    let (cx, cy) = (Fine(w / 2.0), Fine(h / 2.0));
    let (w, h) = (Fine(w), Fine(h));
    match outline {
        Outline::Rectangle | Outline::Placeholder => {
            put(
                out,
                format_args!(r#"<rect width="{w}" height="{h}" rx="{radius}"{paint}/>"#),
            );
        }
        Outline::Note => {
            let drop = Fine(scene::NOTE_SHADOW * scale);
            put(
                out,
                format_args!(
                    r##"<rect y="{drop}" width="{w}" height="{h}" rx="{radius}" fill="#000" opacity=".12"/><rect width="{w}" height="{h}" rx="{radius}"{paint}/>"##
                ),
            );
        }
        Outline::Ellipse => {
            put(
                out,
                format_args!(r#"<ellipse cx="{cx}" cy="{cy}" rx="{cx}" ry="{cy}"{paint}/>"#),
            );
        }
        Outline::Diamond => {
            put(
                out,
                format_args!(r#"<path d="M{cx} 0L{w} {cy}L{cx} {h}L0 {cy}Z"{paint}/>"#),
            );
        }
    }
}

fn put_path(out: &mut String, steps: &[Step], paint: &str) {
    out.push_str("<path d=\"");
    for step in steps {
        match step {
            Step::Move(p) => put(out, format_args!("M{} {}", Coarse(p.x), Coarse(p.y))),
            Step::Line(p) => put(out, format_args!("L{} {}", Coarse(p.x), Coarse(p.y))),
            Step::Quad(c, p) => {
                put(
                    out,
                    format_args!(
                        "Q{} {} {} {}",
                        Coarse(c.x),
                        Coarse(c.y),
                        Coarse(p.x),
                        Coarse(p.y)
                    ),
                );
            }
        }
    }
    put(out, format_args!(r#""{paint}/>"#));
}

fn hex(Rgb(r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes everything");
}

/// A number to a hundredth, in as few characters as it takes.
struct Fine(f64);

/// A number to a tenth: enough for the inner points of a path.
struct Coarse(f64);

impl std::fmt::Display for Fine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        rounded(self.0, 100.0).fmt(out)
    }
}

impl std::fmt::Display for Coarse {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        rounded(self.0, 10.0).fmt(out)
    }
}

fn rounded(value: f64, steps: f64) -> f64 {
    let bounded = if value.is_nan() {
        0.0
    } else {
        value.clamp(-COORDINATE_MAX, COORDINATE_MAX)
    };
    // Adding zero turns -0 into 0.
    (bounded * steps).round() / steps + 0.0
}

/// Text as XML may hold it: characters that XML 1.0 forbids are left out.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for ch in self.0.chars() {
            match ch {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                '\u{fffe}' | '\u{ffff}' => {}
                _ if ch.is_control() => {}
                _ => out.write_char(ch)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, ELEMENTS_MAX, preview};
    use crate::document::{
        Body, Bounds, Dash, Element, End, Head, Label, Line, Paint, Pen, Shape, ShapeKind, Sticky,
        Text,
    };
    use crate::pen::Ink;
    use crate::schema::{PALETTE, Theme};
    use crate::text::{Align, Valign};
    use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};

    fn paint(name: &str) -> Paint {
        PALETTE
            .iter()
            .find(|color| color.name == name)
            .map_or(Paint::None, Paint::Named)
    }

    fn element(x: f64, y: f64, w: f64, h: f64, body: Body) -> Element {
        Element {
            id: "el".to_owned(),
            bounds: Bounds {
                x,
                y,
                w,
                h,
                angle: 0.0,
            },
            z: "a0".to_owned(),
            parent: None,
            opacity: 1.0,
            locked: false,
            body,
        }
    }

    fn label(text: &str) -> Label {
        Label {
            text: text.to_owned(),
            font_size: 16.0,
            align: Align::Center,
            valign: Valign::Middle,
            color: paint("black"),
        }
    }

    fn shape(kind: ShapeKind, text: &str) -> Body {
        Body::Shape(Shape {
            kind,
            fill: Paint::None,
            stroke: paint("black"),
            stroke_width: 2.0,
            dash: Dash::Solid,
            label: label(text),
        })
    }

    fn sticky(text: &str) -> Body {
        Body::Sticky(Sticky {
            fill: paint("yellow"),
            label: label(text),
        })
    }

    /// The content of the picture, after a strict parser has read all of it.
    fn content(elements: &[Element], theme: Theme) -> String {
        let svg = preview(elements, theme);
        assert!(svg.len() <= BYTES_MAX, "{} bytes", svg.len());
        let read =
            roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
        for node in read.descendants().filter(roxmltree::Node::is_element) {
            let name = node.tag_name().name();
            assert!(
                [
                    "svg", "g", "path", "rect", "circle", "ellipse", "text", "tspan"
                ]
                .contains(&name),
                "{name}"
            );
            for attribute in node.attributes() {
                let (name, value) = (attribute.name(), attribute.value());
                assert!(
                    !name.starts_with("on") && name != "href" && name != "style",
                    "{name}"
                );
                assert!(
                    !value.contains("url(") && !value.contains("NaN") && !value.contains("inf"),
                    "{value}"
                );
            }
        }
        let start = svg.find('>').unwrap() + 1;
        svg[start..svg.len() - "</svg>".len()].to_owned()
    }

    fn check(body: Body, expected: &str) {
        assert_eq!(
            content(&[element(0.0, 0.0, 640.0, 400.0, body)], Theme::Light),
            expected
        );
    }

    const WHOLE: &str = r#"<g transform="translate(38.4 24)">"#;

    #[test]
    fn an_empty_board_is_an_invitation() {
        for theme in Theme::ALL {
            let empty = content(&[], theme);
            assert!(
                empty.starts_with("<g stroke=") && empty.contains("<circle"),
                "{empty}"
            );
        }
    }

    #[test]
    fn shapes_are_drawn_in_their_frame() {
        let rest = r##" stroke="#1f2328" stroke-width="1.76"/></g>"##;
        let rectangle = r#"<rect width="563.2" height="352" rx="5.28""#;
        check(
            shape(ShapeKind::Rectangle, ""),
            &format!("{WHOLE}{rectangle}{rest}"),
        );
        let ellipse = r#"<ellipse cx="281.6" cy="176" rx="281.6" ry="176""#;
        check(
            shape(ShapeKind::Ellipse, ""),
            &format!("{WHOLE}{ellipse}{rest}"),
        );
        let diamond = r#"<path d="M281.6 0L563.2 176L281.6 352L0 176Z""#;
        check(
            shape(ShapeKind::Diamond, ""),
            &format!("{WHOLE}{diamond}{rest}"),
        );
    }

    #[test]
    fn a_line_has_its_heads() {
        let end = |x, head| End { x, y: 0.5, head };
        let line = |head| {
            Body::Line(Line {
                stroke: paint("red"),
                stroke_width: 4.0,
                dash: Dash::Dashed,
                from: end(0.0, Head::None),
                to: end(1.0, head),
            })
        };
        let rest =
            r##"" stroke="#d4333f" stroke-width="3.52" stroke-dasharray="14.08 10.56"/></g>"##;
        check(
            line(Head::None),
            &format!(r#"{WHOLE}<path d="M0 176L563.2 176{rest}"#),
        );
        let arrow = "M547.3 168.4L563.2 176L547.3 183.6";
        check(
            line(Head::Arrow),
            &format!(r#"{WHOLE}<path d="M0 176L563.2 176{arrow}{rest}"#),
        );
    }

    #[test]
    fn ink_is_smooth_and_without_needless_points() {
        let pen = |pressures| {
            Body::Pen(Pen {
                stroke: paint("blue"),
                stroke_width: 4.0,
                ink: Ink {
                    w0: 640.0,
                    h0: 400.0,
                    points: vec![(0, 0), (2560, 0), (2562, 0), (2563, 0), (5120, 3200)],
                    pressures,
                },
            })
        };
        let path =
            r##"<path d="M0 0Q281.6 0 281.7 0Q281.9 0 422.6 176L563.2 352" stroke="#2563d4""##;
        check(
            pen(None),
            &format!(r#"{WHOLE}{path} stroke-width="3.52"/></g>"#),
        );
        check(
            pen(Some(vec![0; 5])),
            &format!(r#"{WHOLE}{path} stroke-width="1.41"/></g>"#),
        );
    }

    #[test]
    fn words_have_their_x_and_length() {
        let text = content(
            &[element(0.0, 0.0, 640.0, 400.0, sticky("Hi all"))],
            Theme::Dark,
        );
        assert!(
            text.contains(r##"<text font-size="14.08" fill="#f1f3f6"><tspan x="##),
            "{text}"
        );
        assert!(
            text.contains(r#"lengthAdjust="spacingAndGlyphs">all</tspan>"#),
            "{text}"
        );
    }

    #[test]
    fn letters_too_small_to_read_are_bars() {
        let mut small = element(
            0.0,
            0.0,
            6400.0,
            4000.0,
            shape(ShapeKind::Rectangle, "some words"),
        );
        small.opacity = 0.5;
        let drawn = content(&[small], Theme::Light);
        assert!(
            drawn.contains(r#" opacity="0.5">"#) && drawn.contains(r#" opacity=".5"/></g>"#),
            "{drawn}"
        );
        assert!(!drawn.contains("<text"), "{drawn}");
    }

    #[test]
    fn a_turned_element_is_turned_about_its_centre() {
        let mut turned = element(0.0, 0.0, 640.0, 400.0, sticky(""));
        turned.bounds.angle = -std::f64::consts::FRAC_PI_2;
        let drawn = content(&[turned], Theme::Light);
        assert!(
            drawn.starts_with(r#"<g transform="translate(144 90) rotate(270 176 110)">"#),
            "{drawn}"
        );
    }

    #[test]
    fn hostile_text_stays_text() {
        let hostile = "</text><script>alert(1)</script> ]]> <!-- &amp; \" ' \u{0}\u{b}\u{fffe}\u{202e} <a href='x'>";
        for body in [sticky(hostile), shape(ShapeKind::Ellipse, hostile)] {
            let drawn = content(&[element(0.0, 0.0, 640.0, 400.0, body)], Theme::Light);
            assert!(
                drawn.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
                "{drawn}"
            );
        }
    }

    #[test]
    fn of_too_many_elements_the_largest_are_drawn_in_their_order() {
        let mut many: Vec<Element> = (0..ELEMENTS_MAX + 500)
            .map(|i| element(i as f64, 0.0, 10.0, 10.0, shape(ShapeKind::Rectangle, "")))
            .collect();
        many[3] = element(0.0, 0.0, 5000.0, 3000.0, sticky(""));
        many[900] = element(0.0, 0.0, 900.0, 900.0, shape(ShapeKind::Diamond, ""));
        let drawn = content(&many, Theme::Light);
        assert_eq!(
            drawn.matches("<rect").count() + drawn.matches("Z\"").count(),
            ELEMENTS_MAX + 1
        );
        assert!(drawn.find(r##"fill="#000""##).unwrap() < drawn.find("Z\"").unwrap());
    }

    #[test]
    fn a_board_of_long_texts_and_strokes_stays_within_bounds() {
        let points: Vec<(i64, i64)> = (0..50_000)
            .map(|i| ((i * 7919) % 5000, (i * 104_729) % 3000))
            .collect();
        let ink = Ink {
            w0: 625.0,
            h0: 375.0,
            points,
            pressures: None,
        };
        let board: Vec<Element> = (0..60)
            .flat_map(|i| {
                let at = f64::from(i) * 10.0;
                let stroke = Pen {
                    stroke: paint("green"),
                    stroke_width: 1.0,
                    ink: ink.clone(),
                };
                [
                    element(
                        at,
                        at,
                        625.0,
                        375.0,
                        sticky(&"endless <&> words ".repeat(1000)),
                    ),
                    element(at, at, 625.0, 375.0, Body::Pen(stroke)),
                ]
            })
            .collect();
        assert!(content(&board, Theme::Light).contains("<text"));
    }

    fn bodies() -> impl Strategy<Value = Body> {
        let number = || prop_oneof![0.0..2000.0_f64, Just(0.0), Just(1e7)];
        let paints = prop_oneof![
            Just(Paint::None),
            (0..PALETTE.len()).prop_map(|i| Paint::Named(&PALETTE[i])),
            any::<[u8; 3]>().prop_map(Paint::Rgb)
        ];
        let dashes = prop_oneof![Just(Dash::Solid), Just(Dash::Dashed), Just(Dash::Dotted)];
        let style = (paints.clone(), paints, number(), dashes);
        let point = -1_000_000_000_i64..1_000_000_000;
        let points = prop::collection::vec((point.clone(), point), 1..30);
        (
            0..6_u8,
            style,
            any::<String>(),
            points,
            number(),
            any::<bool>(),
        )
            .prop_map(
                |(which, (fill, stroke, stroke_width, dash), text, points, size, flag)| {
                    let mut label = label(&text);
                    (label.font_size, label.color) = (size, fill);
                    let end = |x: f64, y: f64| End {
                        x,
                        y,
                        head: if flag { Head::Arrow } else { Head::None },
                    };
                    let pressures = flag.then(|| vec![77; points.len()]);
                    let ink = Ink {
                        w0: size as f32,
                        h0: 3.0,
                        points,
                        pressures,
                    };
                    match which {
                        0 => Body::Shape(Shape {
                            kind: ShapeKind::Ellipse,
                            fill,
                            stroke,
                            stroke_width,
                            dash,
                            label,
                        }),
                        1 => Body::Sticky(Sticky { fill, label }),
                        2 => Body::Text(Text {
                            label,
                            auto_width: flag,
                        }),
                        3 => Body::Pen(Pen {
                            stroke,
                            stroke_width,
                            ink,
                        }),
                        4 => Body::Line(Line {
                            stroke,
                            stroke_width,
                            dash,
                            from: end(0.0, size),
                            to: end(-1e7, 1.0),
                        }),
                        _ => Body::Unknown { type_name: text },
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn every_board_has_a_picture(
            board in prop::collection::vec(
                (-1e7..1e7_f64, -1e7..1e7_f64, 0.0..1e7_f64, 0.0..1e7_f64, -10.0..10.0_f64, 0.0..1.0_f64, bodies()),
                0..12,
            ),
            small in any::<bool>(),
        ) {
            let shrink = if small { 1e-5 } else { 1.0 };
            let board: Vec<Element> = board
                .into_iter()
                .map(|(x, y, w, h, angle, opacity, body)| {
                    let mut made = element(x * shrink, y * shrink, w * shrink, h * shrink, body);
                    (made.bounds.angle, made.opacity) = (angle, opacity);
                    made
                })
                .collect();
            content(&board, Theme::Dark);
        }
    }
}
