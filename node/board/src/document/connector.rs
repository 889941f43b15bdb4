//! A connector: a line whose ends may be bound to elements.

use std::collections::HashMap;

use yrs::Any;

use super::element::{Dash, Label, Paint, is_word, number, read_head};
use crate::schema::{Head, MODES, ROUTES, is_element_id};

#[derive(Debug, Clone, PartialEq)]
pub struct Connector {
    pub kind: RouteKind,
    pub stroke: Paint,
    pub stroke_width: f64,
    pub dash: Dash,
    pub from: Joint,
    pub to: Joint,
    /// Stands in the middle of the way.
    pub label: Label,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteKind {
    Elbow,
    Straight,
    Curved,
}

impl RouteKind {
    /// A word of a later version, or none, reads as the first.
    pub(super) fn from_name(name: Option<&str>) -> RouteKind {
        let place = ROUTES.iter().position(|known| Some(*known) == name);
        [RouteKind::Elbow, RouteKind::Straight, RouteKind::Curved][place.unwrap_or(0)]
    }

    pub fn name(self) -> &'static str {
        match self {
            RouteKind::Elbow => ROUTES[0],
            RouteKind::Straight => ROUTES[1],
            RouteKind::Curved => ROUTES[2],
        }
    }
}

/// One end of a connector.
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    /// As fractions of the connector's own box: where a free end is, and where a bound one was when it was last
    /// written, which counts while its element is not there.
    pub x: f64,
    pub y: f64,
    pub binding: Option<Binding>,
    pub head: Head,
}

/// What an end is bound to.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub element: String,
    /// As fractions of that element's box.
    pub x: f64,
    pub y: f64,
    pub mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// On the outline, where the way from the other end meets it.
    Auto,
    /// Just there.
    Fixed,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Mode::Auto => MODES[0],
            Mode::Fixed => MODES[1],
        }
    }
}

/// The ends that a connector's `data` reads as, and whether nothing in it is wrong.
pub(crate) fn joints(data: Option<&Any>) -> ((Joint, Joint), bool) {
    let nothing = HashMap::new();
    let (data, is_map) = match data {
        Some(Any::Map(data)) => (data.as_ref(), true),
        _ => (&nothing, false),
    };
    let (from, from_exact) = joint(data.get("from"), data.get("from_head"), (0.0, 0.0));
    let (to, to_exact) = joint(data.get("to"), data.get("to_head"), (1.0, 1.0));
    ((from, to), is_map && from_exact && to_exact)
}

fn joint(end: Option<&Any>, head: Option<&Any>, default: (f64, f64)) -> (Joint, bool) {
    let (head, head_exact) = read_head(head);
    let nothing = HashMap::new();
    let (end, is_map) = match end {
        Some(Any::Map(end)) => (end.as_ref(), true),
        _ => (&nothing, false),
    };
    let element = match end.get("element") {
        Some(Any::String(id)) if is_element_id(id) => Some(id.as_ref().to_owned()),
        _ => None,
    };
    let exact_element = element.is_some() == end.contains_key("element");
    let at = end.get("at").and_then(place);
    let Some(element) = element else {
        let (x, y) = at.unwrap_or(default);
        let free = Joint {
            x,
            y,
            binding: None,
            head,
        };
        return (free, is_map && exact_element && at.is_some() && head_exact);
    };
    let within = at.filter(|(x, y)| (0.0..=1.0).contains(x) && (0.0..=1.0).contains(y));
    let last = end.get("last").and_then(place);
    let last_exact = last.is_some() == end.contains_key("last");
    let (mode, mode_exact) = match end.get("mode") {
        None => (Mode::Auto, true),
        Some(Any::String(word)) if word.as_ref() == MODES[1] => (Mode::Fixed, true),
        // A mode of a later version reads as the first.
        Some(word) => (Mode::Auto, is_word(word)),
    };
    let (x, y) = within.unwrap_or((0.5, 0.5));
    let binding = Binding {
        element,
        x,
        y,
        mode,
    };
    let (x, y) = last.unwrap_or(default);
    let bound = Joint {
        x,
        y,
        binding: Some(binding),
        head,
    };
    (
        bound,
        within.is_some() && last_exact && mode_exact && head_exact,
    )
}

fn place(value: &Any) -> Option<(f64, f64)> {
    match value {
        Any::Array(entries) => match entries.as_ref() {
            [x, y] => number(x).zip(number(y)),
            _ => None,
        },
        _ => None,
    }
}

/// An end as the document holds it. What a later version keeps beside it in `before` stays.
pub(crate) fn joint_any(joint: &Joint, before: Option<&Any>) -> Any {
    let mut kept: HashMap<String, Any> = match before {
        Some(Any::Map(entries)) => entries.as_ref().clone(),
        _ => HashMap::new(),
    };
    let place = |x: f64, y: f64| Any::from(vec![Any::from(x), Any::from(y)]);
    match &joint.binding {
        None => {
            for key in ["element", "mode", "last"] {
                kept.remove(key);
            }
            kept.insert("at".to_owned(), place(joint.x, joint.y));
        }
        Some(binding) => {
            kept.insert("element".to_owned(), binding.element.as_str().into());
            kept.insert("at".to_owned(), place(binding.x, binding.y));
            kept.insert("last".to_owned(), place(joint.x, joint.y));
            // A mode of a later version reads as the first and is kept.
            let is_later = |mode: &Any| {
                is_word(mode)
                    && !matches!(mode, Any::String(word) if MODES.contains(&word.as_ref()))
            };
            if binding.mode != Mode::Auto || !kept.get("mode").is_some_and(is_later) {
                kept.insert("mode".to_owned(), binding.mode.name().into());
            }
        }
    }
    Any::from(kept)
}
