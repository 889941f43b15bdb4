//! The kinds of shape: how each is drawn in its box, and which part of the box its text may fill.
//!
//! Rectangle, ellipse and diamond are drawn by every renderer itself, since boards are full of them. The others are
//! outlines in this table, which the browser gets with the generated schema; a point lies at a share of the box's
//! sides plus a share of the shorter side, so that corners, heads and lids keep their look when the box is stretched.

/// Space around the text of a shape with straight sides, in pixels; never more than a quarter of a side.
pub const SHAPE_PADDING: f64 = 8.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShapeKind {
    Rectangle,
    Ellipse,
    Diamond,
    Rounded,
    Triangle,
    Pentagon,
    Hexagon,
    Octagon,
    Star,
    Cloud,
    Parallelogram,
    Trapezoid,
    Cylinder,
    Cross,
    Callout,
    ArrowRight,
    ArrowLeft,
    ArrowUp,
    ArrowDown,
    ArrowBoth,
    BraceLeft,
    BraceRight,
}

/// A point of an outline: `x = fx * w + kx * s` and `y = fy * h + ky * s`, where `s` is the shorter side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub fx: f64,
    pub kx: f64,
    pub fy: f64,
    pub ky: f64,
}

impl Place {
    /// From the top left of a box of this size.
    pub fn within(self, w: f64, h: f64) -> (f64, f64) {
        let s = w.min(h);
        (self.fx * w + self.kx * s, self.fy * h + self.ky * s)
    }
}

/// A step of an outline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OutlineStep {
    Move(Place),
    Line(Place),
    /// Cubic Bézier: two controls and the end.
    Cubic(Place, Place, Place),
    Close,
}

use OutlineStep::{Close, Cubic, Line, Move};

/// A share of both sides.
const fn at(fx: f64, fy: f64) -> Place {
    Place {
        fx,
        kx: 0.0,
        fy,
        ky: 0.0,
    }
}

/// The same, moved by shares of the shorter side.
const fn off(fx: f64, kx: f64, fy: f64, ky: f64) -> Place {
    Place { fx, kx, fy, ky }
}

impl ShapeKind {
    pub const ALL: [ShapeKind; 22] = [
        ShapeKind::Rectangle,
        ShapeKind::Ellipse,
        ShapeKind::Diamond,
        ShapeKind::Rounded,
        ShapeKind::Triangle,
        ShapeKind::Pentagon,
        ShapeKind::Hexagon,
        ShapeKind::Octagon,
        ShapeKind::Star,
        ShapeKind::Cloud,
        ShapeKind::Parallelogram,
        ShapeKind::Trapezoid,
        ShapeKind::Cylinder,
        ShapeKind::Cross,
        ShapeKind::Callout,
        ShapeKind::ArrowRight,
        ShapeKind::ArrowLeft,
        ShapeKind::ArrowUp,
        ShapeKind::ArrowDown,
        ShapeKind::ArrowBoth,
        ShapeKind::BraceLeft,
        ShapeKind::BraceRight,
    ];

