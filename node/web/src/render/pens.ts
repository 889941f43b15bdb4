/** Colours of one theme, resolved once for each name. */
import { fillColor, inkColor, strokeColor } from '../core/colors'
import type { Color } from '../core/elements/types'
import { CANVAS, PALETTE, SHEET, type Theme } from '../core/schema.gen'

export interface Colors {
  readonly theme: Theme
  readonly canvas: string
  /** What the editor itself draws: frames, handles, the marquee. */
  readonly accent: string
  /** Lines that show what a gesture has come in line with. */
  readonly guide: string
  readonly paper: string
  readonly dot: string
  readonly shadow: string
  /** What a frame without a fill of its own is made of. */
  readonly sheet: string
  stroke(color: Color): string | null
  fill(color: Color): string | null
  ink(color: Color | null, behind: Color): string
  /** An outlined or written area from far away: its colour, thinned out over the board. */
  faint(color: string): string
}

const OWN: Readonly<Record<Theme, Pick<Colors, 'accent' | 'guide' | 'paper' | 'dot' | 'shadow'>>> = {
  light: { accent: '#2f5bea', guide: '#d6246e', paper: '#ffffff', dot: '#1f2328', shadow: '#1f2328' },
  dark: { accent: '#7d9bff', guide: '#ff7eb3', paper: '#1e2127', dot: '#eceef2', shadow: '#000000' },
}

export function colorsOf(theme: Theme): Colors {
  const strokes = new Map<Color, string | null>()
  const fills = new Map<Color, string | null>()
  const inks = new Map<string, string>()
  const faints = new Map<string, string>()
  return {
    theme,
    canvas: CANVAS[theme],
    sheet: SHEET[theme],
    ...OWN[theme],
    stroke: (color) => remembered(strokes, color, () => strokeColor(color, theme)),
    fill: (color) => remembered(fills, color, () => fillColor(color, theme)),
    faint: (color) => remembered(faints, color, () => mix(color, CANVAS[theme], FAINT)),
    ink: (color, behind) => remembered(inks, `${color}|${behind}`, () => inkColor(color, behind, theme)),
  }
}

/** Of a person's own colour on a dark board: made to be read white on, it would hardly be seen there. */
const ON_DARK = 0.65

/** A colour for a person: `#rrggbb`, or a palette name as a line. */
export function personColor(color: string, colors: Colors): string {
  const drawn = colors.stroke(color) ?? PALETTE[colors.theme].grey.stroke
  const isOwn = drawn === color && /^#[0-9a-f]{6}$/i.test(color)
  return isOwn && colors.theme === 'dark' ? mix(color, '#ffffff', ON_DARK) : drawn
}

const FAINT = 0.35

/** `share` of one `#rrggbb` and the rest of another: an opaque colour paints faster than a clear one. */
function mix(color: string, over: string, share: number): string {
  const channel = (hex: string, from: number) => Number.parseInt(hex.slice(from, from + 2), 16)
  const mixed = [1, 3, 5].map((at) =>
    Math.round(channel(color, at) * share + channel(over, at) * (1 - share)),
  )
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

function remembered<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
}
