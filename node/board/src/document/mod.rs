//! The typed reading of a document: what the elements of a board are, whatever anybody wrote into it.
//!
//! Reading is total: a missing or wrong value reads as the default, so a reader never fails. [`repair`](crate::repair)
//! makes the document say what is read here.

mod canonical;
mod connector;
mod element;
mod image;
mod nesting;

pub use canonical::{Likeness, canonical_json, likeness, version};
pub use connector::{Binding, Connector, Joint, Mode, RouteKind};
pub use element::{
    Body, Bounds, Dash, Element, End, Frame, Label, Line, Paint, Pen, Shape, Sticky, Text,
    read_element,
};
pub use image::Image;
pub use nesting::{Nesting, nesting};

use yrs::{Map, MapRef, Out, ReadTxn};

use crate::schema::{ROOT_ELEMENTS, ROOT_META, StyleValue, is_element_id};

/// All elements, lowest first. Entries that are no elements are left out; types of later versions are in it.
pub fn elements<T: ReadTxn>(txn: &T) -> Vec<Element> {
    let Some(root) = txn.get_map(ROOT_ELEMENTS) else {
        return Vec::new();
    };
    let mut elements: Vec<Element> = root
        .iter(txn)
        .filter(|(id, _)| is_element_id(id))
        .filter_map(|(id, value)| match value {
            Out::YMap(map) => read_element(txn, id, &map),
            _ => None,
        })
        .collect();
    elements.sort_by(|a, b| (&a.z, &a.id).cmp(&(&b.z, &b.id)));
    elements
}

/// The paint that the board was given as background, if any.
pub fn background<T: ReadTxn>(txn: &T) -> Option<Paint> {
    let meta: MapRef = txn.get_map(ROOT_META)?;
    match meta.get(txn, "background")? {
        Out::Any(value) if element::style_fits(StyleValue::Paint, &value) => element::paint(&value),
        _ => None,
    }
}

pub use crate::schema::Head;
pub(crate) use canonical::{any, real};
pub(crate) use connector::{joint_any, joints};
pub(crate) use element::{PenData, bounds_or_default, ends, is_paint, is_word, style_fits, via};
pub(crate) use image::{IMAGE_MEMBERS, SIDE_MAX, image, is_asset_id, is_crop, is_side};