    /// As it stands under `kind`.
    pub fn name(self) -> &'static str {
        match self {
            ShapeKind::Rectangle => "rectangle",
            ShapeKind::Ellipse => "ellipse",
            ShapeKind::Diamond => "diamond",
            ShapeKind::Rounded => "rounded",
            ShapeKind::Triangle => "triangle",
            ShapeKind::Pentagon => "pentagon",
            ShapeKind::Hexagon => "hexagon",
            ShapeKind::Octagon => "octagon",
            ShapeKind::Star => "star",
            ShapeKind::Cloud => "cloud",
            ShapeKind::Parallelogram => "parallelogram",
            ShapeKind::Trapezoid => "trapezoid",
            ShapeKind::Cylinder => "cylinder",
            ShapeKind::Cross => "cross",
            ShapeKind::Callout => "callout",
            ShapeKind::ArrowRight => "arrow_right",
            ShapeKind::ArrowLeft => "arrow_left",
            ShapeKind::ArrowUp => "arrow_up",
            ShapeKind::ArrowDown => "arrow_down",
            ShapeKind::ArrowBoth => "arrow_both",
            ShapeKind::BraceLeft => "brace_left",
            ShapeKind::BraceRight => "brace_right",
        }
    }

    pub fn from_name(name: &str) -> Option<ShapeKind> {
        ShapeKind::ALL
            .into_iter()
            .find(|known| known.name() == name)
    }

    /// An open line encloses nothing that could be filled.
    pub fn is_closed(self) -> bool {
        !matches!(self, ShapeKind::BraceLeft | ShapeKind::BraceRight)
    }

    /// What each side keeps free of text (left, top, right, bottom): a share of the box, or 0 for [`SHAPE_PADDING`].
    pub fn text_margins(self) -> [f64; 4] {
        match self {
            ShapeKind::Rectangle | ShapeKind::Rounded => [0.0; 4],
            // The square within a circle leaves (1 - 1/√2) / 2 = 0.146 on each side.
            ShapeKind::Ellipse | ShapeKind::Octagon => [0.15; 4],
            ShapeKind::Diamond => [0.25; 4],
            ShapeKind::Triangle => [0.25, 0.5, 0.25, 0.04],
            ShapeKind::Pentagon => [0.18, 0.25, 0.18, 0.06],
            ShapeKind::Hexagon => [0.16, 0.16, 0.16, 0.16],
            ShapeKind::Star => [0.29, 0.38, 0.29, 0.26],
            ShapeKind::Cloud => [0.15, 0.18, 0.15, 0.18],
            ShapeKind::Parallelogram => [0.18, 0.04, 0.18, 0.04],
            ShapeKind::Trapezoid => [0.16, 0.04, 0.16, 0.04],
            ShapeKind::Cylinder => [0.04, 0.24, 0.04, 0.1],
            ShapeKind::Cross => [0.05, 0.34, 0.05, 0.34],
            ShapeKind::Callout => [0.05, 0.05, 0.05, 0.27],
            ShapeKind::ArrowRight => [0.04, 0.26, 0.2, 0.26],
            ShapeKind::ArrowLeft => [0.2, 0.26, 0.04, 0.26],
            ShapeKind::ArrowUp => [0.26, 0.2, 0.26, 0.04],
            ShapeKind::ArrowDown => [0.26, 0.04, 0.26, 0.2],
            ShapeKind::ArrowBoth => [0.18, 0.26, 0.18, 0.26],
            ShapeKind::BraceLeft => [0.6, 0.04, 0.02, 0.04],
            ShapeKind::BraceRight => [0.02, 0.04, 0.6, 0.04],
        }
    }

    /// The margins of a box of this size, in pixels.
    pub fn text_insets(self, w: f64, h: f64) -> [f64; 4] {
        let [left, top, right, bottom] = self.text_margins();
        let margin = |share: f64, side: f64| match share > 0.0 {
            true => side * share,
            false => SHAPE_PADDING.min(side / 4.0),
        };
        [
            margin(left, w),
            margin(top, h),
            margin(right, w),
            margin(bottom, h),
        ]
    }

    /// The outline, clockwise; none for the three that renderers draw themselves. A stretch inside it that is not
    /// closed (the lid of a cylinder) runs the same way round, so that filling the whole leaves no hole.
    pub fn outline(self) -> Option<&'static [OutlineStep]> {
        Some(match self {
            ShapeKind::Rectangle | ShapeKind::Ellipse | ShapeKind::Diamond => return None,
            ShapeKind::Rounded => &ROUNDED,
            ShapeKind::Triangle => &TRIANGLE,
            ShapeKind::Pentagon => &PENTAGON,
            ShapeKind::Hexagon => &HEXAGON,
            ShapeKind::Octagon => &OCTAGON,
            ShapeKind::Star => &STAR,
            ShapeKind::Cloud => &CLOUD,
            ShapeKind::Parallelogram => &PARALLELOGRAM,
            ShapeKind::Trapezoid => &TRAPEZOID,
            ShapeKind::Cylinder => &CYLINDER,
            ShapeKind::Cross => &CROSS,
            ShapeKind::Callout => &CALLOUT,
            ShapeKind::ArrowRight => &ARROW_RIGHT,
            ShapeKind::ArrowLeft => &ARROW_LEFT,
            ShapeKind::ArrowUp => &ARROW_UP,
            ShapeKind::ArrowDown => &ARROW_DOWN,
            ShapeKind::ArrowBoth => &ARROW_BOTH,
            ShapeKind::BraceLeft => &BRACE_LEFT,
            ShapeKind::BraceRight => &BRACE_RIGHT,
        })
    }
}

