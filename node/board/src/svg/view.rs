//! How a figure is drawn in the picture: mapped onto it, and simplified to what it can show.

use super::write::{Coarse, Escaped, Fine, hex, put};
use super::{HEIGHT, WIDTH};
use crate::document::{Bounds, Dash};
use crate::links::HeadMark;
use crate::pen::{self, Point, Step};
use crate::scene::{
    self, Figure, Form, Mix, Outline, Pencil, RULE_WIDTH, Rgb, STRIKE_ABOVE, UNDERLINE_BELOW, Words,
};
use crate::schema::{OutlineStep, Place, ShapeKind};
use crate::text::Style;

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

/// Upright edges of something on the board.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Extent {
    pub(super) fn of(frame: &Bounds) -> Extent {
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

    /// What of it lies within the other; a point at the edge when nothing does.
    pub(super) fn within(self, other: Extent) -> Extent {
        let across = |x: f64| x.max(other.left).min(other.right);
        let down = |y: f64| y.max(other.top).min(other.bottom);
        Extent {
            left: across(self.left),
            top: down(self.top),
            right: across(self.right),
            bottom: down(self.bottom),
        }
    }

    pub(super) fn with(self, other: Extent) -> Extent {
        Extent {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// How the board is mapped onto the picture.
pub(super) struct View {
    left: f64,
    top: f64,
    /// Pixels of the picture to one of the board.
    scale: f64,
}

impl View {
    pub(super) fn around(content: &Extent) -> View {
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

    /// The box in the picture.
    pub(super) fn placed(&self, frame: &Bounds) -> Bounds {
        Bounds {
            x: (frame.x - self.left) * self.scale,
            y: (frame.y - self.top) * self.scale,
            w: frame.w * self.scale,
            h: frame.h * self.scale,
            angle: frame.angle,
        }
    }

    pub(super) fn draw(&self, figure: &Figure) -> String {
        let Bounds { x, y, w, h, angle } = self.placed(&figure.frame);
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
        match figure.mix {
            None => {}
            Some(Mix::Multiply) => out.push_str(r#" style="mix-blend-mode:multiply""#),
            Some(Mix::Screen) => out.push_str(r#" style="mix-blend-mode:screen""#),
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
            Form::Link {
                steps,
                heads,
                pencil,
            } => {
                put_path(
                    &mut out,
                    &self.simplify(steps),
                    &self.paint(None, Some(*pencil)),
                );
                let solid = Pencil {
                    dash: Dash::Solid,
                    ..*pencil
                };
                for head in heads {
                    let fill = head.is_solid.then_some(pencil.color);
                    self.put_head(&mut out, head, &self.paint(fill, Some(solid)));
                }
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

    fn put_head(&self, out: &mut String, head: &HeadMark, paint: &str) {
        if !head.steps.is_empty() {
            let scaled = head.steps.iter().map(|step| step.map(|p| self.scaled(p)));
            put_path(out, &scaled.collect::<Vec<_>>(), paint);
        }
        if let Some((middle, radius)) = head.ring {
            let middle = self.scaled(middle);
            put(
                out,
                format_args!(
                    r#"<circle cx="{}" cy="{}" r="{}"{paint}/>"#,
                    Coarse(middle.x),
                    Coarse(middle.y),
                    Coarse(radius * self.scale)
                ),
            );
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
            for word in &row.words {
                put(
                    out,
                    format_args!(r#"<tspan x="{}" y="{y}""#, Fine(word.x * self.scale)),
                );
                if word.style.has(Style::BOLD) {
                    out.push_str(r#" font-weight="700""#);
                }
                if word.style.has(Style::ITALIC) {
                    out.push_str(r#" font-style="italic""#);
                }
                // One letter stretched to a length would be a distorted letter.
                if word.text.chars().nth(1).is_some() {
                    let length = Fine(word.width * self.scale);
                    put(
                        out,
                        format_args!(r#" textLength="{length}" lengthAdjust="spacingAndGlyphs""#),
                    );
                }
                put(out, format_args!(">{}</tspan>", Escaped(&word.text)));
            }
        }
        out.push_str("</text>");
        self.put_rules(out, words);
    }

    /// What is underlined or struck through.
    fn put_rules(&self, out: &mut String, words: &Words) {
        let mut steps = String::new();
        for row in &words.lines {
            let under = |style: Style| style.has(Style::UNDERLINE) || style.has(Style::LINK);
            let lines = [
                (row.rules(under), UNDERLINE_BELOW),
                (row.rules(|style| style.has(Style::STRIKE)), -STRIKE_ABOVE),
            ];
            for (rules, below) in lines {
                let y = Coarse((row.baseline + below * words.font_size) * self.scale);
                for (x, length) in rules {
                    put(
                        &mut steps,
                        format_args!(
                            "M{} {y}h{}",
                            Coarse(x * self.scale),
                            Coarse(length * self.scale)
                        ),
                    );
                }
            }
        }
        if steps.is_empty() {
            return;
        }
        let width = Fine((RULE_WIDTH * words.font_size * self.scale).max(0.4));
        put(
            out,
            format_args!(
                r#"<path d="{steps}" stroke="{}" stroke-width="{width}"/>"#,
                hex(words.color)
            ),
        );
    }

    /// Words too small to read, as bars of the height of small letters.
    fn put_bars(&self, out: &mut String, words: &Words) {
        let height = words.font_size * self.scale / 2.0;
        out.push_str("<path d=\"");
        for row in &words.lines {
            let ends = row.words.iter().map(|word| (word.x, word.x + word.width));
            let Some((start, end)) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) else {
                continue;
            };
            let y = row.baseline * self.scale - height / 2.0;
            put(
                out,
                format_args!(
                    "M{} {}h{}",
                    Coarse(start * self.scale),
                    Coarse(y),
                    Coarse((end - start) * self.scale)
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

fn put_outline(out: &mut String, outline: Outline, size: (f64, f64), scale: f64, paint: &str) {
    let (w, h) = size;
    let radius = Fine(scene::corner_radius(outline, w / scale, h / scale) * scale);
    let (cx, cy) = (Fine(w / 2.0), Fine(h / 2.0));
    let (w, h) = (Fine(w), Fine(h));
    match outline {
        Outline::Rectangle | Outline::Picture | Outline::Placeholder | Outline::Sheet => {
            put(
                out,
                format_args!(r#"<rect width="{w}" height="{h}" rx="{radius}"{paint}/>"#),
            );
        }
        // Paper without a colour is no paper, and casts no shadow.
        Outline::Note if paint.is_empty() => {}
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
        Outline::Drawn(kind) => put_drawn(out, kind, size, paint),
        Outline::Diamond => {
            put(
                out,
                format_args!(r#"<path d="M{cx} 0L{w} {cy}L{cx} {h}L0 {cy}Z"{paint}/>"#),
            );
        }
    }
}

fn put_drawn(out: &mut String, kind: ShapeKind, (w, h): (f64, f64), paint: &str) {
    out.push_str("<path d=\"");
    let place = |p: Place| {
        let (x, y) = p.within(w, h);
        (Coarse(x), Coarse(y))
    };
    for step in kind.outline().unwrap_or_default() {
        match *step {
            OutlineStep::Move(p) => {
                let (x, y) = place(p);
                put(out, format_args!("M{x} {y}"));
            }
            OutlineStep::Line(p) => {
                let (x, y) = place(p);
                put(out, format_args!("L{x} {y}"));
            }
            OutlineStep::Cubic(a, b, c) => {
                let ((ax, ay), (bx, by), (cx, cy)) = (place(a), place(b), place(c));
                put(out, format_args!("C{ax} {ay} {bx} {by} {cx} {cy}"));
            }
            OutlineStep::Close => out.push('Z'),
        }
    }
    put(out, format_args!(r#""{paint}/>"#));
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
