// Written by easel-board from node/board/src/schema (EASEL_BLESS=1 cargo test -p easel-board --test schema).
// Do not edit.

export const SCHEMA_VERSION = 1
export const ROOT_META = 'meta'
export const ROOT_ELEMENTS = 'elements'

/** Numbers are finite and within `-COORDINATE_MAX..COORDINATE_MAX`. */
export const COORDINATE_MAX = 10000000
export const ELEMENTS_MAX = 100000
/** Elements inside elements, the outermost counted. */
export const NESTING_MAX = 32
/** Length of an element's text in UTF-16 code units. */
export const TEXT_LENGTH_MAX = 20000
export const PEN_POINTS_MAX = 50000
/** Points between the ends of a line. */
export const LINE_VIA_MAX = 1000
export const ELEMENT_ID_PATTERN = /^(?!__proto__$)[A-Za-z0-9_-]{1,64}$/
export const Z_LENGTH_MAX = 256
/** Longer texts under a style key or `kind` are removed by the server. */
export const WORD_LENGTH_MAX = 64
/** Where an element without a valid fractional index stands; ties are settled by id. */
export const Z_DEFAULT = 'a0'

export const ELEMENT_TYPES = ['shape', 'sticky', 'text', 'pen', 'highlighter', 'line', 'connector', 'image', 'frame', 'group'] as const
export type ElementType = (typeof ELEMENT_TYPES)[number]

export const SHAPE_KINDS = ['rectangle', 'ellipse', 'diamond', 'rounded', 'triangle', 'pentagon', 'hexagon', 'octagon', 'star', 'cloud', 'parallelogram', 'trapezoid', 'cylinder', 'cross', 'callout', 'arrow_right', 'arrow_left', 'arrow_up', 'arrow_down', 'arrow_both', 'brace_left', 'brace_right'] as const
export type ShapeKind = (typeof SHAPE_KINDS)[number]

export const DASHES = ['solid', 'dashed', 'dotted'] as const
export type Dash = (typeof DASHES)[number]

export const ALIGNS = ['left', 'center', 'right'] as const
export type Align = (typeof ALIGNS)[number]

export const VALIGNS = ['top', 'middle', 'bottom'] as const
export type Valign = (typeof VALIGNS)[number]

export const HEADS = ['none', 'arrow', 'triangle', 'triangle_open', 'diamond', 'diamond_open', 'circle', 'circle_open', 'bar', 'many', 'exactly_one', 'zero_or_one', 'one_or_many', 'zero_or_many'] as const
export type Head = (typeof HEADS)[number]

export const ROUTES = ['elbow', 'straight', 'curved'] as const
export type RouteKind = (typeof ROUTES)[number]

export const MODES = ['auto', 'fixed'] as const
export type JointMode = (typeof MODES)[number]

