//! Pictures of small boards, of hostile ones, and of all kinds.

use super::{BYTES_MAX, ELEMENTS_MAX, preview};
use crate::document::{
    Body, Bounds, Dash, Element, End, Frame, Head, Image, Label, Line, Paint, Pen, Shape, Sticky,
    Text, elements,
};
use crate::pen::Ink;
use crate::schema::{PALETTE, ShapeKind, Theme};
use crate::text::{Align, Run, Style, Valign};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use std::collections::HashMap;
use yrs::types::map::MapPrelim;
use yrs::{Any, Doc, In, Map, TextPrelim, Transact};

fn paint(name: &str) -> Paint {
    PALETTE
        .iter()
        .find(|color| color.name == name)
        .map_or(Paint::None, Paint::Named)
}

fn element(x: f64, y: f64, w: f64, h: f64, body: Body) -> Element {
    Element {
        id: "el".to_owned(),
        bounds: Bounds {
            x,
            y,
            w,
            h,
            angle: 0.0,
        },
        z: "a0".to_owned(),
        parent: None,
        opacity: 1.0,
        locked: false,
        body,
    }
}

fn label(text: &str) -> Label {
    Label {
        text: text.to_owned(),
        runs: Vec::new(),
        font_size: 16.0,
        align: Align::Center,
        valign: Valign::Middle,
        color: paint("black"),
    }
}

fn shape(kind: ShapeKind, text: &str) -> Body {
    Body::Shape(Shape {
        kind,
        fill: Paint::None,
        stroke: paint("black"),
        stroke_width: 2.0,
        dash: Dash::Solid,
        label: label(text),
    })
}

fn sticky(text: &str) -> Body {
    Body::Sticky(Sticky {
        fill: paint("yellow"),
        label: label(text),
    })
}

const INERT_ATTRIBUTES: [&str; 25] = [
    "cx",
    "cy",
    "d",
    "fill",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "lengthAdjust",
    "opacity",
    "r",
    "rx",
    "ry",
    "stroke",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-width",
    "textLength",
    "transform",
    "viewBox",
    "width",
    "x",
    "y",
];

/// The content of the picture, after a strict parser has read all of it.
fn content(elements: &[Element], theme: Theme) -> String {
    let svg = preview(elements, theme);
    assert!(svg.len() <= BYTES_MAX, "{} bytes", svg.len());
    let read = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
    for node in read.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(
            [
                "svg", "g", "path", "rect", "circle", "ellipse", "text", "tspan"
            ]
            .contains(&name),
            "{name}"
        );
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            // Of these none runs, loads, names or links anything.
            let mixes = name == "style" && value.starts_with("mix-blend-mode:");
            assert!(mixes || INERT_ATTRIBUTES.contains(&name), "{name}");
            assert!(
                !value.contains("url(") && !value.contains("NaN") && !value.contains("inf"),
                "{value}"
            );
        }
    }
    let start = svg.find('>').unwrap() + 1;
    svg[start..svg.len() - "</svg>".len()].to_owned()
}

fn check(body: Body, expected: &str) {
    assert_eq!(
        content(&[element(0.0, 0.0, 640.0, 400.0, body)], Theme::Light),
        expected
    );
}

const WHOLE: &str = r#"<g transform="translate(38.4 24)">"#;

