//! How text becomes lines: the same on the server and in every browser.
//!
//! Widths come from one table of advances of the font that Easel ships ([`advances`]), positions are
//! computed here and never asked of a renderer, and every step is integer arithmetic in font units
//! (2048 to the em), so that nothing depends on a browser, its zoom or its rounding. The TypeScript
//! in `node/web/src/core/text` is this module over again, held to it by `fixtures/text.json`.
//!
//! - [`advances`]: the width of a code point, and the classes of code points that matter here.
//! - [`clusters`]: what must not be torn apart (letter and accent, emoji sequences, flags).
//! - [`lines`]: text and a width to lines of words, each with its x.
//! - [`runs`]: formats inside a text. Bold letters have a table of their own; slanted ones keep their advance.
//! - [`block`]: the text of one element, placed in its box: padding, alignment, shrinking to fit.
//!
//! Deliberately absent: kerning and ligatures (the canvas font has none, so a word is exactly as
//! wide as its letters), hyphenation, full bidirectional layout (see [`lines`]).

pub mod advances;
pub mod block;
pub mod clusters;
pub mod lines;
pub mod runs;

pub use advances::UNITS_PER_EM;
pub use block::{Align, TextBlock, TextBox, TextHolder, Valign, layout_text};
pub use lines::{BrokenText, Line, Word, break_lines};
pub use runs::{List, Run, Style, is_link};
