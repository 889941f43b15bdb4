//! What the ends of lines and connectors look like, in units of the head's size.
//!
//! A point is (along, across): how far from the tip back along the line, and how far to its side.

/// How an end of a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Head {
    None,
    Arrow,
    Triangle,
    TriangleOpen,
    Diamond,
    DiamondOpen,
    Circle,
    CircleOpen,
    Bar,
    Many,
    ExactlyOne,
    ZeroOrOne,
    OneOrMany,
    ZeroOrMany,
}

/// The figure of a head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadForm {
    /// How far before the tip the line itself ends.
    pub reach: f64,
    pub steps: &'static [HeadStep],
    /// A circle on the line: where its middle is, and its radius.
    pub ring: Option<(f64, f64)>,
    /// Filled with the line's colour.
    pub is_solid: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HeadStep {
    Move(f64, f64),
    Line(f64, f64),
    Close,
}

use HeadStep::{Close, Line, Move};

const ARROW: &[HeadStep] = &[
    Move(0.900_968_867_902_419_1, 0.433_883_739_117_558_1),
    Line(0.0, 0.0),
    Line(0.900_968_867_902_419_1, -0.433_883_739_117_558_1),
];
const TRIANGLE: &[HeadStep] = &[Move(0.0, 0.0), Line(1.0, 0.5), Line(1.0, -0.5), Close];
const DIAMOND: &[HeadStep] = &[
    Move(0.0, 0.0),
    Line(0.65, 0.4),
    Line(1.3, 0.0),
    Line(0.65, -0.4),
    Close,
];
const BAR: &[HeadStep] = &[Move(0.5, 0.5), Line(0.5, -0.5)];
const TWO_BARS: &[HeadStep] = &[
    Move(0.45, 0.5),
    Line(0.45, -0.5),
    Move(0.85, 0.5),
    Line(0.85, -0.5),
];
const FOOT: &[HeadStep] = &[Move(0.0, 0.55), Line(1.0, 0.0), Line(0.0, -0.55)];
const BAR_TO_RING: &[HeadStep] = &[
    Move(0.45, 0.5),
    Line(0.45, -0.5),
    Move(0.0, 0.0),
    Line(0.7, 0.0),
];
const FOOT_AND_BAR: &[HeadStep] = &[
    Move(0.0, 0.55),
    Line(1.0, 0.0),
    Line(0.0, -0.55),
    Move(1.3, 0.5),
    Line(1.3, -0.5),
];
const FOOT_TO_RING: &[HeadStep] = &[
    Move(0.0, 0.55),
    Line(1.0, 0.0),
    Line(0.0, -0.55),
    Move(0.0, 0.0),
    Line(1.0, 0.0),
];

impl Head {
    pub const ALL: [Head; 14] = [
        Head::None,
        Head::Arrow,
        Head::Triangle,
        Head::TriangleOpen,
        Head::Diamond,
        Head::DiamondOpen,
        Head::Circle,
        Head::CircleOpen,
        Head::Bar,
        Head::Many,
        Head::ExactlyOne,
        Head::ZeroOrOne,
        Head::OneOrMany,
        Head::ZeroOrMany,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Head::None => "none",
            Head::Arrow => "arrow",
            Head::Triangle => "triangle",
            Head::TriangleOpen => "triangle_open",
            Head::Diamond => "diamond",
            Head::DiamondOpen => "diamond_open",
            Head::Circle => "circle",
            Head::CircleOpen => "circle_open",
            Head::Bar => "bar",
            Head::Many => "many",
            Head::ExactlyOne => "exactly_one",
            Head::ZeroOrOne => "zero_or_one",
            Head::OneOrMany => "one_or_many",
            Head::ZeroOrMany => "zero_or_many",
        }
    }

    pub fn from_name(name: &str) -> Option<Head> {
        Head::ALL.into_iter().find(|known| known.name() == name)
    }

    pub fn form(self) -> HeadForm {
        let lines = |reach: f64, steps: &'static [HeadStep], is_solid: bool| HeadForm {
            reach,
            steps,
            ring: None,
            is_solid,
        };
        match self {
            Head::None => lines(0.0, &[], false),
            Head::Arrow => lines(0.0, ARROW, false),
            Head::Triangle => lines(1.0, TRIANGLE, true),
            Head::TriangleOpen => lines(1.0, TRIANGLE, false),
            Head::Diamond => lines(1.3, DIAMOND, true),
            Head::DiamondOpen => lines(1.3, DIAMOND, false),
            Head::Circle => with_ring(0.8, &[], (0.4, 0.4), true),
            Head::CircleOpen => with_ring(0.8, &[], (0.4, 0.4), false),
            Head::Bar => lines(0.0, BAR, false),
            Head::Many => lines(0.0, FOOT, false),
            Head::ExactlyOne => lines(0.0, TWO_BARS, false),
            Head::ZeroOrOne => with_ring(1.3, BAR_TO_RING, (1.0, 0.3), false),
            Head::OneOrMany => lines(0.0, FOOT_AND_BAR, false),
            Head::ZeroOrMany => with_ring(1.6, FOOT_TO_RING, (1.3, 0.3), false),
        }
    }
}

fn with_ring(reach: f64, steps: &'static [HeadStep], ring: (f64, f64), is_solid: bool) -> HeadForm {
    HeadForm {
        reach,
        steps,
        ring: Some(ring),
        is_solid,
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, HeadStep};

    #[test]
    fn every_head_has_a_name_of_its_own() {
        for head in Head::ALL {
            assert_eq!(Head::from_name(head.name()), Some(head));
        }
        assert_eq!(Head::from_name("of a later version"), None);
    }

    #[test]
    fn a_line_that_ends_before_its_tip_meets_the_head() {
        for head in Head::ALL {
            let form = head.form();
            let ring = form.ring.map(|(middle, radius)| middle + radius);
            let on_line = form.steps.iter().filter_map(|step| match *step {
                HeadStep::Move(along, _) | HeadStep::Line(along, _) => Some(along),
                HeadStep::Close => None,
            });
            let farthest = on_line.chain(ring).fold(0.0, f64::max);
            assert!(form.reach == 0.0 || form.reach == farthest, "{head:?}");
        }
    }
}
