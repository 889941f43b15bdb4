//! The schema as a TypeScript module for the browser. A test compares the committed file with this.

use std::fmt::Write;

use super::{
    ALIGNS, CANVAS, COORDINATE_MAX, DASHES, ELEMENT_ID_LENGTH_MAX, ELEMENTS_MAX, ElementType, Head,
    HeadStep, INK_DARK, INK_LIGHT, LINE_VIA_MAX, MODES, NESTING_MAX, OutlineStep, PALETTE,
    PEN_POINTS_MAX, Place, ROOT_ELEMENTS, ROOT_META, ROUTES, SHAPE_PADDING, SHEET, ShapeKind,
    StyleDefault, StyleKey, StyleValue, TEXT_LENGTH_MAX, Theme, VALIGNS, VERSION, WORD_LENGTH_MAX,
    Z_DEFAULT, Z_LENGTH_MAX,
};

/// The whole text of `node/web/src/core/schema.gen.ts`.
pub fn typescript() -> String {
    let mut out = String::from(HEADER);
    constants(&mut out);
    words(&mut out);
    shapes(&mut out);
    heads(&mut out);
    palette(&mut out);
    styles(&mut out);
    types(&mut out);
    out
}

const HEADER: &str = "// Written by easel-board from node/board/src/schema (EASEL_BLESS=1 cargo test -p easel-board --test schema).\n\
                      // Do not edit.\n\n";

fn constants(out: &mut String) {
    line(out, format_args!("export const SCHEMA_VERSION = {VERSION}"));
    line(out, format_args!("export const ROOT_META = '{ROOT_META}'"));
    line(
        out,
        format_args!("export const ROOT_ELEMENTS = '{ROOT_ELEMENTS}'\n"),
    );
    line(
        out,
        format_args!("/** Numbers are finite and within `-COORDINATE_MAX..COORDINATE_MAX`. */"),
    );
    line(
        out,
        format_args!("export const COORDINATE_MAX = {COORDINATE_MAX}"),
    );
    line(
        out,
        format_args!("export const ELEMENTS_MAX = {ELEMENTS_MAX}"),
    );
    line(
        out,
        format_args!("/** Elements inside elements, the outermost counted. */"),
    );
    line(
        out,
        format_args!("export const NESTING_MAX = {NESTING_MAX}"),
    );
    line(
        out,
        format_args!("/** Length of an element's text in UTF-16 code units. */"),
    );
    line(
        out,
        format_args!("export const TEXT_LENGTH_MAX = {TEXT_LENGTH_MAX}"),
    );
    line(
        out,
        format_args!("export const PEN_POINTS_MAX = {PEN_POINTS_MAX}"),
    );
    line(
        out,
        format_args!("/** Points between the ends of a line. */"),
    );
    line(
        out,
        format_args!("export const LINE_VIA_MAX = {LINE_VIA_MAX}"),
    );
    line(
        out,
        format_args!(
            "export const ELEMENT_ID_PATTERN = /^(?!__proto__$)[A-Za-z0-9_-]{{1,{ELEMENT_ID_LENGTH_MAX}}}$/"
        ),
    );
    line(
        out,
        format_args!("export const Z_LENGTH_MAX = {Z_LENGTH_MAX}"),
    );
    line(
        out,
        format_args!("/** Longer texts under a style key or `kind` are removed by the server. */"),
    );
    line(
        out,
        format_args!("export const WORD_LENGTH_MAX = {WORD_LENGTH_MAX}"),
    );
    line(
        out,
        format_args!(
            "/** Where an element without a valid fractional index stands; ties are settled by id. */"
        ),
    );
    line(
        out,
        format_args!("export const Z_DEFAULT = '{Z_DEFAULT}'\n"),
    );
}

fn words(out: &mut String) {
    union(
        out,
        "ELEMENT_TYPES",
        "ElementType",
        &ElementType::ALL.map(ElementType::name),
    );
    union(
        out,
        "SHAPE_KINDS",
        "ShapeKind",
        &ShapeKind::ALL.map(ShapeKind::name),
    );
    union(out, "DASHES", "Dash", &DASHES);
    union(out, "ALIGNS", "Align", &ALIGNS);
    union(out, "VALIGNS", "Valign", &VALIGNS);
    union(out, "HEADS", "Head", &Head::ALL.map(Head::name));
    union(out, "ROUTES", "RouteKind", &ROUTES);
    union(out, "MODES", "JointMode", &MODES);
    union(out, "THEMES", "Theme", &Theme::ALL.map(Theme::name));
    union(
        out,
        "PALETTE_NAMES",
        "PaletteName",
        &PALETTE.map(|color| color.name),
    );
    union(
        out,
        "STYLE_KEYS",
        "StyleKey",
        &StyleKey::ALL.map(StyleKey::name),
    );
}

