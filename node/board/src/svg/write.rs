//! Colours, numbers and text as SVG writes them.

use std::fmt::Write as _;

use crate::scene::Rgb;

/// Nothing is drawn farther from the picture than this, which bounds the digits of a number.
const COORDINATE_MAX: f64 = 20_000.0;

pub(super) fn hex(Rgb(r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

pub(super) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes everything");
}

/// A number to a hundredth, in as few characters as it takes.
pub(super) struct Fine(pub(super) f64);

/// A number to a tenth: enough for the inner points of a path.
pub(super) struct Coarse(pub(super) f64);

impl std::fmt::Display for Fine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        rounded(self.0, 100.0).fmt(out)
    }
}

impl std::fmt::Display for Coarse {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        rounded(self.0, 10.0).fmt(out)
    }
}

fn rounded(value: f64, steps: f64) -> f64 {
    let bounded = if value.is_nan() {
        0.0
    } else {
        value.clamp(-COORDINATE_MAX, COORDINATE_MAX)
    };
    // Adding zero turns -0 into 0.
    (bounded * steps).round() / steps + 0.0
}

/// Text as XML may hold it: characters that XML 1.0 forbids are left out.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for ch in self.0.chars() {
            match ch {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                '\u{fffe}' | '\u{ffff}' => {}
                _ if ch.is_control() => {}
                _ => out.write_char(ch)?,
            }
        }
        Ok(())
    }
}
