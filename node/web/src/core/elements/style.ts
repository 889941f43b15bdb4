/**
 * Style properties: which exist, what each type starts with, and how stored values are read.
 *
 * The document stores a style key only where it differs from the type's default, so reading
 * resolves and writing (in `doc/yboard.ts`) deletes what equals the default again.
 */
import type { Align, Color, Dash, ElementType, StyleProps, Valign } from './types'
import { readNumber } from './read'

export const STYLE_KEYS = [
  'fill',
  'stroke',
  'stroke_width',
  'dash',
  'opacity',
  'font_size',
  'align',
  'valign',
  'text_color',
  'auto_width',
  'locked',
] as const satisfies readonly (keyof StyleProps)[]

const COMMON: StyleProps = {
  fill: 'none',
  stroke: 'black',
  stroke_width: 2,
  dash: 'solid',
  opacity: 1,
  font_size: 16,
  align: 'center',
  valign: 'middle',
  text_color: 'black',
  auto_width: false,
  locked: false,
}

export const DEFAULT_STYLE: Readonly<Record<ElementType, StyleProps>> = {
  shape: COMMON,
  sticky: { ...COMMON, fill: 'yellow', stroke: 'none', font_size: 20 },
  text: { ...COMMON, stroke: 'none', font_size: 20, align: 'left', valign: 'top', auto_width: true },
  pen: { ...COMMON, stroke_width: 4 },
  line: COMMON,
  unknown: COMMON,
}

/** The style keys that change how a type looks; a properties bar offers no others. */
export const STYLE_KEYS_OF: Readonly<Record<Exclude<ElementType, 'unknown'>, readonly (keyof StyleProps)[]>> =
  {
    shape: [
      'fill',
      'stroke',
      'stroke_width',
      'dash',
      'opacity',
      'font_size',
      'align',
      'valign',
      'text_color',
    ],
    sticky: ['fill', 'opacity', 'font_size', 'align', 'valign', 'text_color'],
    text: ['opacity', 'font_size', 'align', 'text_color'],
    pen: ['stroke', 'stroke_width', 'opacity'],
    line: ['stroke', 'stroke_width', 'dash', 'opacity'],
  }

export const FONT_SIZE_MIN = 4
export const FONT_SIZE_MAX = 1000
export const STROKE_WIDTH_MAX = 1000

/** Stored values over defaults; a value of the wrong shape counts as absent. */
export function readStyle(type: ElementType, get: (key: string) => unknown): StyleProps {
  const standard = DEFAULT_STYLE[type]
  const style: StyleProps = {
    fill: readColor(get('fill')) ?? standard.fill,
    stroke: readColor(get('stroke')) ?? standard.stroke,
    stroke_width: readWithin(get('stroke_width'), 0, STROKE_WIDTH_MAX) ?? standard.stroke_width,
    dash: readDash(get('dash')) ?? standard.dash,
    opacity: readWithin(get('opacity'), 0, 1) ?? standard.opacity,
    font_size: readWithin(get('font_size'), FONT_SIZE_MIN, FONT_SIZE_MAX) ?? standard.font_size,
    align: readAlign(get('align')) ?? standard.align,
    valign: readValign(get('valign')) ?? standard.valign,
    text_color: readColor(get('text_color')) ?? standard.text_color,
    auto_width: readBoolean(get('auto_width')) ?? standard.auto_width,
    locked: readBoolean(get('locked')) ?? standard.locked,
  }
  // Most elements look like the default; sharing it saves an object for each of ten thousand.
  return STYLE_KEYS.every((key) => style[key] === standard[key]) ? standard : style
}

/** The properties of a patch as [key, value], in the document's order. */
export function styleEntries(patch: Partial<StyleProps>): [keyof StyleProps, string | number | boolean][] {
  return STYLE_KEYS.flatMap((key) => {
    const value = patch[key]
    return value === undefined ? [] : [[key, value] as [keyof StyleProps, string | number | boolean]]
  })
}

function readColor(value: unknown): Color | undefined {
  if (typeof value !== 'string') return undefined
  return /^(?:#[0-9a-fA-F]{6}|[a-z]{1,16})$/.test(value) ? value : undefined
}

function readWithin(value: unknown, least: number, most: number): number | undefined {
  const n = readNumber(value)
  return n === undefined || n < least || n > most ? undefined : n
}

function readDash(value: unknown): Dash | undefined {
  return value === 'solid' || value === 'dashed' || value === 'dotted' ? value : undefined
}

function readAlign(value: unknown): Align | undefined {
  return value === 'left' || value === 'center' || value === 'right' ? value : undefined
}

function readValign(value: unknown): Valign | undefined {
  return value === 'top' || value === 'middle' || value === 'bottom' ? value : undefined
}

function readBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