#[test]
fn formats_are_drawn() {
    let mut label = label("one two");
    let style = Style::BOLD | Style::ITALIC | Style::UNDERLINE;
    label.runs = vec![Run {
        start: 0,
        end: 7,
        style,
        list: None,
    }];
    let body = Body::Text(Text {
        label,
        auto_width: false,
    });
    let svg = content(&[element(0.0, 0.0, 640.0, 400.0, body)], Theme::Light);
    assert_eq!(
        svg.matches(r#"font-weight="700" font-style="italic""#)
            .count(),
        2,
        "{svg}"
    );
    // One line under both words and the space between them.
    assert_eq!(svg.matches("<path").count(), 1, "{svg}");
    assert_eq!(svg.matches('M').count(), 1, "{svg}");
}

#[test]
fn an_empty_board_is_an_invitation() {
    for theme in Theme::ALL {
        let empty = content(&[], theme);
        assert!(
            empty.starts_with("<g stroke=") && empty.contains("<circle"),
            "{empty}"
        );
    }
}

#[test]
fn shapes_are_drawn_in_their_frame() {
    let rest = r##" stroke="#1f2328" stroke-width="1.76"/></g>"##;
    let rectangle = r#"<rect width="563.2" height="352" rx="5.28""#;
    check(
        shape(ShapeKind::Rectangle, ""),
        &format!("{WHOLE}{rectangle}{rest}"),
    );
    let ellipse = r#"<ellipse cx="281.6" cy="176" rx="281.6" ry="176""#;
    check(
        shape(ShapeKind::Ellipse, ""),
        &format!("{WHOLE}{ellipse}{rest}"),
    );
    let diamond = r#"<path d="M281.6 0L563.2 176L281.6 352L0 176Z""#;
    check(
        shape(ShapeKind::Diamond, ""),
        &format!("{WHOLE}{diamond}{rest}"),
    );
}

#[test]
fn what_lies_in_a_frame_is_drawn_within_it() {
    let named = |id: &str, parent: Option<&str>, mut one: Element| {
        one.id = id.to_owned();
        one.parent = parent.map(str::to_owned);
        one
    };
    let frame = Body::Frame(Frame {
        fill: Paint::None,
        name: "Plan".to_owned(),
        order: None,
    });
    let mut turned = element(0.0, 0.0, 640.0, 400.0, frame.clone());
    turned.bounds.angle = std::f64::consts::FRAC_PI_2;
    let below = shape(ShapeKind::Rectangle, "");
    let board = |frame: Element| {
        [
            // Lower than its frame, and far beyond it: drawn after it all the same, and no larger a picture.
            named(
                "a",
                Some("f"),
                element(600.0, 0.0, 9000.0, 40.0, below.clone()),
            ),
            named("f", None, frame),
            named("b", Some("f"), element(0.0, 0.0, 10.0, 10.0, below.clone())),
            named("g", Some("f"), element(0.0, 0.0, 9e6, 9e6, Body::Group)),
        ]
    };
    let upright = content(&board(element(0.0, 0.0, 640.0, 400.0, frame)), Theme::Light);
    let sheet = r##"<rect width="563.2" height="352" rx="0" fill="#ffffff" stroke="#6b7280" stroke-width="0.88"/>"##;
    let window = r#"<svg x="38.4" y="24" width="563.2" height="352" viewBox="38.4 24 563.2 352">"#;
    assert!(
        upright.starts_with(&format!("{WHOLE}{sheet}</g>{window}<g transform")),
        "{upright}"
    );
    assert!(upright.ends_with("</g></svg>"), "{upright}");
    assert_eq!(upright.matches("<svg").count(), 1);
    let turned = content(&board(turned), Theme::Light);
    let window = turned
        .split("<svg")
        .next()
        .expect("there is something before");
    assert!(
        window.ends_with(r#"<g transform="rotate(90 320 200)">"#),
        "{window}"
    );
    assert!(turned.ends_with("</g></g></svg></g>"), "{turned}");
}

#[test]
fn every_shape_is_drawn_as_its_outline() {
    for kind in ShapeKind::ALL {
        let one = element(0.0, 0.0, 640.0, 400.0, shape(kind, ""));
        let svg = content(&[one], Theme::Light);
        assert!(!svg.contains("NaN"), "{kind:?}: {svg}");
        let Some(steps) = kind.outline() else {
            continue;
        };
        let path = svg.split("<path d=\"").nth(1).expect("it is a path");
        let path = &path[..path.find('"').expect("it ends")];
        let letters = path.chars().filter(char::is_ascii_alphabetic).count();
        assert_eq!(letters, steps.len(), "{kind:?}: {path}");
        assert_eq!(
            path.ends_with('Z'),
            kind.is_closed() && kind != ShapeKind::Cylinder
        );
    }
}

#[test]
fn a_line_goes_through_its_points() {
    let end = |x, head| End { x, y: 0.5, head };
    let body = Body::Line(Line {
        stroke: paint("red"),
        stroke_width: 4.0,
        dash: Dash::Solid,
        from: end(0.0, Head::None),
        via: vec![(0.5, 0.0), (0.5, 1.0)],
        to: end(1.0, Head::None),
    });
    let course = r##"<path d="M0 176L281.6 0L281.6 352L563.2 176" stroke="#d4333f""##;
    check(
        body,
        &format!(r#"{WHOLE}{course} stroke-width="3.52"/></g>"#),
    );
}

#[test]
fn a_line_has_its_heads() {
    let end = |x, head| End { x, y: 0.5, head };
    let line = |head| {
        Body::Line(Line {
            stroke: paint("red"),
            stroke_width: 4.0,
            dash: Dash::Dashed,
            from: end(0.0, Head::None),
            via: Vec::new(),
            to: end(1.0, head),
        })
    };
    let rest = r##"" stroke="#d4333f" stroke-width="3.52" stroke-dasharray="14.08 10.56"/></g>"##;
    check(
        line(Head::None),
        &format!(r#"{WHOLE}<path d="M0 176L563.2 176{rest}"#),
    );
    let body = r##"" stroke="#d4333f" stroke-width="3.52" stroke-dasharray="14.08 10.56"/>"##;
    let solid = r##" stroke="#d4333f" stroke-width="3.52"/></g>"##;
    let arrow = r#"<path d="M547.3 168.4L563.2 176L547.3 183.6""#;
    check(
        line(Head::Arrow),
        &format!(r#"{WHOLE}<path d="M0 176L563.2 176{body}{arrow}{solid}"#),
    );
    let ring = r##"<circle cx="556.2" cy="176" r="7" fill="#d4333f""##;
    check(
        line(Head::Circle),
        &format!(r#"{WHOLE}<path d="M0 176L549.1 176{body}{ring}{solid}"#),
    );
}

fn image(blurhash: Option<String>) -> Body {
    Body::Image(Image {
        asset: "ast_00000000000000000000000000".to_owned(),
        w: 3.0,
        h: 2.0,
        crop: None,
        flip_x: false,
        flip_y: true,
        blurhash,
    })
}

#[test]
fn of_an_image_its_mean_colour_is_shown() {
    let hash = "LEHV6nWB2yk8pyo0adR*.7kCMdnj".to_owned();
    let area = |fill: &str| {
        format!(r#"{WHOLE}<rect width="563.2" height="352" rx="0" fill="{fill}"/></g>"#)
    };
    check(image(Some(hash)), &area("#979695"));
    let grey = PALETTE.iter().find(|color| color.name == "grey").unwrap();
    check(image(None), &area(grey.swatch.light.fill));
}

#[test]
fn ink_is_smooth_and_without_needless_points() {
    let pen = |pressures| {
        Body::Pen(Pen {
            stroke: paint("blue"),
            stroke_width: 4.0,
            ink: Ink {
                w0: 640.0,
                h0: 400.0,
                points: vec![(0, 0), (2560, 0), (2562, 0), (2563, 0), (5120, 3200)],
                pressures,
            },
        })
    };
    let path = r##"<path d="M0 0Q281.6 0 281.7 0Q281.9 0 422.6 176L563.2 352" stroke="#2563d4""##;
    check(
        pen(None),
        &format!(r#"{WHOLE}{path} stroke-width="3.52"/></g>"#),
    );
    check(
        pen(Some(vec![0; 5])),
        &format!(r#"{WHOLE}{path} stroke-width="1.41"/></g>"#),
    );
}

#[test]
fn what_a_highlighter_crosses_stays_readable() {
    let mark = Body::Highlighter(Pen {
        stroke: paint("yellow"),
        stroke_width: 20.0,
        ink: Ink {
            w0: 640.0,
            h0: 400.0,
            points: vec![(0, 0), (5120, 3200)],
            pressures: None,
        },
    });
    for (theme, mode) in [(Theme::Light, "multiply"), (Theme::Dark, "screen")] {
        let drawn = content(&[element(0.0, 0.0, 640.0, 400.0, mark.clone())], theme);
        let mixed = format!(r#" style="mix-blend-mode:{mode}"><path"#);
        assert!(drawn.contains(&mixed), "{drawn}");
    }
}

#[test]
fn words_have_their_x_and_length() {
    let text = content(
        &[element(0.0, 0.0, 640.0, 400.0, sticky("Hi all"))],
        Theme::Dark,
    );
    assert!(
        text.contains(r##"<text font-size="14.08" fill="#f1f3f6"><tspan x="##),
        "{text}"
    );
    assert!(
        text.contains(r#"lengthAdjust="spacingAndGlyphs">all</tspan>"#),
        "{text}"
    );
}

#[test]
fn letters_too_small_to_read_are_bars() {
    let mut small = element(
        0.0,
        0.0,
        6400.0,
        4000.0,
        shape(ShapeKind::Rectangle, "some words"),
    );
    small.opacity = 0.5;
    let drawn = content(&[small], Theme::Light);
    assert!(
        drawn.contains(r#" opacity="0.5">"#) && drawn.contains(r#" opacity=".5"/></g>"#),
        "{drawn}"
    );
    assert!(!drawn.contains("<text"), "{drawn}");
}

#[test]
fn a_turned_element_is_turned_about_its_centre() {
    let mut turned = element(0.0, 0.0, 640.0, 400.0, sticky(""));
    turned.bounds.angle = -std::f64::consts::FRAC_PI_2;
    let drawn = content(&[turned], Theme::Light);
    assert!(
        drawn.starts_with(r#"<g transform="translate(144 90) rotate(270 176 110)">"#),
        "{drawn}"
    );
}

#[test]
fn hostile_text_stays_text() {
    let hostile = "</text><script>alert(1)</script> ]]> <!-- &amp; \" ' \u{0}\u{b}\u{fffe}\u{202e} <a href='x'>";
    for body in [sticky(hostile), shape(ShapeKind::Ellipse, hostile)] {
        let drawn = content(&[element(0.0, 0.0, 640.0, 400.0, body)], Theme::Light);
        assert!(
            drawn.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
            "{drawn}"
        );
    }
}

#[test]
fn of_too_many_elements_the_largest_are_drawn_in_their_order() {
    let mut many: Vec<Element> = (0..ELEMENTS_MAX + 500)
        .map(|i| element(i as f64, 0.0, 10.0, 10.0, shape(ShapeKind::Rectangle, "")))
        .collect();
    many[3] = element(0.0, 0.0, 5000.0, 3000.0, sticky(""));
    many[900] = element(0.0, 0.0, 900.0, 900.0, shape(ShapeKind::Diamond, ""));
    let drawn = content(&many, Theme::Light);
    assert_eq!(
        drawn.matches("<rect").count() + drawn.matches("Z\"").count(),
        ELEMENTS_MAX + 1
    );
    assert!(drawn.find(r##"fill="#000""##).unwrap() < drawn.find("Z\"").unwrap());
}

#[test]
fn a_board_of_long_texts_and_strokes_stays_within_bounds() {
    let points: Vec<(i64, i64)> = (0..50_000)
        .map(|i| ((i * 7919) % 5000, (i * 104_729) % 3000))
        .collect();
    let ink = Ink {
        w0: 625.0,
        h0: 375.0,
        points,
        pressures: None,
    };
    let board: Vec<Element> = (0..60)
        .flat_map(|i| {
            let at = f64::from(i) * 10.0;
            let stroke = Pen {
                stroke: paint("green"),
                stroke_width: 1.0,
                ink: ink.clone(),
            };
            [
                element(
                    at,
                    at,
                    625.0,
                    375.0,
                    sticky(&"endless <&> words ".repeat(1000)),
                ),
                element(at, at, 625.0, 375.0, Body::Pen(stroke)),
            ]
        })
        .collect();
    assert!(content(&board, Theme::Light).contains("<text"));
}

/// Whatever anybody wrote into the document, under every key that is read.
#[test]
fn a_document_of_ten_thousand_hostile_elements_is_drawn_inert() {
    let hostile = "\"/><script>alert(1)</script><image href='javascript:x' onload='y'/>url(#a)";
    let doc = Doc::new();
    let root = doc.get_or_insert_map("elements");
    let mut txn = doc.transact_mut();
    let known = ["shape", "sticky", "text", "line", "pen", hostile];
    for n in 0..10_000_u32 {
        let place = [
            f64::from(n % 100) * 90.0,
            f64::from(n / 100) * 70.0,
            80.0,
            60.0,
            0.0,
        ];
        let at = place.map(Any::from).to_vec();
        let mut members: HashMap<String, In> = [
            "kind", "fill", "stroke", "color", "dash", "align", "valign", "parent", "data",
            "opacity",
        ]
        .map(|key| (key.to_owned(), Any::from(hostile).into()))
        .into();
        members.insert("type".to_owned(), Any::from(known[n as usize % 6]).into());
        members.insert("z".to_owned(), Any::from(format!("a{n:06}1")).into());
        members.insert("box".to_owned(), Any::from(at).into());
        members.insert("text".to_owned(), TextPrelim::new(hostile).into());
        root.insert(&mut txn, format!("el{n:08}"), MapPrelim::from_iter(members));
    }
    let elements = elements(&txn);
    assert!(elements.len() > 8_000, "{}", elements.len());
    for theme in Theme::ALL {
        let drawn = content(&elements, theme);
        assert!(drawn.contains("<rect") && !drawn.contains("<script"));
    }
}

fn bodies() -> impl Strategy<Value = Body> {
    let number = || prop_oneof![0.0..2000.0_f64, Just(0.0), Just(1e7)];
    let paints = prop_oneof![
        Just(Paint::None),
        (0..PALETTE.len()).prop_map(|i| Paint::Named(&PALETTE[i])),
        any::<[u8; 3]>().prop_map(Paint::Rgb)
    ];
    let dashes = prop_oneof![Just(Dash::Solid), Just(Dash::Dashed), Just(Dash::Dotted)];
    let style = (paints.clone(), paints, number(), dashes);
    let point = -1_000_000_000_i64..1_000_000_000;
    let points = prop::collection::vec((point.clone(), point), 1..30);
    (
        0..7_u8,
        style,
        any::<String>(),
        points,
        number(),
        any::<bool>(),
    )
        .prop_map(
            |(which, (fill, stroke, stroke_width, dash), text, points, size, flag)| {
                let mut label = label(&text);
                (label.font_size, label.color) = (size, fill);
                let end = |x: f64, y: f64| End {
                    x,
                    y,
                    head: if flag { Head::Arrow } else { Head::None },
                };
                let pressures = flag.then(|| vec![77; points.len()]);
                let ink = Ink {
                    w0: size as f32,
                    h0: 3.0,
                    points,
                    pressures,
                };
                match which {
                    0 => Body::Shape(Shape {
                        kind: ShapeKind::Ellipse,
                        fill,
                        stroke,
                        stroke_width,
                        dash,
                        label,
                    }),
                    1 => Body::Sticky(Sticky { fill, label }),
                    2 => Body::Text(Text {
                        label,
                        auto_width: flag,
                    }),
                    3 => Body::Pen(Pen {
                        stroke,
                        stroke_width,
                        ink,
                    }),
                    4 => Body::Line(Line {
                        stroke,
                        stroke_width,
                        dash,
                        from: end(0.0, size),
                        via: flag.then_some((size, 1e7)).into_iter().collect(),
                        to: end(-1e7, 1.0),
                    }),
                    5 => image(flag.then_some(text)),
                    _ => Body::Unknown { type_name: text },
                }
            },
        )
}

proptest! {
    #[test]
    fn every_board_has_a_picture(
        board in prop::collection::vec(
            (-1e7..1e7_f64, -1e7..1e7_f64, 0.0..1e7_f64, 0.0..1e7_f64, -10.0..10.0_f64, 0.0..1.0_f64, bodies()),
            0..12,
        ),
        small in any::<bool>(),
    ) {
        let shrink = if small { 1e-5 } else { 1.0 };
        let board: Vec<Element> = board
            .into_iter()
            .map(|(x, y, w, h, angle, opacity, body)| {
                let mut made = element(x * shrink, y * shrink, w * shrink, h * shrink, body);
                (made.bounds.angle, made.opacity) = (angle, opacity);
                made
            })
            .collect();
        content(&board, Theme::Dark);
    }
}
