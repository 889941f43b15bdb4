//! What hangs below what: in which order a board is drawn, and what of an element its frames let be seen.
//!
//! An element follows its parent, and among those of one parent the lowest comes first. A parent that is no frame and no
//! group, that is not there, or that leads back in a circle counts as none.

use std::collections::HashMap;

use super::element::{Body, Bounds, Element};
use crate::schema::NESTING_MAX;

/// The elements of a board in the order in which they are drawn.
#[derive(Debug)]
pub struct Nesting {
    /// Indices into the elements, in the order of drawing.
    pub order: Vec<usize>,
    /// For every element the index of what it hangs below.
    parents: Vec<Option<usize>>,
}

/// `elements` come lowest first.
pub fn nesting(elements: &[Element]) -> Nesting {
    let holders: HashMap<&str, usize> = elements
        .iter()
        .enumerate()
        .filter(|(_, element)| matches!(element.body, Body::Frame(_) | Body::Group))
        .map(|(index, element)| (element.id.as_str(), index))
        .collect();
    let stored: Vec<Option<usize>> = elements
        .iter()
        .map(|element| holders.get(element.parent.as_deref()?).copied())
        .collect();
    let parents: Vec<Option<usize>> = (0..elements.len())
        .map(|index| stored[index].filter(|_| !is_circular(&stored, index)))
        .collect();
    let mut below: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (index, parent) in parents.iter().enumerate() {
        below.entry(*parent).or_default().push(index);
    }
    let mut order = Vec::with_capacity(elements.len());
    let mut next = below.remove(&None).unwrap_or_default();
    next.reverse();
    while let Some(index) = next.pop() {
        order.push(index);
        if let Some(children) = below.remove(&Some(index)) {
            next.extend(children.into_iter().rev());
        }
    }
    Nesting { order, parents }
}

impl Nesting {
    /// Boxes of the frames that an element lies in, the outermost first.
    pub fn frames(&self, elements: &[Element], index: usize) -> Vec<Bounds> {
        let mut frames = Vec::new();
        let mut next = self.parents[index];
        for _ in 0..NESTING_MAX {
            let Some(here) = next else { break };
            if matches!(elements[here].body, Body::Frame(_)) {
                frames.push(elements[here].bounds);
            }
            next = self.parents[here];
        }
        frames.reverse();
        frames
    }
}

/// Whether what an element hangs below leads back to it.
fn is_circular(parents: &[Option<usize>], index: usize) -> bool {
    let mut next = parents[index];
    // A circle that the element is not in, and what hangs too deep, end here as well.
    for _ in 0..=NESTING_MAX {
        match next {
            Some(here) if here == index => return true,
            Some(here) => next = parents[here],
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::nesting;
    use crate::document::{Body, Bounds, Element, Frame, Paint};

    /// `name`, or `name<parent`; capitals are frames, digits groups.
    fn board(names: &str) -> Vec<Element> {
        names
            .split_whitespace()
            .enumerate()
            .map(|(at, name)| {
                let (id, parent) = name.split_once('<').unwrap_or((name, ""));
                let body = match id.chars().next() {
                    Some(first) if first.is_ascii_uppercase() => Body::Frame(Frame {
                        fill: Paint::None,
                        name: String::new(),
                        order: None,
                    }),
                    Some(first) if first.is_ascii_digit() => Body::Group,
                    _ => Body::Unknown {
                        type_name: "later".to_owned(),
                    },
                };
                let x = at as f64;
                Element {
                    id: id.to_owned(),
                    bounds: Bounds {
                        x,
                        y: 0.0,
                        w: 1.0,
                        h: 1.0,
                        angle: 0.0,
                    },
                    z: format!("a{at}"),
                    parent: (!parent.is_empty()).then(|| parent.to_owned()),
                    opacity: 1.0,
                    locked: false,
                    body,
                }
            })
            .collect()
    }

    fn check(names: &str, expected: &str) {
        let elements = board(names);
        let nesting = nesting(&elements);
        let drawn = nesting.order.iter().map(|&index| {
            let frames = nesting.frames(&elements, index);
            let frames = frames
                .iter()
                .map(|frame| elements[frame.x as usize].id.as_str());
            let within: Vec<&str> = frames.collect();
            match within.is_empty() {
                true => elements[index].id.clone(),
                false => format!("{}@{}", elements[index].id, within.join("/")),
            }
        });
        assert_eq!(drawn.collect::<Vec<_>>().join(" "), expected, "of {names}");
    }

    #[test]
    fn what_hangs_below_another_is_drawn_after_it_and_within_its_frames() {
        check("a b c", "a b c");
        check("a<F b F", "b F a@F");
        check("F c<F b<F d", "F c@F b@F d");
        check("1 F<1 a<F b<1", "1 F a@F b");
        check("F G<F a<G", "F G@F a@F/G");
    }

    #[test]
    fn a_parent_that_holds_nothing_or_leads_back_counts_as_none() {
        check("a b<a c<gone", "a b c");
        check("F<G G<F a<F", "F a@F G");
        check("1<1 a<1", "1 a");
    }
}
