//! The way of a connector, as straight pieces.

use super::rim::{Rim, Side};
use crate::document::{Bounds, Connector, Joint, Mode, RouteKind};
use crate::pen::Point;

/// An elbow goes straight on for this long before it turns.
const STUB: f64 = 20.0;
/// Straight pieces that stand for a curve.
const CURVE_PIECES: u32 = 24;

/// From its first end to its last. `bounds` is the stored box; a rim stands for an element that is there.
pub(crate) fn way(
    connector: &Connector,
    bounds: &Bounds,
    from: Option<&Rim>,
    to: Option<&Rim>,
) -> Vec<Point> {
    let ends = [
        Place::of(&connector.from, bounds, from),
        Place::of(&connector.to, bounds, to),
    ];
    match connector.kind {
        RouteKind::Straight => straight(&ends),
        RouteKind::Elbow => elbow(&ends),
        RouteKind::Curved => curved(&ends),
    }
}

/// An end before it is known where the way meets the outline.
struct Place<'r> {
    aim: Point,
    rim: Option<&'r Rim>,
    /// The end sits at `aim`, and the way leaves to this side.
    fixed: Option<Side>,
}

impl<'r> Place<'r> {
    fn of(joint: &Joint, bounds: &Bounds, rim: Option<&'r Rim>) -> Place<'r> {
        match (&joint.binding, rim) {
            (Some(binding), Some(rim)) => Place {
                aim: rim.place(binding.x, binding.y),
                rim: Some(rim),
                fixed: (binding.mode == Mode::Fixed).then(|| rim.side_of(binding.x, binding.y)),
            },
            (Some(_), None) | (None, _) => Place {
                aim: Point {
                    x: bounds.x + joint.x * bounds.w,
                    y: bounds.y + joint.y * bounds.h,
                },
                rim: None,
                fixed: None,
            },
        }
    }

    /// Left, top, right, bottom.
    fn extent(&self) -> [f64; 4] {
        let Some(rim) = self.rim else {
            return [self.aim.x, self.aim.y, self.aim.x, self.aim.y];
        };
        let Bounds { x, y, w, h, angle } = rim.frame;
        let (cos, sin) = (angle.cos().abs(), angle.sin().abs());
        let half = ((w * cos + h * sin) / 2.0, (w * sin + h * cos) / 2.0);
        let (cx, cy) = (x + w / 2.0, y + h / 2.0);
        [cx - half.0, cy - half.1, cx + half.0, cy + half.1]
    }

    /// Where the way begins when it leaves to this side.
    fn exit(&self, side: Side) -> Point {
        match self.rim {
            Some(rim) if self.fixed.is_none() => rim.exit(side),
            Some(_) | None => self.aim,
        }
    }
}

fn straight(ends: &[Place<'_>; 2]) -> Vec<Point> {
    let tip = |end: &Place<'_>, other: &Place<'_>| match end.rim {
        Some(rim) if end.fixed.is_none() => rim.meet(other.aim, end.aim).unwrap_or(end.aim),
        Some(_) | None => end.aim,
    };
    vec![tip(&ends[0], &ends[1]), tip(&ends[1], &ends[0])]
}

/// Sides that face each other over the wider gap.
fn sides(ends: &[Place<'_>; 2]) -> [Side; 2] {
    let (a, b) = (ends[0].extent(), ends[1].extent());
    let gap = |axis: usize| (b[axis] - a[axis + 2]).max(a[axis] - b[axis + 2]);
    let ahead = |axis: usize| b[axis] + b[axis + 2] >= a[axis] + a[axis + 2];
    let facing = match (gap(0) >= gap(1), ahead(0), ahead(1)) {
        (true, true, _) => [Side::Right, Side::Left],
        (true, false, _) => [Side::Left, Side::Right],
        (false, _, true) => [Side::Down, Side::Up],
        (false, _, false) => [Side::Up, Side::Down],
    };
    [
        ends[0].fixed.unwrap_or(facing[0]),
        ends[1].fixed.unwrap_or(facing[1]),
    ]
}

fn elbow(ends: &[Place<'_>; 2]) -> Vec<Point> {
    let sides = sides(ends);
    let out = [0, 1].map(|at| {
        let tip = ends[at].exit(sides[at]);
        let (dx, dy) = sides[at].step();
        let stub = if ends[at].rim.is_some() { STUB } else { 0.0 };
        let away = Point {
            x: tip.x + dx * stub,
            y: tip.y + dy * stub,
        };
        (tip, away, dx != 0.0)
    });
    let [(p, a, from_flat), (q, b, to_flat)] = out;
    let mut points = vec![p, a];
    match (from_flat, to_flat) {
        (true, true) => {
            let x = (a.x + b.x) / 2.0;
            points.extend([Point { x, y: a.y }, Point { x, y: b.y }]);
        }
        (false, false) => {
            let y = (a.y + b.y) / 2.0;
            points.extend([Point { x: a.x, y }, Point { x: b.x, y }]);
        }
        (true, false) => points.push(Point { x: b.x, y: a.y }),
        (false, true) => points.push(Point { x: a.x, y: b.y }),
    }
    points.extend([b, q]);
    without_idle(&points)
}

/// Leaves out points between two others of one line.
fn without_idle(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for &p in points {
        if kept.last() == Some(&p) {
            continue;
        }
        while let [.., a, b] = kept.as_slice() {
            let is_idle = (a.x == b.x && b.x == p.x) || (a.y == b.y && b.y == p.y);
            if !is_idle {
                break;
            }
            kept.pop();
        }
        kept.push(p);
    }
    if kept.len() == 1 {
        kept.push(kept[0]);
    }
    kept
}

fn curved(ends: &[Place<'_>; 2]) -> Vec<Point> {
    let sides = sides(ends);
    let (p, q) = (ends[0].exit(sides[0]), ends[1].exit(sides[1]));
    let pull = ((q.x - p.x).hypot(q.y - p.y) / 2.0).min(200.0);
    let control = |tip: Point, side: Side| {
        let (dx, dy) = side.step();
        Point {
            x: tip.x + dx * pull,
            y: tip.y + dy * pull,
        }
    };
    let cubic = [p, control(p, sides[0]), control(q, sides[1]), q];
    (0..=CURVE_PIECES)
        .map(|piece| on_cubic(cubic, f64::from(piece) / f64::from(CURVE_PIECES)))
        .collect()
}

pub(super) fn on_cubic([a, b, c, d]: [Point; 4], t: f64) -> Point {
    let u = 1.0 - t;
    let mix = |a: f64, b: f64, c: f64, d: f64| {
        u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
    };
    Point {
        x: mix(a.x, b.x, c.x, d.x),
        y: mix(a.y, b.y, c.y, d.y),
    }
}

/// Half-way along.
pub(crate) fn middle(points: &[Point]) -> Point {
    let length = |pair: &[Point]| (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y);
    let whole: f64 = points.windows(2).map(length).sum();
    let mut left = whole / 2.0;
    for pair in points.windows(2) {
        let here = length(pair);
        if left <= here && here > 0.0 {
            let share = left / here;
            return Point {
                x: pair[0].x + (pair[1].x - pair[0].x) * share,
                y: pair[0].y + (pair[1].y - pair[0].y) * share,
            };
        }
        left -= here;
    }
    points.last().copied().unwrap_or(Point { x: 0.0, y: 0.0 })
}

/// The stretches of the way that lie outside a box.
pub(crate) fn gap_for(points: &[Point], gap: &Bounds) -> Vec<Vec<Point>> {
    let mut stretches: Vec<Vec<Point>> = vec![Vec::new()];
    for pair in points.windows(2) {
        let at = |share: f64| Point {
            x: pair[0].x + (pair[1].x - pair[0].x) * share,
            y: pair[0].y + (pair[1].y - pair[0].y) * share,
        };
        let mut draw = |from: f64, to: f64| {
            if to <= from {
                return;
            }
            let begun = stretches
                .last()
                .is_some_and(|last| last.last() == Some(&at(from)));
            if !begun {
                stretches.push(vec![at(from)]);
            }
            if let Some(last) = stretches.last_mut() {
                last.push(at(to));
            }
        };
        match within(pair[0], pair[1], gap) {
            None => draw(0.0, 1.0),
            Some((enter, leave)) => {
                draw(0.0, enter);
                draw(leave, 1.0);
            }
        }
    }
    stretches.retain(|stretch| stretch.len() > 1);
    stretches
}

/// Which share of a segment lies in a box (Liang–Barsky).
fn within(a: Point, b: Point, gap: &Bounds) -> Option<(f64, f64)> {
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    for (delta, room) in [
        (-dx, a.x - gap.x),
        (dx, gap.x + gap.w - a.x),
        (-dy, a.y - gap.y),
        (dy, gap.y + gap.h - a.y),
    ] {
        if delta == 0.0 {
            if room < 0.0 {
                return None;
            }
            continue;
        }
        let share = room / delta;
        if delta < 0.0 {
            enter = enter.max(share);
        } else {
            leave = leave.min(share);
        }
    }
    (enter < leave).then_some((enter, leave))
}

#[cfg(test)]
mod tests {
    use super::{Place, curved, elbow, gap_for, middle, straight};
    use crate::document::Bounds;
    use crate::links::Rim;
    use crate::pen::Point;

    fn bounds(x: f64, y: f64) -> Bounds {
        Bounds {
            x,
            y,
            w: 100.0,
            h: 60.0,
            angle: 0.0,
        }
    }

    fn on(rim: &Rim) -> Place<'_> {
        Place {
            aim: rim.place(0.5, 0.5),
            rim: Some(rim),
            fixed: None,
        }
    }

    fn said(points: &[Point]) -> String {
        let all = points
            .iter()
            .map(|p| format!("{},{}", p.x.round(), p.y.round()));
        all.collect::<Vec<_>>().join(" ")
    }

    /// The browser's table (`node/web/test/routes.test.ts`) has the same ways for these.
    #[test]
    fn an_elbow_leaves_and_meets_its_elements_squarely() {
        for (to, expected) in [
            ((300.0, 0.0), "100,30 300,30"),
            ((300.0, 100.0), "100,30 200,30 200,130 300,130"),
            ((0.0, 200.0), "50,60 50,200"),
            ((40.0, 200.0), "50,60 50,130 90,130 90,200"),
            ((110.0, 30.0), "100,30 105,30 105,60 110,60"),
        ] {
            let a = Rim::rectangle(bounds(0.0, 0.0));
            let b = Rim::rectangle(bounds(to.0, to.1));
            assert_eq!(said(&elbow(&[on(&a), on(&b)])), expected);
        }
    }

    #[test]
    fn a_straight_line_ends_on_the_outlines_and_a_curve_too() {
        let a = Rim::rectangle(bounds(0.0, 0.0));
        let b = Rim::rectangle(bounds(300.0, 0.0));
        let ends = [on(&a), on(&b)];
        assert_eq!(said(&straight(&ends)), "100,30 300,30");
        let curve = curved(&ends);
        assert_eq!(
            said(&[curve[0], middle(&curve), curve[24]]),
            "100,30 200,30 300,30"
        );
    }

    #[test]
    fn a_line_leaves_room_for_its_label() {
        let line = [Point { x: 0.0, y: 30.0 }, Point { x: 300.0, y: 30.0 }];
        let kept = gap_for(&line, &bounds(100.0, 0.0));
        let kept: Vec<String> = kept.iter().map(|stretch| said(stretch)).collect();
        assert_eq!(kept, ["0,30 100,30", "200,30 300,30"]);
        assert_eq!(gap_for(&line, &bounds(100.0, 40.0)).len(), 1);
    }
}