fn shapes(out: &mut String) {
    line(
        out,
        format_args!(
            "/** Space around the text of a shape with straight sides; never more than a quarter of a side. */"
        ),
    );
    line(
        out,
        format_args!("export const SHAPE_PADDING = {SHAPE_PADDING}\n"),
    );
    out.push_str(SHAPE_FORM);
    line(
        out,
        format_args!("export const SHAPE_FORMS: Readonly<Record<ShapeKind, ShapeForm>> = {{"),
    );
    for kind in ShapeKind::ALL {
        let [left, top, right, bottom] = kind.text_margins();
        let outline = kind.outline().map_or_else(
            || "null".to_owned(),
            |steps| format!("[{}]", numbers(steps)),
        );
        line(
            out,
            format_args!(
                "  {}: {{ closed: {}, text: [{left}, {top}, {right}, {bottom}], outline: {outline} }},",
                kind.name(),
                kind.is_closed()
            ),
        );
    }
    out.push_str("}\n\n");
}

const SHAPE_FORM: &str = "\
/** How a kind of shape stands in its box. */
export interface ShapeForm {
  readonly closed: boolean
  /** Left, top, right, bottom: a share of the box that is kept free of text, or 0 for `SHAPE_PADDING`. */
  readonly text: readonly [number, number, number, number]
  /**
   * Null: drawn by the renderer itself. Else codes (0 move, 1 line, 4 close, 5 cubic), each with its points; a point is
   * `fx, kx, fy, ky`: x = fx * w + kx * s, y = fy * h + ky * s, where s is the shorter side.
   */
  readonly outline: readonly number[] | null
}

";

/// Codes as the browser's paths have them.
fn numbers(steps: &[OutlineStep]) -> String {
    let place = |p: Place| [p.fx, p.kx, p.fy, p.ky];
    let mut all: Vec<f64> = Vec::new();
    for step in steps {
        match *step {
            OutlineStep::Move(p) => {
                all.push(0.0);
                all.extend(place(p));
            }
            OutlineStep::Line(p) => {
                all.push(1.0);
                all.extend(place(p));
            }
            OutlineStep::Close => all.push(4.0),
            OutlineStep::Cubic(a, b, c) => {
                all.push(5.0);
                all.extend([a, b, c].into_iter().flat_map(place));
            }
        }
    }
    let all: Vec<String> = all.iter().map(f64::to_string).collect();
    all.join(", ")
}

fn heads(out: &mut String) {
    out.push_str(HEAD_FORM);
    line(
        out,
        format_args!("export const HEAD_FORMS: Readonly<Record<Head, HeadForm>> = {{"),
    );
    for head in Head::ALL {
        let form = head.form();
        let mut steps: Vec<String> = Vec::new();
        for step in form.steps {
            steps.push(match step {
                HeadStep::Move(along, across) => format!("0, {along}, {across}"),
                HeadStep::Line(along, across) => format!("1, {along}, {across}"),
                HeadStep::Close => "4".to_owned(),
            });
        }
        let ring = form.ring.map_or_else(
            || "null".to_owned(),
            |(middle, radius)| format!("[{middle}, {radius}]"),
        );
        line(
            out,
            format_args!(
                "  {}: {{ reach: {}, steps: [{}], ring: {ring}, solid: {} }},",
                head.name(),
                form.reach,
                steps.join(", "),
                form.is_solid
            ),
        );
    }
    out.push_str("}\n\n");
}

const HEAD_FORM: &str = "\
/** The end of a line, in units of the head's size. */
export interface HeadForm {
  /** How far before the tip the line itself ends. */
  readonly reach: number
  /** Codes (0 move, 1 line, 4 close) with a point each: back along the line from the tip, and to its side. */
  readonly steps: readonly number[]
  /** A circle on the line: where its middle is, and its radius. */
  readonly ring: readonly [number, number] | null
  /** Filled with the line's colour. */
  readonly solid: boolean
}

";

