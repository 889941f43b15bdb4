//! The generated files of text layout are up to date: the table of advances (for Rust and for
//! TypeScript) against the TTF, the shared fixtures against this crate.
//!
//! `EASEL_BLESS=1 cargo nextest run -p easel-board --test text_tables` writes them anew. The TTF comes
//! with the web client's packages: run `npm ci` in `node/web` first.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use easel_board::schema::{LISTS, ShapeKind};
use easel_board::text::advances::{self, COVERED, Range, extends, is_control, is_space};
use easel_board::text::{
    Align, List, Run, Style, TextBox, TextHolder, Valign, break_lines, layout_text,
};
use serde_json::{Value, json};

const TTF: &str = "../web/node_modules/@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf";
const TTF_BOLD: &str = "../web/node_modules/@expo-google-fonts/inter/700Bold/Inter_700Bold.ttf";
const TABLE: &str = "src/text/advances.txt";
const TABLE_BOLD: &str = "src/text/advances-bold.txt";
const TYPESCRIPT: &str = "../web/src/core/text/advances.gen.ts";
const FIXTURES: &str = "fixtures/text.json";

#[test]
fn the_tables_of_advances_are_those_of_the_fonts() {
    let [regular, bold] = [TTF, TTF_BOLD].map(|ttf| {
        let path = here(ttf);
        let bytes = std::fs::read(&path).unwrap_or_else(|error| {
            panic!(
                "run `npm ci` in node/web first: {}: {error}",
                path.display()
            )
        });
        let font = ttf_parser::Face::parse(&bytes, 0).expect("the TTF parses");
        assert_eq!(u32::from(font.units_per_em()), advances::UNITS_PER_EM);
        assert_eq!(u32::try_from(font.ascender()), Ok(advances::ASCENT));
        assert_eq!(
            u32::try_from(-i32::from(font.descender())),
            Ok(advances::DESCENT)
        );
        runs_of(&font)
    });
    check_or_bless(TABLE, &table(&regular, "Regular"));
    check_or_bless(TABLE_BOLD, &table(&bold, "Bold"));
    check_or_bless(TYPESCRIPT, &typescript(&regular, &bold));
}