/// Corners of a quarter of the shorter side. A quarter circle is a cubic whose controls stand 0.5523 of the radius
/// from its ends, 0.4477 of it from the corner.
static ROUNDED: [OutlineStep; 10] = [
    Move(off(0.0, 0.25, 0.0, 0.0)),
    Line(off(1.0, -0.25, 0.0, 0.0)),
    Cubic(
        off(1.0, -0.1119, 0.0, 0.0),
        off(1.0, 0.0, 0.0, 0.1119),
        off(1.0, 0.0, 0.0, 0.25),
    ),
    Line(off(1.0, 0.0, 1.0, -0.25)),
    Cubic(
        off(1.0, 0.0, 1.0, -0.1119),
        off(1.0, -0.1119, 1.0, 0.0),
        off(1.0, -0.25, 1.0, 0.0),
    ),
    Line(off(0.0, 0.25, 1.0, 0.0)),
    Cubic(
        off(0.0, 0.1119, 1.0, 0.0),
        off(0.0, 0.0, 1.0, -0.1119),
        off(0.0, 0.0, 1.0, -0.25),
    ),
    Line(off(0.0, 0.0, 0.0, 0.25)),
    Cubic(
        off(0.0, 0.0, 0.0, 0.1119),
        off(0.0, 0.1119, 0.0, 0.0),
        off(0.0, 0.25, 0.0, 0.0),
    ),
    Close,
];

static TRIANGLE: [OutlineStep; 4] = [
    Move(at(0.5, 0.0)),
    Line(at(1.0, 1.0)),
    Line(at(0.0, 1.0)),
    Close,
];

static PENTAGON: [OutlineStep; 6] = [
    Move(at(0.5, 0.0)),
    Line(at(1.0, 0.382)),
    Line(at(0.809, 1.0)),
    Line(at(0.191, 1.0)),
    Line(at(0.0, 0.382)),
    Close,
];

static HEXAGON: [OutlineStep; 7] = [
    Move(off(0.0, 0.25, 0.0, 0.0)),
    Line(off(1.0, -0.25, 0.0, 0.0)),
    Line(at(1.0, 0.5)),
    Line(off(1.0, -0.25, 1.0, 0.0)),
    Line(off(0.0, 0.25, 1.0, 0.0)),
    Line(at(0.0, 0.5)),
    Close,
];

static OCTAGON: [OutlineStep; 9] = [
    Move(at(0.293, 0.0)),
    Line(at(0.707, 0.0)),
    Line(at(1.0, 0.293)),
    Line(at(1.0, 0.707)),
    Line(at(0.707, 1.0)),
    Line(at(0.293, 1.0)),
    Line(at(0.0, 0.707)),
    Line(at(0.0, 0.293)),
    Close,
];

static STAR: [OutlineStep; 11] = [
    Move(at(0.5, 0.0)),
    Line(at(0.6391, 0.3515)),
    Line(at(1.0, 0.382)),
    Line(at(0.725, 0.6297)),
    Line(at(0.809, 1.0)),
    Line(at(0.5, 0.8015)),
    Line(at(0.191, 1.0)),
    Line(at(0.275, 0.6297)),
    Line(at(0.0, 0.382)),
    Line(at(0.3609, 0.3515)),
    Close,
];