fn palette(out: &mut String) {
    line(
        out,
        format_args!(
            "/** How a name is drawn: as a line or letters, as an area, and `black` letters on that area. */"
        ),
    );
    line(
        out,
        format_args!(
            "export interface Swatch {{\n  readonly stroke: string\n  readonly fill: string\n  readonly ink: string\n}}\n"
        ),
    );
    line(
        out,
        format_args!(
            "export const PALETTE: Readonly<Record<Theme, Readonly<Record<PaletteName, Swatch>>>> = {{"
        ),
    );
    for theme in Theme::ALL {
        line(out, format_args!("  {}: {{", theme.name()));
        for color in PALETTE {
            let swatch = color.swatch.of(theme);
            line(
                out,
                format_args!(
                    "    {}: {{ stroke: '{}', fill: '{}', ink: '{}' }},",
                    color.name, swatch.stroke, swatch.fill, swatch.ink
                ),
            );
        }
        line(out, format_args!("  }},"));
    }
    line(out, format_args!("}}\n"));
    line(out, format_args!("/** The board itself. */"));
    line(
        out,
        format_args!(
            "export const CANVAS: Readonly<Record<Theme, string>> = {{ light: '{}', dark: '{}' }}",
            CANVAS.light, CANVAS.dark
        ),
    );
    line(
        out,
        format_args!("/** What a frame without a fill of its own is made of. */"),
    );
    line(
        out,
        format_args!(
            "export const SHEET: Readonly<Record<Theme, string>> = {{ light: '{}', dark: '{}' }}",
            SHEET.light, SHEET.dark
        ),
    );
    line(
        out,
        format_args!("/** `black` letters on light and on dark areas of any colour. */"),
    );
    line(out, format_args!("export const INK_DARK = '{INK_DARK}'"));
    line(
        out,
        format_args!("export const INK_LIGHT = '{INK_LIGHT}'\n"),
    );
}

fn styles(out: &mut String) {
    line(out, format_args!("export type HexColor = `#${{string}}`"));
    line(
        out,
        format_args!("export type Paint = PaletteName | HexColor | 'none'\n"),
    );
    line(out, format_args!("export interface StyleValues {{"));
    for key in StyleKey::ALL {
        let (name, value) = (key.name(), key.value());
        let ts = match (key, value) {
            (_, StyleValue::Paint) => "Paint",
            (_, StyleValue::Number { .. }) => "number",
            (_, StyleValue::Flag) => "boolean",
            (StyleKey::Dash, StyleValue::Choice(_)) => "Dash",
            (StyleKey::Align, StyleValue::Choice(_)) => "Align",
            (StyleKey::Valign, StyleValue::Choice(_)) => "Valign",
            (_, StyleValue::Choice(_)) => "string",
        };
        line(out, format_args!("  {name}: {ts}"));
    }
    line(out, format_args!("}}\n"));
    line(
        out,
        format_args!(
            "export type StyleRule =\n  | {{ readonly value: 'paint' }}\n  | {{ readonly value: 'number'; readonly min: number; readonly max: number }}\n  | {{ readonly value: 'choice'; readonly choices: readonly string[] }}\n  | {{ readonly value: 'flag' }}\n"
        ),
    );
    line(
        out,
        format_args!("export const STYLE_RULES: Readonly<Record<StyleKey, StyleRule>> = {{"),
    );
    for key in StyleKey::ALL {
        let rule = match key.value() {
            StyleValue::Paint => "{ value: 'paint' }".to_owned(),
            StyleValue::Number { min, max } => {
                format!("{{ value: 'number', min: {min}, max: {max} }}")
            }
            StyleValue::Choice(choices) => {
                format!("{{ value: 'choice', choices: [{}] }}", quoted(choices))
            }
            StyleValue::Flag => "{ value: 'flag' }".to_owned(),
        };
        line(out, format_args!("  {}: {rule},", key.name()));
    }
    line(out, format_args!("}}\n"));
}

fn types(out: &mut String) {
    line(
        out,
        format_args!(
            "/**\n * The style keys that mean something on a type, with the value of an element that does not have the key.\n */"
        ),
    );
    line(out, format_args!("export const STYLES = {{"));
    for element_type in ElementType::ALL {
        line(out, format_args!("  {}: {{", element_type.name()));
        for (key, default) in element_type.styles() {
            let default = match default {
                StyleDefault::Word(word) => format!("'{word}'"),
                StyleDefault::Number(number) => number.to_string(),
                StyleDefault::Flag(flag) => flag.to_string(),
            };
            line(out, format_args!("    {}: {default},", key.name()));
        }
        line(out, format_args!("  }},"));
    }
    line(
        out,
        format_args!(
            "}} as const satisfies Readonly<Record<ElementType, {{ readonly [K in StyleKey]?: StyleValues[K] }}>>\n"
        ),
    );
    line(
        out,
        format_args!("/** Width and height of an element that has no valid box. */"),
    );
    line(
        out,
        format_args!(
            "export const DEFAULT_SIZE: Readonly<Record<ElementType, readonly [number, number]>> = {{"
        ),
    );
    for element_type in ElementType::ALL {
        let (width, height) = element_type.default_size();
        line(
            out,
            format_args!("  {}: [{width}, {height}],", element_type.name()),
        );
    }
    line(out, format_args!("}}"));
}

fn union(out: &mut String, constant: &str, name: &str, words: &[&str]) {
    line(
        out,
        format_args!("export const {constant} = [{}] as const", quoted(words)),
    );
    line(
        out,
        format_args!("export type {name} = (typeof {constant})[number]\n"),
    );
}

fn quoted(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("'{word}'"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a String takes everything");
}
