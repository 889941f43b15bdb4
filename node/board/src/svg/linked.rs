//! The connectors of a picture, and what their ends sit on.

use std::collections::{BTreeMap, HashMap};

use crate::document::{Body, Bounds, Element};
use crate::links::Rim;
use crate::scene::{Figure, figure_among};
use crate::schema::Theme;

/// For each end the id of its element, if it has one.
type Ends<'e> = [Option<&'e str>; 2];

pub(super) struct Linked<'e> {
    rims: HashMap<&'e str, Rim>,
    /// Of those connectors that are drawn, by their index.
    pub(super) ends: BTreeMap<usize, Ends<'e>>,
}

impl<'e> Linked<'e> {
    pub(super) fn among(
        elements: &'e [Element],
        frames: &[Bounds],
        chosen: &[usize],
    ) -> Linked<'e> {
        let ends: BTreeMap<usize, Ends<'e>> = chosen
            .iter()
            .filter_map(|&index| Some((index, ends_of(&elements[index])?)))
            .collect();
        let mut wanted: HashMap<&str, Option<usize>> = ends
            .values()
            .flatten()
            .flatten()
            .map(|id| (*id, None))
            .collect();
        if !wanted.is_empty() {
            for (index, element) in elements.iter().enumerate() {
                if let Some(found) = wanted.get_mut(element.id.as_str()) {
                    *found = Some(index);
                }
            }
        }
        let rims = wanted.into_values().flatten().filter_map(|index| {
            let element = &elements[index];
            Some((element.id.as_str(), Rim::of(element, frames[index])?))
        });
        Linked {
            rims: rims.collect(),
            ends,
        }
    }

    pub(super) fn figure(
        &self,
        element: &Element,
        ends: &Ends<'_>,
        text_bytes: usize,
        theme: Theme,
    ) -> Figure {
        let rims = ends.map(|end| end.and_then(|id| self.rims.get(id)));
        figure_among(element, rims, text_bytes, theme)
    }
}

fn ends_of(element: &Element) -> Option<Ends<'_>> {
    let Body::Connector(connector) = &element.body else {
        return None;
    };
    Some([
        connector
            .from
            .binding
            .as_ref()
            .map(|to| to.element.as_str()),
        connector.to.binding.as_ref().map(|to| to.element.as_str()),
    ])
}

/// Bytes of its label.
pub(super) fn label_of(element: &Element) -> usize {
    match &element.body {
        Body::Connector(connector) => connector.label.text.len(),
        _ => 0,
    }
}