static CLOUD: [OutlineStep; 10] = [
    Move(at(0.1213, 0.3818)),
    Cubic(at(-0.0448, 0.2894), at(0.2162, 0.0301), at(0.3318, 0.1727)),
    Cubic(at(0.2983, -0.069), at(0.764, -0.0505), at(0.7074, 0.1876)),
    Cubic(at(0.8331, 0.0569), at(1.0683, 0.336), at(0.8971, 0.4127)),
    Cubic(at(1.0522, 0.3945), at(1.0221, 0.7077), at(0.8728, 0.6652)),
    Cubic(at(1.0323, 0.7733), at(0.7475, 1.0109), at(0.6431, 0.8569)),
    Cubic(at(0.6709, 1.0572), at(0.2849, 1.0419), at(0.3318, 0.8445)),
    Cubic(at(0.2334, 0.9771), at(-0.0108, 0.7549), at(0.1349, 0.6652)),
    Cubic(at(-0.034, 0.706), at(-0.0508, 0.3546), at(0.1213, 0.3818)),
    Close,
];

static PARALLELOGRAM: [OutlineStep; 5] = [
    Move(off(0.0, 0.2, 0.0, 0.0)),
    Line(at(1.0, 0.0)),
    Line(off(1.0, -0.2, 1.0, 0.0)),
    Line(at(0.0, 1.0)),
    Close,
];

static TRAPEZOID: [OutlineStep; 5] = [
    Move(off(0.0, 0.2, 0.0, 0.0)),
    Line(off(1.0, -0.2, 0.0, 0.0)),
    Line(at(1.0, 1.0)),
    Line(at(0.0, 1.0)),
    Close,
];

/// Lid and foot are half ellipses 0.12 of the shorter side high; the last stretch is the near rim of the lid.
static CYLINDER: [OutlineStep; 10] = [
    Move(off(0.0, 0.0, 0.0, 0.12)),
    Cubic(
        off(0.0, 0.0, 0.0, 0.0537),
        off(0.2239, 0.0, 0.0, 0.0),
        off(0.5, 0.0, 0.0, 0.0),
    ),
    Cubic(
        off(0.7761, 0.0, 0.0, 0.0),
        off(1.0, 0.0, 0.0, 0.0537),
        off(1.0, 0.0, 0.0, 0.12),
    ),
    Line(off(1.0, 0.0, 1.0, -0.12)),
    Cubic(
        off(1.0, 0.0, 1.0, -0.0537),
        off(0.7761, 0.0, 1.0, 0.0),
        off(0.5, 0.0, 1.0, 0.0),
    ),
    Cubic(
        off(0.2239, 0.0, 1.0, 0.0),
        off(0.0, 0.0, 1.0, -0.0537),
        off(0.0, 0.0, 1.0, -0.12),
    ),
    Close,
    Move(off(1.0, 0.0, 0.0, 0.12)),
    Cubic(
        off(1.0, 0.0, 0.0, 0.1863),
        off(0.7761, 0.0, 0.0, 0.24),
        off(0.5, 0.0, 0.0, 0.24),
    ),
    Cubic(
        off(0.2239, 0.0, 0.0, 0.24),
        off(0.0, 0.0, 0.0, 0.1863),
        off(0.0, 0.0, 0.0, 0.12),
    ),
];

static CROSS: [OutlineStep; 13] = [
    Move(at(0.3333, 0.0)),
    Line(at(0.6667, 0.0)),
    Line(at(0.6667, 0.3333)),
    Line(at(1.0, 0.3333)),
    Line(at(1.0, 0.6667)),
    Line(at(0.6667, 0.6667)),
    Line(at(0.6667, 1.0)),
    Line(at(0.3333, 1.0)),
    Line(at(0.3333, 0.6667)),
    Line(at(0.0, 0.6667)),
    Line(at(0.0, 0.3333)),
    Line(at(0.3333, 0.3333)),
    Close,
];

