//! Keeping what lies in a frame within it.
//!
//! A nested `svg` shows nothing beyond its edges, so no clip path needs a name that something would refer to.

use super::view::View;
use super::write::{Fine, put};
use crate::document::Bounds;

/// What is drawn one after the other, each within its frames; neighbours within the same ones share them.
pub(super) fn joined(view: &View, drawn: impl Iterator<Item = (Vec<Bounds>, String)>) -> String {
    let mut out = String::new();
    let mut open: Vec<Bounds> = Vec::new();
    for (within, svg) in drawn {
        let same = open.iter().zip(&within).take_while(|(a, b)| a == b).count();
        close(&mut out, &open[same..]);
        for frame in &within[same..] {
            put(&mut out, format_args!("{}", start(view, frame)));
        }
        open = within;
        out.push_str(&svg);
    }
    close(&mut out, &open);
    out
}

/// How many bytes the frames take around one element, if it shares them with no other.
pub(super) fn bytes(view: &View, within: &[Bounds]) -> usize {
    let all = within.iter();
    all.map(|frame| start(view, frame).len() + end(frame).len())
        .sum()
}

fn start(view: &View, frame: &Bounds) -> String {
    let Bounds { x, y, w, h, angle } = view.placed(frame);
    let turn = |angle: f64| {
        let degrees = angle.rem_euclid(std::f64::consts::TAU).to_degrees();
        let (cx, cy) = (Fine(x + w / 2.0), Fine(y + h / 2.0));
        format!(r#"<g transform="rotate({} {cx} {cy})">"#, Fine(degrees))
    };
    let (x, y, w, h) = (Fine(x), Fine(y), Fine(w), Fine(h));
    let sheet =
        format!(r#"<svg x="{x}" y="{y}" width="{w}" height="{h}" viewBox="{x} {y} {w} {h}">"#);
    match angle == 0.0 {
        true => sheet,
        // The edges are turned, and what they hold is turned back.
        false => format!("{}{sheet}{}", turn(angle), turn(-angle)),
    }
}

fn end(frame: &Bounds) -> &'static str {
    match frame.angle == 0.0 {
        true => "</svg>",
        false => "</g></svg></g>",
    }
}

fn close(out: &mut String, frames: &[Bounds]) {
    for frame in frames.iter().rev() {
        out.push_str(end(frame));
    }
}
