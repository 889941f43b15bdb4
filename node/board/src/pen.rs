//! Freehand strokes as they are packed into an element's `data`, and the path they are drawn as.
//!
//! Packed: u8 version 1; u8 flags (bit 0: pressure); f32le w0, h0, the size of the box when drawn;
//! varuint n; n times zigzag varints dx, dy in eighths of a pixel from the point before (the first
//! from the box's top left); with pressure, n times u8. Drawn stretched by w/w0 and h/h0.
//!
//! `node/web/src/core/elements/ink.ts` is this over again; `fixtures/pen.json` holds the two together.

use crate::schema::PEN_POINTS_MAX;

const VERSION: u8 = 1;
const HAS_PRESSURE: u8 = 1;
/// Points lie on a grid this fine.
const STEPS_PER_PX: f64 = 8.0;
/// A longer varint does not come from a stroke.
const VARUINT_BYTES_MAX: usize = 5;
/// A point is drawn as a line this long: renderers leave out a line of no length, round ends and all.
const DOT_PX: f64 = 0.01;

#[derive(Clone, Debug, PartialEq)]
pub struct Ink {
    /// Size of the box when drawn, in pixels.
    pub w0: f32,
    pub h0: f32,
    /// In eighths of a pixel from the top left of the box; at least one.
    pub points: Vec<(i64, i64)>,
    /// One for each point, 0 to 255; none from a device that cannot tell.
    pub pressures: Option<Vec<u8>>,
}

/// A place in pixels, in whatever frame its path is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Move(Point),
    Line(Point),
    /// A quadratic curve: its control point, then its end.
    Quad(Point, Point),
}

impl Step {
    /// Where it leads.
    pub fn end(&self) -> Point {
        match *self {
            Step::Move(end) | Step::Line(end) | Step::Quad(_, end) => end,
        }
    }

    /// The step with each of its points moved.
    pub fn map(&self, moved: impl Fn(Point) -> Point) -> Step {
        match *self {
            Step::Move(end) => Step::Move(moved(end)),
            Step::Line(end) => Step::Line(moved(end)),
            Step::Quad(control, end) => Step::Quad(moved(control), moved(end)),
        }
    }
}

/// The stroke in `bytes`, or nothing when they are of another version, cut short or out of bounds.
/// Bytes after the stroke are ignored.
pub fn unpack(bytes: &[u8]) -> Option<Ink> {
    let mut reader = Reader { bytes };
    if reader.byte()? != VERSION {
        return None;
    }
    let flags = reader.byte()?;
    let (w0, h0) = (reader.length()?, reader.length()?);
    let count = usize::try_from(reader.varuint()?).ok()?;
    // A point takes two bytes at least, so a forged count reserves no memory.
    if count == 0 || count > PEN_POINTS_MAX || count > reader.bytes.len() / 2 {
        return None;
    }
    let mut points = Vec::with_capacity(count);
    let (mut x, mut y) = (0, 0);
    for _ in 0..count {
        x += reader.zigzag()?;
        y += reader.zigzag()?;
        points.push((x, y));
    }
    let pressures = match flags & HAS_PRESSURE {
        0 => None,
        _ => Some(reader.bytes.get(..count)?.to_vec()),
    };
    Some(Ink {
        w0,
        h0,
        points,
        pressures,
    })
}

pub fn pack(ink: &Ink) -> Vec<u8> {
    let mut out = vec![VERSION, ink.pressures.as_ref().map_or(0, |_| HAS_PRESSURE)];
    out.extend(ink.w0.to_le_bytes());
    out.extend(ink.h0.to_le_bytes());
    push_varuint(&mut out, ink.points.len() as u64);
    let (mut x, mut y) = (0, 0);
    for &(next_x, next_y) in &ink.points {
        push_zigzag(&mut out, next_x - x);
        push_zigzag(&mut out, next_y - y);
        (x, y) = (next_x, next_y);
    }
    out.extend(ink.pressures.iter().flatten());
    out
}

impl Ink {
    /// The points in pixels, stretched to a box of this size.
    pub fn stretched(&self, w: f64, h: f64) -> Vec<Point> {
        let stretch = |now: f64, then: f32| {
            if then > 0.0 {
                now / f64::from(then)
            } else {
                1.0
            }
        };
        let (sx, sy) = (stretch(w, self.w0), stretch(h, self.h0));
        self.points
            .iter()
            .map(|&(x, y)| Point {
                x: x as f64 / STEPS_PER_PX * sx,
                y: y as f64 / STEPS_PER_PX * sy,
            })
            .collect()
    }
}

