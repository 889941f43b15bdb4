/** Excalidraw's arrows: bound ones, round ones and elbows as connectors, the others as lines. */
import { boxBetween, type Box, type Point } from '../geometry/box'
import { lineThrough } from '../elements/line'
import { readNumber } from '../elements/read'
import type { Json } from '../ports'
import { LINE_VIA_MAX, type Head } from '../schema.gen'
import { common, isRecord, pointsOf, strokeOf, wordsOf, type Old } from './excalidraw-parts'
import type { Foreign } from './payload'

const HEADS: Readonly<Record<string, Head>> = {
  arrow: 'arrow',
  bar: 'bar',
  dot: 'circle',
  circle: 'circle',
  circle_outline: 'circle_open',
  triangle: 'triangle',
  triangle_outline: 'triangle_open',
  diamond: 'diamond',
  diamond_outline: 'diamond_open',
  crowfoot_one: 'bar',
  crowfoot_many: 'many',
  crowfoot_one_or_many: 'one_or_many',
  cardinality_one: 'bar',
  cardinality_many: 'many',
  cardinality_exactly_one: 'exactly_one',
  cardinality_zero_or_one: 'zero_or_one',
  cardinality_one_or_many: 'one_or_many',
  cardinality_zero_or_many: 'zero_or_many',
}

/** `there`: what it may be bound to. Null when it goes nowhere. */
export function arrowOf(one: Old, label: Old | undefined, there: ReadonlySet<string>): Foreign | null {
  const points = pointsOf(one)
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || points.length < 2) return null
  const { from } = one
  const box: Box = { ...boxBetween(first, last), angle: one.box.angle }
  const at = (p: Point): Json => [
    box.w === 0 ? 0 : (p.x - box.x) / box.w,
    box.h === 0 ? 0 : (p.y - box.y) / box.h,
  ]
  const heads = { from_head: headOf(from['startArrowhead']), to_head: headOf(from['endArrowhead']) }
  const looks = { ...strokeOf(from), ...common(from) }
  const start = bindingOf(from['startBinding'], there)
  const end = bindingOf(from['endBinding'], there)
  if (!start && !end && !label && isLine(one, points)) {
    const line = lineThrough(points, heads)
    return {
      box: { ...line.box, angle: one.box.angle },
      keys: { type: 'line', data: { ...line.ends }, ...looks },
    }
  }
  const data: Json = {
    from: endOf(start, at(first)),
    to: endOf(end, at(last)),
    ...heads,
  }
  // A connector is where its ends are: there is no turning it.
  const words = label ? wordsOf(label) : {}
  return {
    box: { ...box, angle: 0 },
    keys: { type: 'connector', kind: routeOf(one, points), data, ...looks, ...words },
  }
}

/** Straight, or with corners that one of ours can have. */
export function isLine({ from }: Old, points: readonly Point[]): boolean {
  if (points.length === 2) return true
  return from['elbowed'] !== true && !isRecord(from['roundness']) && points.length <= LINE_VIA_MAX + 2
}

function endOf(bound: { readonly [key: string]: Json } | null, at: Json): Json {
  return bound ? { ...bound, last: at } : { at }
}

function routeOf({ from }: Old, points: readonly Point[]): string {
  if (from['elbowed'] === true) return 'elbow'
  return points.length > 2 && isRecord(from['roundness']) ? 'curved' : 'straight'
}

function headOf(value: unknown): Head {
  return (typeof value === 'string' && Object.hasOwn(HEADS, value) ? HEADS[value] : undefined) ?? 'none'
}

/** Older ones say how far beside the middle they aim, newer ones where they stand. */
function bindingOf(value: unknown, there: ReadonlySet<string>): { readonly [key: string]: Json } | null {
  if (!isRecord(value)) return null
  const element = value['elementId']
  if (typeof element !== 'string' || !there.has(element)) return null
  const fixed = Array.isArray(value['fixedPoint']) ? value['fixedPoint'].map(readNumber) : []
  const [x, y] = fixed
  if (x === undefined || y === undefined) return { element, at: [0.5, 0.5], mode: 'auto' }
  return { element, at: [within(x), within(y)], mode: 'fixed' }
}

function within(n: number): number {
  return Math.max(0, Math.min(1, n))
}
