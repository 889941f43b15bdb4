/**
 * Style properties: which exist, what each type starts with, and how stored values are read.
 *
 * The document stores a style key only where it differs from the type's default, so reading
 * resolves and writing (in `doc/yboard.ts`) deletes what equals the default again.
 */
import {
  ALIGNS,
  DASHES,
  PALETTE_NAMES,
  STYLE_KEYS,
  STYLE_RULES,
  STYLES,
  VALIGNS,
  WORD_LENGTH_MAX,
} from '../schema.gen'
import { readNumber } from './read'
import type { Color, ElementType, StyleProps } from './types'

/** What a type that has no such key resolves to; nothing of the kind is ever drawn or stored. */
const ABSENT: StyleProps = {
  fill: 'none',
  stroke: 'none',
  stroke_width: 0,
  dash: 'solid',
  opacity: 1,
  font_size: 16,
  align: 'left',
  valign: 'top',
  text_color: null,
  auto_width: false,
  locked: false,
}

export const DEFAULT_STYLE: Readonly<Record<ElementType, StyleProps>> = {
  shape: { ...ABSENT, ...STYLES.shape },
  sticky: { ...ABSENT, ...STYLES.sticky },
  text: { ...ABSENT, ...STYLES.text },
  pen: { ...ABSENT, ...STYLES.pen },
  highlighter: { ...ABSENT, ...STYLES.highlighter },
  line: { ...ABSENT, ...STYLES.line },
  connector: { ...ABSENT, ...STYLES.connector },
  image: { ...ABSENT, ...STYLES.image },
  frame: { ...ABSENT, ...STYLES.frame },
  group: { ...ABSENT, ...STYLES.group },
  unknown: ABSENT,
}

/** The style keys a properties bar offers for a type. */
export function styleKeysOf(type: Exclude<ElementType, 'unknown'>): readonly (keyof StyleProps)[] {
  return STYLE_KEYS.filter((key) => {
    if (key === 'locked' || key === 'auto_width') return false
    // The height of a text follows from its lines: nothing is left to align in.
    return key in STYLES[type] && !(type === 'text' && key === 'valign')
  })
}

export const FONT_SIZE_MIN = 4
export const FONT_SIZE_MAX = STYLE_RULES.font_size.value === 'number' ? STYLE_RULES.font_size.max : 1000

/** Stored values over defaults; a value of the wrong shape counts as absent. */
export function readStyle(type: ElementType, get: (key: string) => unknown): StyleProps {
  const standard = DEFAULT_STYLE[type]
  const number = (key: 'stroke_width' | 'opacity' | 'font_size') => readWithin(key, get(key)) ?? standard[key]
  const flag = (key: 'auto_width' | 'locked') => readFlag(get(key)) ?? standard[key]
  const style: StyleProps = {
    fill: readColor(get('fill')) ?? standard.fill,
    stroke: readColor(get('stroke')) ?? standard.stroke,
    stroke_width: number('stroke_width'),
    dash: readChoice(DASHES, get('dash')) ?? standard.dash,
    opacity: number('opacity'),
    font_size: number('font_size'),
    align: readChoice(ALIGNS, get('align')) ?? standard.align,
    valign: readChoice(VALIGNS, get('valign')) ?? standard.valign,
    text_color: readColor(get('text_color')) ?? standard.text_color,
    auto_width: flag('auto_width'),
    locked: flag('locked'),
  }
  // Most elements look like the default; sharing it saves an object for each of ten thousand.
  return STYLE_KEYS.every((key) => style[key] === standard[key]) ? standard : style
}

/** The properties of a patch as [key, value], in the document's order; null is never stored. */
export function styleEntries(
  patch: Partial<StyleProps>,
): [keyof StyleProps, string | number | boolean | null][] {
  return STYLE_KEYS.flatMap((key) => {
    const value = patch[key]
    return value === undefined ? [] : [[key, value] as [keyof StyleProps, string | number | boolean | null]]
  })
}

/** The part of a patch that means something on this type. */
export function styleFor(
  type: Exclude<ElementType, 'unknown'>,
  patch: Partial<StyleProps>,
): Partial<StyleProps> {
  return Object.fromEntries(styleEntries(patch).filter(([key]) => key in STYLES[type]))
}

function readColor(value: unknown): Color | undefined {
  if (typeof value !== 'string' || value.length > WORD_LENGTH_MAX) return undefined
  if (value === 'none' || PALETTE_NAMES.some((name) => name === value)) return value
  return /^#[0-9a-fA-F]{6}$/.test(value) ? value : undefined
}

function readWithin(key: keyof typeof STYLE_RULES, value: unknown): number | undefined {
  const rule = STYLE_RULES[key]
  const n = readNumber(value)
  return n === undefined || rule.value !== 'number' || n < rule.min || n > rule.max ? undefined : n
}

function readChoice<C extends string>(choices: readonly C[], value: unknown): C | undefined {
  return choices.find((choice) => choice === value)
}

function readFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