#[test]
fn the_shared_fixtures_hold() {
    let mut out = String::from("{\n\"lines\": [\n");
    write_cases(&mut out, line_cases());
    out.push_str("],\n\"blocks\": [\n");
    write_cases(&mut out, block_cases());
    out.push_str("],\n\"rich\": [\n");
    write_cases(&mut out, rich_cases());
    out.push_str("]\n}\n");
    check_or_bless(FIXTURES, &out);
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn check_or_bless(path: &str, made: &str) {
    let file = here(path);
    if std::env::var_os("EASEL_BLESS").is_some() {
        std::fs::write(&file, made).expect("the generated file is written");
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let at = kept.lines().zip(made.lines()).position(|(a, b)| a != b);
    assert!(
        kept == made,
        "{path} is stale (first at line {at:?}); run this test with EASEL_BLESS=1"
    );
}

/// Advances of consecutive code points, with the first of them.
type Stretch = (u32, Vec<u16>);

fn runs_of(font: &ttf_parser::Face<'_>) -> Vec<Stretch> {
    let mut runs: Vec<Stretch> = Vec::new();
    for code in COVERED.iter().flat_map(|&(first, last)| first..=last) {
        let blank = is_control(code) || extends(code) || (is_space(code) && code == 0x200b);
        let Some(units) = char::from_u32(code)
            .filter(|_| !blank)
            .and_then(|ch| font.glyph_index(ch))
            .and_then(|glyph| font.glyph_hor_advance(glyph))
        else {
            continue;
        };
        match runs.last_mut() {
            Some((first, list)) if *first + list.len() as u32 == code => list.push(units),
            Some(_) | None => runs.push((code, vec![units])),
        }
    }
    runs
}

fn table(runs: &[Stretch], weight: &str) -> String {
    let mut out = format!(
        "# Made by tests/text_tables.rs from Inter {weight}: first code point, then advances in font units.\n",
    );
    for (first, list) in runs {
        let list: Vec<String> = list.iter().map(u16::to_string).collect();
        let _ = writeln!(out, "{first:04x} {}", list.join(" "));
    }
    out
}

fn typescript(regular: &[Stretch], bold: &[Stretch]) -> String {
    let mut out = String::from(
        "// Made by node/board/tests/text_tables.rs from the font and from node/board/src/text/advances.rs: do not edit.\n\n\
         export type Range = readonly [first: number, last: number];\n",
    );
    for (name, value) in [
        ("UNITS_PER_EM", advances::UNITS_PER_EM),
        ("ASCENT", advances::ASCENT),
        ("DESCENT", advances::DESCENT),
        ("TAB_SPACES", advances::TAB_SPACES),
        ("WIDE_ADVANCE", advances::WIDE_ADVANCE),
        ("EMOJI_ADVANCE", advances::EMOJI_ADVANCE),
        ("OTHER_ADVANCE", advances::OTHER_ADVANCE),
    ] {
        let _ = writeln!(out, "export const {name} = {value};");
    }
    let _ = writeln!(
        out,
        "export const REGIONAL_INDICATOR: Range = {};",
        range(advances::REGIONAL_INDICATOR)
    );
    for (name, list) in [
        ("EXTEND", advances::EXTEND),
        ("WIDE", advances::WIDE),
        ("EMOJI", advances::EMOJI),
        ("PICTOGRAPH", advances::PICTOGRAPH),
        ("RTL", advances::RTL),
        ("SPACE", advances::SPACE),
        ("NEWLINE", advances::NEWLINE),
    ] {
        let list: Vec<String> = list.iter().copied().map(range).collect();
        let _ = writeln!(
            out,
            "export const {name}: readonly Range[] = [\n  {},\n];",
            list.join(",\n  ")
        );
    }
    for (name, list) in [
        ("NO_BREAK_BEFORE", advances::NO_BREAK_BEFORE),
        ("NO_BREAK_AFTER", advances::NO_BREAK_AFTER),
        ("BREAK_AFTER", advances::BREAK_AFTER),
    ] {
        let list: Vec<String> = list
            .chars()
            .map(|ch| format!("0x{:04x}", u32::from(ch)))
            .collect();
        let _ = writeln!(
            out,
            "export const {name}: readonly number[] = [{}];",
            list.join(", ")
        );
    }
    out.push_str("/** First code point, and the advances of it and of those that follow. */\n");
    for (name, runs) in [("RUNS", regular), ("BOLD_RUNS", bold)] {
        let _ = writeln!(
            out,
            "export const {name}: readonly (readonly [first: number, advances: readonly number[]])[] = ["
        );
        for (first, list) in runs {
            let list: Vec<String> = list.iter().map(u16::to_string).collect();
            let _ = writeln!(out, "  [0x{first:04x}, [{}]],", list.join(", "));
        }
        out.push_str("];\n");
    }
    out
}

fn range((first, last): Range) -> String {
    format!("[0x{first:04x}, 0x{last:04x}]")
}

fn write_cases(out: &mut String, cases: Vec<Value>) {
    let last = cases.len().saturating_sub(1);
    for (index, case) in cases.iter().enumerate() {
        let _ = writeln!(out, "{case}{}", if index == last { "" } else { "," });
    }
}

/// `[text, width or null, cut words, [[start, end, width, rtl, [[start, end, x, width, rtl] …]] …]]`, offsets in UTF-16
/// code units as JavaScript counts them.
fn line_cases() -> Vec<Value> {
    let mut dice = Dice(0x5eed_0001);
    let mut cases: Vec<(String, Option<u64>)> = Vec::new();
    for text in FIXED {
        cases.extend(
            [None, Some(0), Some(3000), Some(9000)].map(|width| ((*text).to_owned(), width)),
        );
    }
    for number in 0..240_u64 {
        let words = 1 + dice.below(14);
        let text = dice.text(words);
        let width = if number % 8 == 0 {
            None
        } else {
            Some(1000 + dice.below(30_000))
        };
        cases.push((text, width));
    }
    for _ in 0..80 {
        let (text, width) = (dice.noise(), 1000 + dice.below(12_000));
        cases.push((text, Some(width)));
    }
    cases.push((dice.text(150), Some(25_000)));
    cases.push(("x".repeat(500), Some(40_000)));
    cases
        .into_iter()
        .map(|(text, width)| line_case(&text, width))
        .collect()
}

fn line_case(text: &str, width: Option<u64>) -> Value {
    let broken = break_lines(text, &[], width);
    let units = |byte: usize| text[..byte].encode_utf16().count();
    let lines: Vec<Value> = broken
        .lines
        .iter()
        .map(|line| {
            let words: Vec<Value> = line
                .words
                .iter()
                .map(|w| json!([units(w.start), units(w.end), w.x, w.width, w.rtl]))
                .collect();
            json!([
                units(line.start),
                units(line.end),
                line.width,
                line.rtl,
                words
            ])
        })
        .collect();
    json!([text, width, broken.cut_words, lines])
}

/// `[input, font size, w, h, [[x, baseline, width, [[text, x, width] …]] …]]`.
fn block_cases() -> Vec<Value> {
    let mut dice = Dice(0x5eed_0002);
    let mut out = Vec::new();
    let later = ShapeKind::ALL.len() as u64 - 3;
    for number in 0..120 + 2 * later {
        let words = dice.below(24);
        let text = dice.text(words);
        let (holder, holder_name) = dice.pick(&[
            (TextHolder::Shape(ShapeKind::Rectangle), "rectangle"),
            (TextHolder::Shape(ShapeKind::Ellipse), "ellipse"),
            (TextHolder::Shape(ShapeKind::Diamond), "diamond"),
            (TextHolder::Sticky, "sticky"),
            (TextHolder::Sticky, "sticky"),
            (TextHolder::Text, "text"),
            (TextHolder::AutoText, "auto_text"),
        ]);
        // The kinds that came later have cases of their own, so that those before stay as they were.
        let (holder, holder_name) = match number.checked_sub(120) {
            None => (holder, holder_name),
            Some(at) => {
                let kind = ShapeKind::ALL[3 + (at % later) as usize];
                (TextHolder::Shape(kind), kind.name())
            }
        };
        let (align, align_name) = dice.pick(&[
            (Align::Left, "left"),
            (Align::Center, "center"),
            (Align::Right, "right"),
        ]);
        let (valign, valign_name) = dice.pick(&[
            (Valign::Top, "top"),
            (Valign::Middle, "middle"),
            (Valign::Bottom, "bottom"),
        ]);
        // Some of the sizes are such as a drag makes them.
        let fraction = if number % 3 == 0 {
            dice.below(1000) as f64 / 1000.0
        } else {
            0.0
        };
        let w = dice.below(400) as f64 + fraction;
        let h = dice.below(300) as f64 + fraction;
        let font_size = dice.pick(&[12.0, 16.0, 20.0, 20.0, 33.3, 64.0, 0.0, 5000.0]);
        let block = layout_text(&TextBox {
            text: &text,
            runs: &[],
            holder,
            w,
            h,
            font_size,
            align,
            valign,
        });
        let lines: Vec<Value> = block
            .lines
            .iter()
            .map(|line| {
                let words: Vec<Value> = line
                    .words
                    .iter()
                    .map(|word| json!([word.text, word.x, word.width]))
                    .collect();
                json!([line.x, line.baseline, line.width, words])
            })
            .collect();
        out.push(json!([
            { "text": text, "holder": holder_name, "w": w, "h": h, "fontSize": font_size, "align": align_name, "valign": valign_name },
            block.font_size, block.w, block.h, lines
        ]));
    }
    out
}

/// `[input with its runs, font size, w, h, [[x, baseline, width, [[text, x, width, style, rtl] …]] …]]`.
fn rich_cases() -> Vec<Value> {
    let mut dice = Dice(0x5eed_0003);
    (0..120).map(|_| rich_case(&mut dice)).collect()
}

fn rich_case(dice: &mut Dice) -> Value {
    let words = 1 + dice.below(20);
    let text = dice.text(words);
    let mut places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    places.push(text.len());
    let mut runs = Vec::new();
    let mut at = 0;
    while at + 1 < places.len() {
        let next = (at + 1 + dice.below(9) as usize).min(places.len() - 1);
        let style = Style(dice.pick(&[0, 0, 1, 1, 2, 3, 5, 8, 16, 31]));
        let list = dice.pick(&[None, None, None, Some(List::Bullet), Some(List::Number)]);
        if style != Style::PLAIN || list.is_some() {
            let (start, end) = (places[at], places[next]);
            runs.push(Run {
                start,
                end,
                style,
                list,
            });
        }
        at = next;
    }
    let (holder, holder_name) = dice.pick(&[
        (TextHolder::Shape(ShapeKind::Ellipse), "ellipse"),
        (TextHolder::Sticky, "sticky"),
        (TextHolder::Text, "text"),
        (TextHolder::AutoText, "auto_text"),
    ]);
    let (align, align_name) = dice.pick(&[
        (Align::Left, "left"),
        (Align::Center, "center"),
        (Align::Right, "right"),
    ]);
    let (w, h) = (dice.below(400) as f64, dice.below(300) as f64);
    let font_size = dice.pick(&[12.0, 20.0, 33.3]);
    let block = layout_text(&TextBox {
        text: &text,
        runs: &runs,
        holder,
        w,
        h,
        font_size,
        align,
        valign: Valign::Middle,
    });
    let lines: Vec<Value> = block
        .lines
        .iter()
        .map(|line| {
            let words: Vec<Value> = line
                .words
                .iter()
                .map(|word| json!([word.text, word.x, word.width, word.style.0, word.rtl]))
                .collect();
            json!([line.x, line.baseline, line.width, words])
        })
        .collect();
    let units = |byte: usize| text[..byte].encode_utf16().count();
    let shown: Vec<Value> = runs
        .iter()
        .map(|run| {
            let (start, end) = (units(run.start), units(run.end));
            json!({ "start": start, "end": end, "style": run.style.0, "list": run.list.map(|list| LISTS[list as usize]) })
        })
        .collect();
    json!([
        { "text": text, "runs": shown, "holder": holder_name, "w": w, "h": h, "fontSize": font_size, "align": align_name, "valign": "middle" },
        block.font_size, block.w, block.h, lines
    ])
}

/// Every rule once, before chance takes over.
const FIXED: &[&str] = &[
    "",
    " ",
    "\n",
    "\r\n\r\n",
    "a\r\nb\rc\u{2028}d\u{85}e",
    "\t\ttabs\tinside\t",
    "trailing spaces     ",
    "     leading spaces",
    "no\u{a0}break\u{202f}spaces",
    "zero\u{200b}width\u{200b}spaces",
    "soft\u{ad}hyphens\u{ad}vanish",
    "control\u{7}characters\u{1b}[0m",
    "e\u{301}e\u{301}e\u{301} combining",
    " \u{301}mark after a space",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦 family 👍🏽 skin 🇩🇪🇫🇷🇮 flags 1️⃣ keys ❤️ heart",
    "漢字かな交じり文。「括弧」、句読点ー長音",
    "한국어 띄어쓰기 \u{1112}\u{1161}\u{11ab}",
    "שלום עולם mixed שלום 12 עולם",
    "مرحبا بالعالم",
    "नमस्ते दुनिया ไทยไม่มีช่องว่าง",
    "https://easel.example/boards/1?a=b#c well-known 2020-21 -dash em—dash",
    "\u{fffd} replacement \u{1f1e6}",
];

const WORDS: &[&str] = &[
    "a",
    "I",
    "of",
    "the",
    "board",
    "sticky",
    "WAVE",
    "To",
    "AVAtar",
    "committee",
    "incomprehensibilities",
    "naïve",
    "Straße",
    "Привет",
    "Καλημέρα",
    "đường",
    "→",
    "€5.00",
    "“quoted”",
    "(brackets)",
    "half-finished",
    "either/or",
    "x=1;",
    "…",
    "漢字",
    "日本語の文章。",
    "「かぎ」",
    "한글",
    "ｆｕｌｌ",
    "😀",
    "👍🏽",
    "👩\u{200d}💻",
    "🇯🇵🇰🇷",
    "❤️",
    "e\u{301}a\u{308}",
    "שלום",
    "עולם",
    "مرحبا",
    "नमस्ते",
    "ภาษาไทย",
    "12",
    "3.14",
    "-",
    "--",
    "https://example.org/a/b-c/d",
];

const GAPS: &[&str] = &[
    " ", " ", " ", " ", " ", "  ", "\t", "\n", "\n\n", "", "\u{3000}", "\u{a0}", "\u{200b}", "-",
    "/",
];

/// Where the rules of clusters and breaks meet in ways that nobody writes.
const NOISE: &[Range] = &[
    (0x00, 0x1f),
    (0x20, 0x7e),
    (0x20, 0x7e),
    (0xa0, 0x24f),
    (0x300, 0x36f),
    (0x590, 0x6ff),
    (0x900, 0xd7f),
    (0xe00, 0xeff),
    (0x1100, 0x11ff),
    (0x2000, 0x206f),
    (0x2190, 0x27bf),
    (0x3000, 0x30ff),
    (0xac00, 0xacff),
    (0xfe00, 0xfe0f),
    (0xff00, 0xffef),
    (0x10800, 0x108ff),
    (0x1f1e6, 0x1f1ff),
    (0x1f300, 0x1f64f),
    (0x1f3fb, 0x1f3ff),
    (0x20000, 0x200ff),
    (0xe0000, 0xe00ff),
];

/// A fixed sequence of numbers, so that the fixtures change only when the rules do.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).expect("an index")]
    }

    fn noise(&mut self) -> String {
        let length = 1 + self.below(40);
        (0..length)
            .filter_map(|_| {
                let (first, last) = self.pick(NOISE);
                let code = u64::from(first) + self.below(u64::from(last - first) + 1);
                // Joiners and selectors matter most, and would be rare.
                match self.below(12) {
                    0 => Some('\u{200d}'),
                    1 => Some('\u{fe0f}'),
                    _ => char::from_u32(u32::try_from(code).ok()?),
                }
            })
            .collect()
    }

    fn text(&mut self, words: u64) -> String {
        let mut text = String::new();
        for _ in 0..words {
            text.push_str(self.pick(WORDS));
            text.push_str(self.pick(GAPS));
        }
        text
    }
}
