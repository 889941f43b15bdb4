//! `fixtures/pen.json`, which the browser's tests read as well: packed strokes, what they hold and the
//! path they are drawn as. `EASEL_BLESS=1` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use easel_board::pen::{Ink, Step, pack, smooth, unpack};
use serde_json::{Value, json};

#[test]
fn the_shared_pen_fixtures_hold() {
    let cases: Vec<String> = cases()
        .iter()
        .map(|bytes| case(bytes).to_string())
        .collect();
    let made = format!("[\n{}\n]\n", cases.join(",\n"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pen.json");
    if std::env::var_os("EASEL_BLESS").is_some() {
        std::fs::write(&file, made).expect("the fixture is written");
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == made,
        "fixtures/pen.json is stale; run this test with EASEL_BLESS=1"
    );
}

/// `{ hex, ink: null | { w0, h0, points, pressures, box, path } }`: points in eighths of a pixel, the
/// path as `[letter, numbers…]` for the size in `box`.
fn case(bytes: &[u8]) -> Value {
    let hex = bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    });
    let Some(ink) = unpack(bytes) else {
        return json!({ "hex": hex, "ink": null });
    };
    let (w, h) = (f64::from(ink.w0) * 1.5, f64::from(ink.h0) * 0.25);
    let path: Vec<Value> = smooth(&ink.stretched(w, h)).iter().map(step).collect();
    json!({ "hex": hex, "ink": {
        "w0": ink.w0, "h0": ink.h0, "points": ink.points, "pressures": ink.pressures, "box": [w, h], "path": path,
    } })
}

fn step(step: &Step) -> Value {
    match step {
        Step::Move(p) => json!(["M", p.x, p.y]),
        Step::Line(p) => json!(["L", p.x, p.y]),
        Step::Quad(c, p) => json!(["Q", c.x, c.y, p.x, p.y]),
    }
}

fn cases() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for (w0, h0, points, pressures) in [
        (0.0, 0.0, vec![(0, 0)], None),
        (0.0, 0.0, vec![(0, 0)], Some(vec![128])),
        (10.0, 0.0, vec![(0, 0), (80, 0)], None),
        (4.0, 4.0, vec![(0, 0), (16, 32), (32, 0)], None),
        (
            4.5,
            2.25,
            vec![(0, 18), (1, 17), (36, 0), (-3, -400_000)],
            Some(vec![0, 1, 254, 255]),
        ),
        (1e7, 0.125, vec![(80_000_000, 1), (-80_000_000, 0)], None),
    ] {
        out.push(pack(&Ink {
            w0,
            h0,
            points,
            pressures,
        }));
    }
    let turn = |i: i32| f64::from(i) / 10.0;
    let spiral = (0..120).map(|i| {
        let r = f64::from(i);
        (
            (400.0 + r * turn(i).cos()).round() as i64,
            (400.0 + r * turn(i).sin()).round() as i64,
        )
    });
    out.push(pack(&Ink {
        w0: 100.0,
        h0: 100.0,
        points: spiral.collect(),
        pressures: None,
    }));

    let good = out[4].clone();
    out.push([&good[..], &[9, 9]].concat()); // more than the stroke
    out.push(Vec::new());
    out.push(good[..good.len() - 1].to_vec()); // cut short
    out.push([&[2], &good[1..]].concat()); // a later version
    out.push([&good[..10], &[0]].concat()); // no points
    out.push([&good[..2], &f32::NAN.to_le_bytes(), &good[6..]].concat());
    out.push([&good[..2], &(-1.0_f32).to_le_bytes(), &good[6..]].concat());
    out.push([&good[..10], &[0xff, 0xff, 0xff, 0xff, 0x7f]].concat()); // a forged count
    out.push([&good[..10], &[1, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0, 0]].concat()); // an endless number
    out
}
