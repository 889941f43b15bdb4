//! The outline of an element, as far as the end of a connector must know it.

use crate::document::{Body, Bounds, Element};
use crate::pen::Point;
use crate::schema::{OutlineStep, ShapeKind};

const ELLIPSE_SIDES: u32 = 48;
/// Straight pieces that stand for a curve of an outline.
const CURVE_PIECES: u32 = 8;

pub(crate) struct Rim {
    pub(crate) frame: Bounds,
    corners: Vec<Point>,
}

/// Which way a line leaves an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Right,
    Down,
    Left,
    Up,
}

impl Side {
    pub(super) fn step(self) -> (f64, f64) {
        match self {
            Side::Right => (1.0, 0.0),
            Side::Down => (0.0, 1.0),
            Side::Left => (-1.0, 0.0),
            Side::Up => (0.0, -1.0),
        }
    }

    fn turned(self, quarters: i64) -> Side {
        let all = [Side::Right, Side::Down, Side::Left, Side::Up];
        all[(self as i64 + quarters).rem_euclid(4) as usize]
    }
}

impl Rim {
    /// Of what has an area; `frame` is where it stands as it is drawn.
    pub(crate) fn of(element: &Element, frame: Bounds) -> Option<Rim> {
        let kind = match &element.body {
            Body::Shape(shape) => shape.kind,
            Body::Sticky(_)
            | Body::Text(_)
            | Body::Image(_)
            | Body::Frame(_)
            | Body::Unknown { .. } => ShapeKind::Rectangle,
            Body::Pen(_)
            | Body::Highlighter(_)
            | Body::Line(_)
            | Body::Connector(_)
            | Body::Group => return None,
        };
        let corners = outline(kind, frame.w, frame.h)
            .into_iter()
            .map(|p| in_world(&frame, p))
            .collect();
        Some(Rim { frame, corners })
    }

    #[cfg(test)]
    pub(super) fn rectangle(frame: Bounds) -> Rim {
        let corners = outline(ShapeKind::Rectangle, frame.w, frame.h);
        let corners = corners.into_iter().map(|p| in_world(&frame, p));
        Rim {
            frame,
            corners: corners.collect(),
        }
    }

    /// A place given as fractions of the box.
    pub(super) fn place(&self, x: f64, y: f64) -> Point {
        let (w, h) = (self.frame.w, self.frame.h);
        in_world(&self.frame, Point { x: x * w, y: y * h })
    }

    /// The side that a place is nearest to, as it is turned.
    pub(super) fn side_of(&self, x: f64, y: f64) -> Side {
        let Bounds { w, h, angle, .. } = self.frame;
        let mut nearest = (x * w, Side::Left);
        for one in [
            ((1.0 - x) * w, Side::Right),
            (y * h, Side::Up),
            ((1.0 - y) * h, Side::Down),
        ] {
            if one.0 < nearest.0 {
                nearest = one;
            }
        }
        #[allow(clippy::cast_possible_truncation)]
        let quarters = (angle / std::f64::consts::FRAC_PI_2).round() as i64;
        nearest.1.turned(quarters)
    }

    /// Where a line from the middle leaves for this side.
    pub(super) fn exit(&self, side: Side) -> Point {
        let middle = self.place(0.5, 0.5);
        let (dx, dy) = side.step();
        let reach = self.frame.w + self.frame.h + 1.0;
        let far = Point {
            x: middle.x + dx * reach,
            y: middle.y + dy * reach,
        };
        self.meet(far, middle).unwrap_or(middle)
    }

    /// Where the way from a point to one within first meets the outline.
    pub(super) fn meet(&self, from: Point, to: Point) -> Option<Point> {
        let mut first = f64::INFINITY;
        for (index, &a) in self.corners.iter().enumerate() {
            let b = self.corners[(index + 1) % self.corners.len()];
            if let Some(share) = crossing(from, to, a, b) {
                first = first.min(share);
            }
        }
        first.is_finite().then_some(Point {
            x: from.x + (to.x - from.x) * first,
            y: from.y + (to.y - from.y) * first,
        })
    }
}

/// How far along the first segment the second crosses it, 0 to 1.
fn crossing(from: Point, to: Point, a: Point, b: Point) -> Option<f64> {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let (ex, ey) = (b.x - a.x, b.y - a.y);
    let across = dx * ey - dy * ex;
    if across == 0.0 {
        return None;
    }
    let (ax, ay) = (a.x - from.x, a.y - from.y);
    let along = (ax * ey - ay * ex) / across;
    let beside = (ax * dy - ay * dx) / across;
    ((0.0..=1.0).contains(&along) && (0.0..=1.0).contains(&beside)).then_some(along)
}

fn in_world(frame: &Bounds, p: Point) -> Point {
    let (cx, cy) = (frame.x + frame.w / 2.0, frame.y + frame.h / 2.0);
    let (x, y) = (frame.x + p.x, frame.y + p.y);
    if frame.angle == 0.0 {
        return Point { x, y };
    }
    let (sin, cos) = frame.angle.sin_cos();
    let (dx, dy) = (x - cx, y - cy);
    Point {
        x: cx + dx * cos - dy * sin,
        y: cy + dx * sin + dy * cos,
    }
}

/// The corners of a shape of this size, from the top left of its box.
fn outline(kind: ShapeKind, w: f64, h: f64) -> Vec<Point> {
    let at = |fx: f64, fy: f64| Point {
        x: fx * w,
        y: fy * h,
    };
    match kind {
        ShapeKind::Rectangle => vec![at(0.0, 0.0), at(1.0, 0.0), at(1.0, 1.0), at(0.0, 1.0)],
        ShapeKind::Diamond => vec![at(0.5, 0.0), at(1.0, 0.5), at(0.5, 1.0), at(0.0, 0.5)],
        ShapeKind::Ellipse => (0..ELLIPSE_SIDES)
            .map(|side| {
                let turn = f64::from(side) / f64::from(ELLIPSE_SIDES) * std::f64::consts::TAU;
                at(0.5 + turn.cos() / 2.0, 0.5 + turn.sin() / 2.0)
            })
            .collect(),
        drawn => drawn_outline(drawn, w, h),
    }
}

/// The first stretch: later ones lie inside it.
fn drawn_outline(kind: ShapeKind, w: f64, h: f64) -> Vec<Point> {
    let point = |place: crate::schema::Place| {
        let (x, y) = place.within(w, h);
        Point { x, y }
    };
    let mut corners: Vec<Point> = Vec::new();
    for step in kind.outline().unwrap_or_default() {
        match *step {
            OutlineStep::Close => break,
            OutlineStep::Move(_) if !corners.is_empty() => break,
            OutlineStep::Move(p) | OutlineStep::Line(p) => corners.push(point(p)),
            OutlineStep::Cubic(a, b, c) => {
                let from = corners.last().copied().unwrap_or(Point { x: 0.0, y: 0.0 });
                let (a, b, c) = (point(a), point(b), point(c));
                for piece in 1..=CURVE_PIECES {
                    let t = f64::from(piece) / f64::from(CURVE_PIECES);
                    corners.push(super::way::on_cubic([from, a, b, c], t));
                }
            }
        }
    }
    if !kind.is_closed() && corners.len() > 2 {
        let back: Vec<Point> = corners[1..corners.len() - 1]
            .iter()
            .rev()
            .copied()
            .collect();
        corners.extend(back);
    }
    corners
}