export const THEMES = ['light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export const PALETTE_NAMES = ['black', 'grey', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'violet', 'pink', 'brown', 'white'] as const
export type PaletteName = (typeof PALETTE_NAMES)[number]

export const STYLE_KEYS = ['fill', 'stroke', 'stroke_width', 'dash', 'opacity', 'font_size', 'align', 'valign', 'text_color', 'auto_width', 'locked'] as const
export type StyleKey = (typeof STYLE_KEYS)[number]

/** Space around the text of a shape with straight sides; never more than a quarter of a side. */
export const SHAPE_PADDING = 8

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

export const SHAPE_FORMS: Readonly<Record<ShapeKind, ShapeForm>> = {
  rectangle: { closed: true, text: [0, 0, 0, 0], outline: null },
  ellipse: { closed: true, text: [0.15, 0.15, 0.15, 0.15], outline: null },
  diamond: { closed: true, text: [0.25, 0.25, 0.25, 0.25], outline: null },
  rounded: { closed: true, text: [0, 0, 0, 0], outline: [0, 0, 0.25, 0, 0, 1, 1, -0.25, 0, 0, 5, 1, -0.1119, 0, 0, 1, 0, 0, 0.1119, 1, 0, 0, 0.25, 1, 1, 0, 1, -0.25, 5, 1, 0, 1, -0.1119, 1, -0.1119, 1, 0, 1, -0.25, 1, 0, 1, 0, 0.25, 1, 0, 5, 0, 0.1119, 1, 0, 0, 0, 1, -0.1119, 0, 0, 1, -0.25, 1, 0, 0, 0, 0.25, 5, 0, 0, 0, 0.1119, 0, 0.1119, 0, 0, 0, 0.25, 0, 0, 4] },
  triangle: { closed: true, text: [0.25, 0.5, 0.25, 0.04], outline: [0, 0.5, 0, 0, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 4] },
  pentagon: { closed: true, text: [0.18, 0.25, 0.18, 0.06], outline: [0, 0.5, 0, 0, 0, 1, 1, 0, 0.382, 0, 1, 0.809, 0, 1, 0, 1, 0.191, 0, 1, 0, 1, 0, 0, 0.382, 0, 4] },
  hexagon: { closed: true, text: [0.16, 0.16, 0.16, 0.16], outline: [0, 0, 0.25, 0, 0, 1, 1, -0.25, 0, 0, 1, 1, 0, 0.5, 0, 1, 1, -0.25, 1, 0, 1, 0, 0.25, 1, 0, 1, 0, 0, 0.5, 0, 4] },
  octagon: { closed: true, text: [0.15, 0.15, 0.15, 0.15], outline: [0, 0.293, 0, 0, 0, 1, 0.707, 0, 0, 0, 1, 1, 0, 0.293, 0, 1, 1, 0, 0.707, 0, 1, 0.707, 0, 1, 0, 1, 0.293, 0, 1, 0, 1, 0, 0, 0.707, 0, 1, 0, 0, 0.293, 0, 4] },
  star: { closed: true, text: [0.29, 0.38, 0.29, 0.26], outline: [0, 0.5, 0, 0, 0, 1, 0.6391, 0, 0.3515, 0, 1, 1, 0, 0.382, 0, 1, 0.725, 0, 0.6297, 0, 1, 0.809, 0, 1, 0, 1, 0.5, 0, 0.8015, 0, 1, 0.191, 0, 1, 0, 1, 0.275, 0, 0.6297, 0, 1, 0, 0, 0.382, 0, 1, 0.3609, 0, 0.3515, 0, 4] },
  cloud: { closed: true, text: [0.15, 0.18, 0.15, 0.18], outline: [0, 0.1213, 0, 0.3818, 0, 5, -0.0448, 0, 0.2894, 0, 0.2162, 0, 0.0301, 0, 0.3318, 0, 0.1727, 0, 5, 0.2983, 0, -0.069, 0, 0.764, 0, -0.0505, 0, 0.7074, 0, 0.1876, 0, 5, 0.8331, 0, 0.0569, 0, 1.0683, 0, 0.336, 0, 0.8971, 0, 0.4127, 0, 5, 1.0522, 0, 0.3945, 0, 1.0221, 0, 0.7077, 0, 0.8728, 0, 0.6652, 0, 5, 1.0323, 0, 0.7733, 0, 0.7475, 0, 1.0109, 0, 0.6431, 0, 0.8569, 0, 5, 0.6709, 0, 1.0572, 0, 0.2849, 0, 1.0419, 0, 0.3318, 0, 0.8445, 0, 5, 0.2334, 0, 0.9771, 0, -0.0108, 0, 0.7549, 0, 0.1349, 0, 0.6652, 0, 5, -0.034, 0, 0.706, 0, -0.0508, 0, 0.3546, 0, 0.1213, 0, 0.3818, 0, 4] },
  parallelogram: { closed: true, text: [0.18, 0.04, 0.18, 0.04], outline: [0, 0, 0.2, 0, 0, 1, 1, 0, 0, 0, 1, 1, -0.2, 1, 0, 1, 0, 0, 1, 0, 4] },
  trapezoid: { closed: true, text: [0.16, 0.04, 0.16, 0.04], outline: [0, 0, 0.2, 0, 0, 1, 1, -0.2, 0, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 4] },
  cylinder: { closed: true, text: [0.04, 0.24, 0.04, 0.1], outline: [0, 0, 0, 0, 0.12, 5, 0, 0, 0, 0.0537, 0.2239, 0, 0, 0, 0.5, 0, 0, 0, 5, 0.7761, 0, 0, 0, 1, 0, 0, 0.0537, 1, 0, 0, 0.12, 1, 1, 0, 1, -0.12, 5, 1, 0, 1, -0.0537, 0.7761, 0, 1, 0, 0.5, 0, 1, 0, 5, 0.2239, 0, 1, 0, 0, 0, 1, -0.0537, 0, 0, 1, -0.12, 4, 0, 1, 0, 0, 0.12, 5, 1, 0, 0, 0.1863, 0.7761, 0, 0, 0.24, 0.5, 0, 0, 0.24, 5, 0.2239, 0, 0, 0.24, 0, 0, 0, 0.1863, 0, 0, 0, 0.12] },
  cross: { closed: true, text: [0.05, 0.34, 0.05, 0.34], outline: [0, 0.3333, 0, 0, 0, 1, 0.6667, 0, 0, 0, 1, 0.6667, 0, 0.3333, 0, 1, 1, 0, 0.3333, 0, 1, 1, 0, 0.6667, 0, 1, 0.6667, 0, 0.6667, 0, 1, 0.6667, 0, 1, 0, 1, 0.3333, 0, 1, 0, 1, 0.3333, 0, 0.6667, 0, 1, 0, 0, 0.6667, 0, 1, 0, 0, 0.3333, 0, 1, 0.3333, 0, 0.3333, 0, 4] },
  callout: { closed: true, text: [0.05, 0.05, 0.05, 0.27], outline: [0, 0, 0.1, 0, 0, 1, 1, -0.1, 0, 0, 5, 1, -0.0448, 0, 0, 1, 0, 0, 0.0448, 1, 0, 0, 0.1, 1, 1, 0, 0.78, -0.1, 5, 1, 0, 0.78, -0.0448, 1, -0.0448, 0.78, 0, 1, -0.1, 0.78, 0, 1, 0.42, 0, 0.78, 0, 1, 0.18, 0, 1, 0, 1, 0.22, 0, 0.78, 0, 1, 0, 0.1, 0.78, 0, 5, 0, 0.0448, 0.78, 0, 0, 0, 0.78, -0.0448, 0, 0, 0.78, -0.1, 1, 0, 0, 0, 0.1, 5, 0, 0, 0, 0.0448, 0, 0.0448, 0, 0, 0, 0.1, 0, 0, 4] },
  arrow_right: { closed: true, text: [0.04, 0.26, 0.2, 0.26], outline: [0, 0, 0, 0.25, 0, 1, 1, -0.5, 0.25, 0, 1, 1, -0.5, 0, 0, 1, 1, 0, 0.5, 0, 1, 1, -0.5, 1, 0, 1, 1, -0.5, 0.75, 0, 1, 0, 0, 0.75, 0, 4] },
  arrow_left: { closed: true, text: [0.2, 0.26, 0.04, 0.26], outline: [0, 0, 0, 0.5, 0, 1, 0, 0.5, 0, 0, 1, 0, 0.5, 0.25, 0, 1, 1, 0, 0.25, 0, 1, 1, 0, 0.75, 0, 1, 0, 0.5, 0.75, 0, 1, 0, 0.5, 1, 0, 4] },
  arrow_up: { closed: true, text: [0.26, 0.2, 0.26, 0.04], outline: [0, 0.5, 0, 0, 0, 1, 1, 0, 0, 0.5, 1, 0.75, 0, 0, 0.5, 1, 0.75, 0, 1, 0, 1, 0.25, 0, 1, 0, 1, 0.25, 0, 0, 0.5, 1, 0, 0, 0, 0.5, 4] },
  arrow_down: { closed: true, text: [0.26, 0.04, 0.26, 0.2], outline: [0, 0.25, 0, 0, 0, 1, 0.75, 0, 0, 0, 1, 0.75, 0, 1, -0.5, 1, 1, 0, 1, -0.5, 1, 0.5, 0, 1, 0, 1, 0, 0, 1, -0.5, 1, 0.25, 0, 1, -0.5, 4] },
  arrow_both: { closed: true, text: [0.18, 0.26, 0.18, 0.26], outline: [0, 0, 0, 0.5, 0, 1, 0, 0.4, 0, 0, 1, 0, 0.4, 0.25, 0, 1, 1, -0.4, 0.25, 0, 1, 1, -0.4, 0, 0, 1, 1, 0, 0.5, 0, 1, 1, -0.4, 1, 0, 1, 1, -0.4, 0.75, 0, 1, 0, 0.4, 0.75, 0, 1, 0, 0.4, 1, 0, 4] },
  brace_left: { closed: false, text: [0.6, 0.04, 0.02, 0.04], outline: [0, 1, 0, 0, 0, 5, 0.7, 0, 0, 0, 0.5, 0, 0.03, 0, 0.5, 0, 0.15, 0, 1, 0.5, 0, 0.38, 0, 5, 0.5, 0, 0.47, 0, 0.3, 0, 0.5, 0, 0, 0, 0.5, 0, 5, 0.3, 0, 0.5, 0, 0.5, 0, 0.53, 0, 0.5, 0, 0.62, 0, 1, 0.5, 0, 0.85, 0, 5, 0.5, 0, 0.97, 0, 0.7, 0, 1, 0, 1, 0, 1, 0] },
  brace_right: { closed: false, text: [0.02, 0.04, 0.6, 0.04], outline: [0, 0, 0, 0, 0, 5, 0.3, 0, 0, 0, 0.5, 0, 0.03, 0, 0.5, 0, 0.15, 0, 1, 0.5, 0, 0.38, 0, 5, 0.5, 0, 0.47, 0, 0.7, 0, 0.5, 0, 1, 0, 0.5, 0, 5, 0.7, 0, 0.5, 0, 0.5, 0, 0.53, 0, 0.5, 0, 0.62, 0, 1, 0.5, 0, 0.85, 0, 5, 0.5, 0, 0.97, 0, 0.3, 0, 1, 0, 0, 0, 1, 0] },
}

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

export const HEAD_FORMS: Readonly<Record<Head, HeadForm>> = {
  none: { reach: 0, steps: [], ring: null, solid: false },
  arrow: { reach: 0, steps: [0, 0.9009688679024191, 0.4338837391175581, 1, 0, 0, 1, 0.9009688679024191, -0.4338837391175581], ring: null, solid: false },
  triangle: { reach: 1, steps: [0, 0, 0, 1, 1, 0.5, 1, 1, -0.5, 4], ring: null, solid: true },
  triangle_open: { reach: 1, steps: [0, 0, 0, 1, 1, 0.5, 1, 1, -0.5, 4], ring: null, solid: false },
  diamond: { reach: 1.3, steps: [0, 0, 0, 1, 0.65, 0.4, 1, 1.3, 0, 1, 0.65, -0.4, 4], ring: null, solid: true },
  diamond_open: { reach: 1.3, steps: [0, 0, 0, 1, 0.65, 0.4, 1, 1.3, 0, 1, 0.65, -0.4, 4], ring: null, solid: false },
  circle: { reach: 0.8, steps: [], ring: [0.4, 0.4], solid: true },
  circle_open: { reach: 0.8, steps: [], ring: [0.4, 0.4], solid: false },
  bar: { reach: 0, steps: [0, 0.5, 0.5, 1, 0.5, -0.5], ring: null, solid: false },
  many: { reach: 0, steps: [0, 0, 0.55, 1, 1, 0, 1, 0, -0.55], ring: null, solid: false },
  exactly_one: { reach: 0, steps: [0, 0.45, 0.5, 1, 0.45, -0.5, 0, 0.85, 0.5, 1, 0.85, -0.5], ring: null, solid: false },
  zero_or_one: { reach: 1.3, steps: [0, 0.45, 0.5, 1, 0.45, -0.5, 0, 0, 0, 1, 0.7, 0], ring: [1, 0.3], solid: false },
  one_or_many: { reach: 0, steps: [0, 0, 0.55, 1, 1, 0, 1, 0, -0.55, 0, 1.3, 0.5, 1, 1.3, -0.5], ring: null, solid: false },
  zero_or_many: { reach: 1.6, steps: [0, 0, 0.55, 1, 1, 0, 1, 0, -0.55, 0, 0, 0, 1, 1, 0], ring: [1.3, 0.3], solid: false },
}

/** How a name is drawn: as a line or letters, as an area, and `black` letters on that area. */
export interface Swatch {
  readonly stroke: string
  readonly fill: string
  readonly ink: string
}

export const PALETTE: Readonly<Record<Theme, Readonly<Record<PaletteName, Swatch>>>> = {
  light: {
    black: { stroke: '#1f2328', fill: '#3a4049', ink: '#f1f3f6' },
    grey: { stroke: '#6b7280', fill: '#e3e6eb', ink: '#1f2328' },
    red: { stroke: '#d4333f', fill: '#ffd6d4', ink: '#1f2328' },
    orange: { stroke: '#cf5a12', fill: '#ffe0c4', ink: '#1f2328' },
    yellow: { stroke: '#a37508', fill: '#fff0a6', ink: '#1f2328' },
    green: { stroke: '#24823f', fill: '#cff2d3', ink: '#1f2328' },
    teal: { stroke: '#0d8086', fill: '#c5f0ee', ink: '#1f2328' },
    blue: { stroke: '#2563d4', fill: '#d0e4ff', ink: '#1f2328' },
    violet: { stroke: '#7442dd', fill: '#e4daff', ink: '#1f2328' },
    pink: { stroke: '#c9307b', fill: '#ffd8ea', ink: '#1f2328' },
    brown: { stroke: '#8a5a34', fill: '#ecdccb', ink: '#1f2328' },
    white: { stroke: '#ffffff', fill: '#ffffff', ink: '#1f2328' },
  },
  dark: {
    black: { stroke: '#eceef2', fill: '#2b3038', ink: '#f1f3f6' },
    grey: { stroke: '#9aa3b0', fill: '#444b56', ink: '#f1f3f6' },
    red: { stroke: '#ff8080', fill: '#7b2c33', ink: '#f1f3f6' },
    orange: { stroke: '#ffa061', fill: '#7a4418', ink: '#f1f3f6' },
    yellow: { stroke: '#f0cb58', fill: '#5e4c12', ink: '#f1f3f6' },
    green: { stroke: '#6ad189', fill: '#235c36', ink: '#f1f3f6' },
    teal: { stroke: '#52cbc9', fill: '#185b5e', ink: '#f1f3f6' },
    blue: { stroke: '#7aacff', fill: '#254c8a', ink: '#f1f3f6' },
    violet: { stroke: '#b49aff', fill: '#4c3690', ink: '#f1f3f6' },
    pink: { stroke: '#ff8cc3', fill: '#7a2b58', ink: '#f1f3f6' },
    brown: { stroke: '#cda177', fill: '#5c4431', ink: '#f1f3f6' },
    white: { stroke: '#ffffff', fill: '#f4f5f7', ink: '#1f2328' },
  },
}

/** The board itself. */
export const CANVAS: Readonly<Record<Theme, string>> = { light: '#f8f9fb', dark: '#16181d' }
/** What a frame without a fill of its own is made of. */
export const SHEET: Readonly<Record<Theme, string>> = { light: '#ffffff', dark: '#1e2127' }
/** `black` letters on light and on dark areas of any colour. */
export const INK_DARK = '#1f2328'
export const INK_LIGHT = '#f1f3f6'

export type HexColor = `#${string}`
export type Paint = PaletteName | HexColor | 'none'

export interface StyleValues {
  fill: Paint
  stroke: Paint
  stroke_width: number
  dash: Dash
  opacity: number
  font_size: number
  align: Align
  valign: Valign
  text_color: Paint
  auto_width: boolean
  locked: boolean
}

export type StyleRule =
  | { readonly value: 'paint' }
  | { readonly value: 'number'; readonly min: number; readonly max: number }
  | { readonly value: 'choice'; readonly choices: readonly string[] }
  | { readonly value: 'flag' }

export const STYLE_RULES: Readonly<Record<StyleKey, StyleRule>> = {
  fill: { value: 'paint' },
  stroke: { value: 'paint' },
  stroke_width: { value: 'number', min: 0, max: 1000 },
  dash: { value: 'choice', choices: ['solid', 'dashed', 'dotted'] },
  opacity: { value: 'number', min: 0, max: 1 },
  font_size: { value: 'number', min: 1, max: 1024 },
  align: { value: 'choice', choices: ['left', 'center', 'right'] },
  valign: { value: 'choice', choices: ['top', 'middle', 'bottom'] },
  text_color: { value: 'paint' },
  auto_width: { value: 'flag' },
  locked: { value: 'flag' },
}

/**
 * The style keys that mean something on a type, with the value of an element that does not have the key.
 */
export const STYLES = {
  shape: {
    fill: 'none',
    stroke: 'black',
    stroke_width: 2,
    dash: 'solid',
    opacity: 1,
    font_size: 16,
    align: 'center',
    valign: 'middle',
    text_color: 'black',
    locked: false,
  },
  sticky: {
    fill: 'yellow',
    opacity: 1,
    font_size: 20,
    align: 'center',
    valign: 'middle',
    text_color: 'black',
    locked: false,
  },
  text: {
    opacity: 1,
    font_size: 20,
    align: 'left',
    valign: 'top',
    text_color: 'black',
    auto_width: true,
    locked: false,
  },
  pen: {
    stroke: 'black',
    stroke_width: 4,
    opacity: 1,
    locked: false,
  },
  highlighter: {
    stroke: 'yellow',
    stroke_width: 20,
    opacity: 0.5,
    locked: false,
  },
  line: {
    stroke: 'black',
    stroke_width: 2,
    dash: 'solid',
    opacity: 1,
    locked: false,
  },
  connector: {
    stroke: 'black',
    stroke_width: 2,
    dash: 'solid',
    opacity: 1,
    font_size: 16,
    text_color: 'black',
    locked: false,
  },
  image: {
    opacity: 1,
    locked: false,
  },
  frame: {
    fill: 'none',
    locked: false,
  },
  group: {
    locked: false,
  },
} as const satisfies Readonly<Record<ElementType, { readonly [K in StyleKey]?: StyleValues[K] }>>

/** Width and height of an element that has no valid box. */
export const DEFAULT_SIZE: Readonly<Record<ElementType, readonly [number, number]>> = {
  shape: [100, 100],
  sticky: [200, 200],
  text: [100, 24],
  pen: [100, 100],
  highlighter: [100, 100],
  line: [100, 100],
  connector: [100, 100],
  image: [200, 150],
  frame: [960, 540],
  group: [100, 100],
}
