//! What stands at the ends of a line.

use crate::pen::{Point, Step};
use crate::schema::{Head, HeadStep};

/// A head at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadMark {
    pub steps: Vec<Step>,
    /// Middle and radius.
    pub ring: Option<(Point, f64)>,
    pub is_solid: bool,
}

/// The heads of a line through these points, and the line itself, which ends before some of them.
pub(crate) fn marks(
    points: &[Point],
    heads: (Head, Head),
    stroke_width: f64,
) -> (Vec<Point>, Vec<HeadMark>) {
    let mut line = points.to_vec();
    let mut marks = Vec::new();
    if points.len() < 2 {
        return (line, marks);
    }
    let last = points.len() - 1;
    for (head, tip_at, next_at) in [(heads.0, 0, 1), (heads.1, last, last - 1)] {
        let form = head.form();
        let (tip, next) = (points[tip_at], points[next_at]);
        let length = (next.x - tip.x).hypot(next.y - tip.y);
        if head == Head::None || length == 0.0 {
            continue;
        }
        // Two heads share what there is of a single stretch.
        let room = if last == 1 { length / 2.0 } else { length };
        let size = (8.0 + 3.0 * stroke_width).min(room / form.reach.max(1.0));
        let (bx, by) = ((next.x - tip.x) / length, (next.y - tip.y) / length);
        let at = |along: f64, across: f64| Point {
            x: tip.x + size * (bx * along - by * across),
            y: tip.y + size * (by * along + bx * across),
        };
        line[tip_at] = at(form.reach, 0.0);
        let mut begun = tip;
        let steps = form.steps.iter().map(|step| match *step {
            HeadStep::Move(along, across) => {
                begun = at(along, across);
                Step::Move(begun)
            }
            HeadStep::Line(along, across) => Step::Line(at(along, across)),
            HeadStep::Close => Step::Line(begun),
        });
        marks.push(HeadMark {
            steps: steps.collect(),
            ring: form
                .ring
                .map(|(middle, radius)| (at(middle, 0.0), size * radius)),
            is_solid: form.is_solid,
        });
    }
    (line, marks)
}
