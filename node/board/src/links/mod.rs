//! Lines and connectors: where their ends are, the way between them, their heads, and the gap for a label.
//!
//! The browser draws the same (`node/web/src/core/connectors`). There an elbow also goes around what stands in its
//! way; here, where a board is seen small, it only leaves and meets its own two elements squarely.

mod heads;
mod rim;
mod way;

pub use heads::HeadMark;
pub(crate) use heads::marks;
pub(crate) use rim::Rim;
pub(crate) use way::{gap_for, middle, way};

use crate::document::Bounds;
use crate::pen::Point;

/// The upright box around points.
pub(crate) fn bounds_of(points: &[Point]) -> Bounds {
    let first = points.first().copied().unwrap_or(Point { x: 0.0, y: 0.0 });
    let (mut left, mut top, mut right, mut bottom) = (first.x, first.y, first.x, first.y);
    for p in points {
        (left, right) = (left.min(p.x), right.max(p.x));
        (top, bottom) = (top.min(p.y), bottom.max(p.y));
    }
    Bounds {
        x: left,
        y: top,
        w: right - left,
        h: bottom - top,
        angle: 0.0,
    }
}