/// A speech bubble; its tail points to the lower left.
static CALLOUT: [OutlineStep; 13] = [
    Move(off(0.0, 0.1, 0.0, 0.0)),
    Line(off(1.0, -0.1, 0.0, 0.0)),
    Cubic(
        off(1.0, -0.0448, 0.0, 0.0),
        off(1.0, 0.0, 0.0, 0.0448),
        off(1.0, 0.0, 0.0, 0.1),
    ),
    Line(off(1.0, 0.0, 0.78, -0.1)),
    Cubic(
        off(1.0, 0.0, 0.78, -0.0448),
        off(1.0, -0.0448, 0.78, 0.0),
        off(1.0, -0.1, 0.78, 0.0),
    ),
    Line(at(0.42, 0.78)),
    Line(at(0.18, 1.0)),
    Line(at(0.22, 0.78)),
    Line(off(0.0, 0.1, 0.78, 0.0)),
    Cubic(
        off(0.0, 0.0448, 0.78, 0.0),
        off(0.0, 0.0, 0.78, -0.0448),
        off(0.0, 0.0, 0.78, -0.1),
    ),
    Line(off(0.0, 0.0, 0.0, 0.1)),
    Cubic(
        off(0.0, 0.0, 0.0, 0.0448),
        off(0.0, 0.0448, 0.0, 0.0),
        off(0.0, 0.1, 0.0, 0.0),
    ),
    Close,
];

static ARROW_RIGHT: [OutlineStep; 8] = [
    Move(at(0.0, 0.25)),
    Line(off(1.0, -0.5, 0.25, 0.0)),
    Line(off(1.0, -0.5, 0.0, 0.0)),
    Line(at(1.0, 0.5)),
    Line(off(1.0, -0.5, 1.0, 0.0)),
    Line(off(1.0, -0.5, 0.75, 0.0)),
    Line(at(0.0, 0.75)),
    Close,
];

static ARROW_LEFT: [OutlineStep; 8] = [
    Move(at(0.0, 0.5)),
    Line(off(0.0, 0.5, 0.0, 0.0)),
    Line(off(0.0, 0.5, 0.25, 0.0)),
    Line(at(1.0, 0.25)),
    Line(at(1.0, 0.75)),
    Line(off(0.0, 0.5, 0.75, 0.0)),
    Line(off(0.0, 0.5, 1.0, 0.0)),
    Close,
];

static ARROW_UP: [OutlineStep; 8] = [
    Move(at(0.5, 0.0)),
    Line(off(1.0, 0.0, 0.0, 0.5)),
    Line(off(0.75, 0.0, 0.0, 0.5)),
    Line(at(0.75, 1.0)),
    Line(at(0.25, 1.0)),
    Line(off(0.25, 0.0, 0.0, 0.5)),
    Line(off(0.0, 0.0, 0.0, 0.5)),
    Close,
];

static ARROW_DOWN: [OutlineStep; 8] = [
    Move(at(0.25, 0.0)),
    Line(at(0.75, 0.0)),
    Line(off(0.75, 0.0, 1.0, -0.5)),
    Line(off(1.0, 0.0, 1.0, -0.5)),
    Line(at(0.5, 1.0)),
    Line(off(0.0, 0.0, 1.0, -0.5)),
    Line(off(0.25, 0.0, 1.0, -0.5)),
    Close,
];

static ARROW_BOTH: [OutlineStep; 11] = [
    Move(at(0.0, 0.5)),
    Line(off(0.0, 0.4, 0.0, 0.0)),
    Line(off(0.0, 0.4, 0.25, 0.0)),
    Line(off(1.0, -0.4, 0.25, 0.0)),
    Line(off(1.0, -0.4, 0.0, 0.0)),
    Line(at(1.0, 0.5)),
    Line(off(1.0, -0.4, 1.0, 0.0)),
    Line(off(1.0, -0.4, 0.75, 0.0)),
    Line(off(0.0, 0.4, 0.75, 0.0)),
    Line(off(0.0, 0.4, 1.0, 0.0)),
    Close,
];

