/** What Excalidraw's elements have in common, read one property at a time. */
import { readNumber } from '../elements/read'
import type { Box, Point } from '../geometry/box'
import type { Json } from '../ports'
import { PEN_POINTS_MAX, STYLE_RULES, TEXT_LENGTH_MAX } from '../schema.gen'
import { wholeBefore } from '../text/parts'
import { textJson } from './payload'

export interface Old {
  readonly id: string
  readonly type: string
  readonly box: Box
  readonly from: Readonly<Record<string, unknown>>
}

export function common(from: Old['from']): { [key: string]: Json } {
  const opacity = readNumber(from['opacity'])
  return {
    ...(opacity !== undefined && opacity >= 0 && opacity < 100 && { opacity: opacity / 100 }),
    ...(from['locked'] === true && { locked: true }),
  }
}

export function strokeOf(from: Old['from']): { [key: string]: Json } {
  const stroke = colorOf(from['strokeColor'])
  const width = within('stroke_width', from['strokeWidth'])
  const dash = from['strokeStyle']
  return {
    ...(stroke && stroke !== INK && { stroke }),
    ...(width !== undefined && { stroke_width: width }),
    ...((dash === 'dashed' || dash === 'dotted') && { dash }),
  }
}

/** As it was written, before it was wrapped. */
export function saidIn(from: Old['from']): string {
  const original = from['originalText']
  const said = typeof original === 'string' ? original : from['text']
  return typeof said === 'string' ? said : ''
}

export function wordsOf({ from }: Old): { [key: string]: Json } {
  const said = saidIn(from)
  const text = said.slice(0, wholeBefore(said, TEXT_LENGTH_MAX))
  const size = within('font_size', from['fontSize'])
  const color = colorOf(from['strokeColor'])
  const align = from['textAlign']
  const valign = from['verticalAlign']
  return {
    text: textJson(text),
    ...(size !== undefined && { font_size: size }),
    ...(color && color !== INK && color !== 'none' && { text_color: color }),
    ...((align === 'left' || align === 'center' || align === 'right') && { align }),
    ...((valign === 'top' || valign === 'middle' || valign === 'bottom') && { valign }),
  }
}

/** What is drawn in its usual ink is drawn in ours, which can be read on a dark board too. */
const INK = '#1e1e1e'

export function colorOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  if (value === 'transparent') return 'none'
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(value)
  if (short) return `#${short[1]}${short[1]}${short[2]}${short[2]}${short[3]}${short[3]}`.toLowerCase()
  const long = /^#([0-9a-f]{6})(?:[0-9a-f]{2})?$/i.exec(value)
  return long ? `#${long[1]}`.toLowerCase() : null
}

export function within(key: 'stroke_width' | 'font_size', value: unknown): number | undefined {
  const rule = STYLE_RULES[key]
  const n = readNumber(value)
  return n === undefined || rule.value !== 'number' || n < rule.min || n > rule.max ? undefined : n
}

/** In the world; none when one of them is no place. */
export function pointsOf({ box, from }: Old): Point[] {
  const list = from['points']
  if (!Array.isArray(list) || list.length > PEN_POINTS_MAX) return []
  const points = list.flatMap((point): Point[] => {
    const [x, y] = Array.isArray(point) ? point.map(readNumber) : []
    return x === undefined || y === undefined ? [] : [{ x: box.x + x, y: box.y + y }]
  })
  return points.length === list.length ? points : []
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
