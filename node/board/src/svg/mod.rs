//! The picture of a board on the start page: a small SVG that fits its content.
//!
//! It is shown in an `<img>`, so it holds no script, no style sheet, no foreign object and no
//! reference to anything; every text in it is escaped. Fonts of the page do not reach into an
//! `<img>`: each word has its computed x and length, whatever font the viewer's system then has.
//!
//! It is bounded whatever the board holds: of more than [`ELEMENTS_MAX`] elements the largest are
//! drawn, then those, still from the largest, that fit into [`BYTES_MAX`]; what is drawn keeps its
//! order. Content may be simplified below what a picture of this size can show.

mod clip;
mod linked;
mod view;
mod write;

use std::collections::HashMap;

use crate::document::{Body, Bounds, Element, nesting};
use crate::scene::{self, Figure, figure_saying};
use crate::schema::Theme;
use linked::{Linked, label_of};
use view::{Extent, View};
use write::hex;

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

/// Draws a board, lowest element first and what lies in a frame within it, on a transparent ground.
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
    let nesting = nesting(elements);
    let shown = |index: usize| {
        let extent = Extent::of(&frames[index]);
        let within = nesting.frames(elements, index);
        within.iter().map(Extent::of).fold(extent, Extent::within)
    };
    // The stored box of a group is what it last was.
    let drawn = (0..elements.len()).filter(|&index| !matches!(elements[index].body, Body::Group));
    let Some(content) = drawn.map(shown).reduce(Extent::with) else {
        return wrap(&empty(theme));
    };
    let linked = Linked::among(elements, &frames, &chosen);
    for (&index, ends) in &linked.ends {
        frames[index] = linked.figure(&elements[index], ends, 0, theme).frame;
    }
    let content = match linked.ends.is_empty() {
        true => content,
        false => frames
            .iter()
            .map(Extent::of)
            .reduce(Extent::with)
            .unwrap_or(content),
    };
    let view = View::around(&content);

    let mut drawn: HashMap<usize, (Vec<Bounds>, String)> = HashMap::with_capacity(chosen.len());
    let mut bytes_left = BYTES_MAX - wrap("").len();
    for index in chosen {
        let figure = texts
            .remove(&index)
            .or_else(|| match linked.ends.get(&index) {
                None => allowance.figure(&elements[index], theme),
                Some(ends) => {
                    let text = allowance.take_text(label_of(&elements[index]));
                    Some(linked.figure(&elements[index], ends, text, theme))
                }
            });
        let Some(svg) = figure.map(|figure| view.draw(&figure)) else {
            continue;
        };
        let within = nesting.frames(elements, index);
        let bytes = svg.len() + clip::bytes(&view, &within);
        if bytes <= bytes_left {
            bytes_left -= bytes;
            drawn.insert(index, (within, svg));
        }
    }
    let in_order = nesting.order.iter();
    let in_order = in_order.filter_map(|index| drawn.remove(index));
    wrap(&clip::joined(&view, in_order))
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
            Body::Pen(pen) | Body::Highlighter(pen) => (0, pen.ink.points.len()),
            Body::Connector(connector) => (connector.label.text.len(), 0),
            Body::Line(_)
            | Body::Image(_)
            | Body::Frame(_)
            | Body::Group
            | Body::Unknown { .. } => (0, 0),
        };
        let text = self.take_text(text);
        self.points = self.points.checked_sub(points)?;
        Some(figure_saying(element, text, theme))
    }

    /// How much of a text of so many bytes may be laid out.
    fn take_text(&mut self, bytes: usize) -> usize {
        let text = bytes.min(TEXT_BYTES_MAX).min(self.text_bytes);
        self.text_bytes -= text;
        text
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

#[cfg(test)]
mod tests;