static BRACE_LEFT: [OutlineStep; 7] = [
    Move(at(1.0, 0.0)),
    Cubic(at(0.7, 0.0), at(0.5, 0.03), at(0.5, 0.15)),
    Line(at(0.5, 0.38)),
    Cubic(at(0.5, 0.47), at(0.3, 0.5), at(0.0, 0.5)),
    Cubic(at(0.3, 0.5), at(0.5, 0.53), at(0.5, 0.62)),
    Line(at(0.5, 0.85)),
    Cubic(at(0.5, 0.97), at(0.7, 1.0), at(1.0, 1.0)),
];

static BRACE_RIGHT: [OutlineStep; 7] = [
    Move(at(0.0, 0.0)),
    Cubic(at(0.3, 0.0), at(0.5, 0.03), at(0.5, 0.15)),
    Line(at(0.5, 0.38)),
    Cubic(at(0.5, 0.47), at(0.7, 0.5), at(1.0, 0.5)),
    Cubic(at(0.7, 0.5), at(0.5, 0.53), at(0.5, 0.62)),
    Line(at(0.5, 0.85)),
    Cubic(at(0.5, 0.97), at(0.3, 1.0), at(0.0, 1.0)),
];

#[cfg(test)]
mod tests {
    use super::{OutlineStep, ShapeKind};

    /// Points along the outline in a box of this size.
    fn points(kind: ShapeKind, w: f64, h: f64) -> Vec<(f64, f64)> {
        let mut out = Vec::new();
        let mut last = (0.0, 0.0);
        for step in kind.outline().unwrap_or_default() {
            match *step {
                OutlineStep::Move(p) | OutlineStep::Line(p) => {
                    last = p.within(w, h);
                    out.push(last);
                }
                OutlineStep::Cubic(a, b, c) => {
                    let (a, b, c) = (a.within(w, h), b.within(w, h), c.within(w, h));
                    for i in 1..=32 {
                        let t = f64::from(i) / 32.0;
                        let u = 1.0 - t;
                        let mix = |p: f64, q: f64, r: f64, s: f64| {
                            u * u * u * p
                                + 3.0 * u * u * t * q
                                + 3.0 * u * t * t * r
                                + t * t * t * s
                        };
                        out.push((mix(last.0, a.0, b.0, c.0), mix(last.1, a.1, b.1, c.1)));
                    }
                    last = c;
                }
                OutlineStep::Close => {}
            }
        }
        out
    }

    #[test]
    fn outlines_fill_their_box_and_stay_in_it() {
        for kind in ShapeKind::ALL {
            for (w, h) in [(100.0, 100.0), (400.0, 50.0), (30.0, 300.0)] {
                let points = points(kind, w, h);
                if points.is_empty() {
                    continue;
                }
                let low = |at: fn(&(f64, f64)) -> f64| {
                    points.iter().map(at).fold(f64::INFINITY, f64::min)
                };
                let high = |at: fn(&(f64, f64)) -> f64| {
                    points.iter().map(at).fold(f64::NEG_INFINITY, f64::max)
                };
                let near = |a: f64, b: f64, side: f64| (a - b).abs() < side * 0.005;
                assert!(
                    near(low(|p| p.0), 0.0, w) && near(high(|p| p.0), w, w),
                    "{kind:?} {w}"
                );
                assert!(
                    near(low(|p| p.1), 0.0, h) && near(high(|p| p.1), h, h),
                    "{kind:?} {h}"
                );
            }
        }
    }

    #[test]
    fn text_has_room_in_every_shape() {
        for kind in ShapeKind::ALL {
            let [left, top, right, bottom] = kind.text_insets(100.0, 100.0);
            assert!(
                100.0 - left - right >= 30.0 && 100.0 - top - bottom >= 30.0,
                "{kind:?}"
            );
        }
    }

    #[test]
    fn names_are_told_apart() {
        for kind in ShapeKind::ALL {
            assert_eq!(ShapeKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ShapeKind::from_name("Rectangle"), None);
    }
}