/// Smooths a stroke: from the first point, quadratic curves with the inner points as controls and
/// the middles between them as joints, and a straight end to the last point.
pub fn smooth(points: &[Point]) -> Vec<Step> {
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let mut path = vec![Step::Move(first)];
    if points.len() == 1 {
        path.push(Step::Line(Point {
            x: first.x + DOT_PX,
            y: first.y,
        }));
        return path;
    }
    for pair in points[1..].windows(2) {
        let middle = Point {
            x: (pair[0].x + pair[1].x) / 2.0,
            y: (pair[0].y + pair[1].y) / 2.0,
        };
        path.push(Step::Quad(pair[0], middle));
    }
    path.push(Step::Line(last));
    path
}

/// Width of the line at a pressure of 0 to 255, as part of the stroke width: one in the middle.
pub fn pressure_width(pressure: u8) -> f64 {
    0.4 + 1.2 * (f64::from(pressure) / 255.0)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    /// A finite length, not negative.
    fn length(&mut self) -> Option<f32> {
        let (bytes, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(f32::from_le_bytes(*bytes)).filter(|length| length.is_finite() && *length >= 0.0)
    }

    fn varuint(&mut self) -> Option<u64> {
        let mut value = 0;
        for place in 0..VARUINT_BYTES_MAX {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varuint()?;
        let half = i64::try_from(value >> 1).ok()?;
        Some(if value & 1 == 0 { half } else { -half - 1 })
    }
}

fn push_varuint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn push_zigzag(out: &mut Vec<u8>, value: i64) {
    push_varuint(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

#[cfg(test)]
mod tests {
    use super::{Ink, Point, Step, pack, smooth, unpack};
    use proptest::prelude::{any, prop, proptest};

    fn point(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    #[test]
    fn a_stroke_is_stretched_to_its_box() {
        let ink = Ink {
            w0: 10.0,
            h0: 0.0,
            points: vec![(0, 0), (80, 4)],
            pressures: None,
        };
        assert_eq!(
            ink.stretched(20.0, 5.0),
            [point(0.0, 0.0), point(20.0, 0.5)]
        );
    }

    #[test]
    fn curves_pass_through_the_middles() {
        let (a, b, c, d) = (
            point(0.0, 0.0),
            point(2.0, 0.0),
            point(2.0, 2.0),
            point(4.0, 2.0),
        );
        assert_eq!(smooth(&[]), []);
        assert_eq!(smooth(&[a]), [Step::Move(a), Step::Line(point(0.01, 0.0))]);
        assert_eq!(smooth(&[a, b]), [Step::Move(a), Step::Line(b)]);
        assert_eq!(
            smooth(&[a, b, c, d]),
            [
                Step::Move(a),
                Step::Quad(b, point(2.0, 1.0)),
                Step::Quad(c, point(3.0, 2.0)),
                Step::Line(d)
            ]
        );
    }

    #[test]
    fn forged_counts_and_lengths_are_refused() {
        let good = pack(&Ink {
            w0: 1.0,
            h0: 1.0,
            points: vec![(0, 0), (8, 8)],
            pressures: Some(vec![0, 255]),
        });
        assert!(unpack(&good).is_some());
        for cut in 0..good.len() {
            assert_eq!(unpack(&good[..cut]), None, "cut at {cut}");
        }
        let mut nan = good.clone();
        nan[2..6].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(unpack(&nan), None);
        let mut many = good[..10].to_vec();
        many.extend([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]);
        assert_eq!(unpack(&many), None);
        let mut newer = good;
        newer[0] = 2;
        assert_eq!(unpack(&newer), None);
    }

    proptest! {
        #[test]
        fn packing_is_undone_by_unpacking(
            w0 in 0_f32..1e7, h0 in 0_f32..1e7,
            points in prop::collection::vec((-1_000_000_i64..1_000_000, -1_000_000_i64..1_000_000), 1..40),
            pressure in any::<bool>(),
        ) {
            let pressures = pressure.then(|| (0..points.len()).map(|i| i as u8).collect());
            let ink = Ink { w0, h0, points, pressures };
            assert_eq!(unpack(&pack(&ink)), Some(ink));
        }

        #[test]
        fn no_bytes_panic(tail in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = vec![1, 1];
            bytes.extend(1_f32.to_le_bytes());
            bytes.extend(1_f32.to_le_bytes());
            bytes.extend(&tail);
            if let Some(ink) = unpack(&bytes) {
                assert!(!smooth(&ink.stretched(3.0, 4.0)).is_empty());
            }
            let _ = unpack(&tail);
        }
    }
}
