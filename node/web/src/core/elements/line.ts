/** A straight line between two ends, which are kept as fractions of the box. */
import {
  boxBetween,
  distance,
  fromBoxFrame,
  rectOfBox,
  rectsTouch,
  type Box,
  type Point,
} from '../geometry/box'
import { distanceToSegment, segmentTouchesRect } from '../geometry/segment'
import { LINE, MOVE, type Kind } from './kind'
import { readNumber } from './read'
import type { Head, LineElement, LineEnds } from './types'

/** Length of an arrow head's sides, and half its opening, for a line of this width. */
const HEAD_SPREAD = Math.PI / 7

export const line: Kind<LineElement> = {
  read(base, get) {
    const ends = readEnds(get('data'))
    return ends && { ...base, type: 'line', ends }
  },
  write: (e) => [['data', { ...e.ends }]],
  frame: (e) => e.box,
  hit(e, p, slack) {
    const [from, to] = lineEnds(e)
    return distanceToSegment(p, from, to) <= e.style.stroke_width / 2 + slack
  },
  touches(e, rect) {
    const [from, to] = lineEnds(e)
    return rectsTouch(rectOfBox(e.box), rect) && segmentTouchesRect(from, to, rect)
  },
  paint: (e) => ({
    form: { is: 'path', ops: pathOf(e) },
    fill: 'none',
    stroke: e.style.stroke,
    strokeWidth: e.style.stroke_width,
    dash: e.style.dash,
    text: null,
  }),
}

/** The ends in world coordinates. */
export function lineEnds(e: LineElement): readonly [Point, Point] {
  const at = ([fx, fy]: readonly [number, number]) =>
    fromBoxFrame({ x: fx * e.box.w, y: fy * e.box.h }, e.box)
  return [at(e.ends.from), at(e.ends.to)]
}

/** The box and ends of a line between two world points. */
export function lineBetween(from: Point, to: Point, heads: Pick<LineEnds, 'from_head' | 'to_head'>) {
  const b: Box = boxBetween(from, to)
  const fraction = (p: Point): readonly [number, number] => [
    b.w === 0 ? 0 : (p.x - b.x) / b.w,
    b.h === 0 ? 0 : (p.y - b.y) / b.h,
  ]
  const ends: LineEnds = {
    from: fraction(from),
    to: fraction(to),
    from_head: heads.from_head,
    to_head: heads.to_head,
  }
  return { box: b, ends }
}

export function arrowHeadLength(strokeWidth: number): number {
  return 8 + 3 * strokeWidth
}

function pathOf(e: LineElement): number[] {
  const at = ([fx, fy]: readonly [number, number]): Point => ({ x: fx * e.box.w, y: fy * e.box.h })
  const from = at(e.ends.from)
  const to = at(e.ends.to)
  const ops: number[] = [MOVE, from.x, from.y, LINE, to.x, to.y]
  if (e.ends.from_head === 'arrow') ops.push(...arrow(from, to, e.style.stroke_width))
  if (e.ends.to_head === 'arrow') ops.push(...arrow(to, from, e.style.stroke_width))
  return ops
}

function arrow(tip: Point, other: Point, strokeWidth: number): number[] {
  const length = Math.min(arrowHeadLength(strokeWidth), distance(tip, other) / 2)
  const back = Math.atan2(other.y - tip.y, other.x - tip.x)
  const side = (turn: number): Point => ({
    x: tip.x + length * Math.cos(back + turn),
    y: tip.y + length * Math.sin(back + turn),
  })
  const left = side(HEAD_SPREAD)
  const right = side(-HEAD_SPREAD)
  return [MOVE, left.x, left.y, LINE, tip.x, tip.y, LINE, right.x, right.y]
}

function readEnds(value: unknown): LineEnds | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const data = value as Record<string, unknown>
  const from = readFraction(data['from'])
  const to = readFraction(data['to'])
  if (!from || !to) return undefined
  return { from, to, from_head: readHead(data['from_head']), to_head: readHead(data['to_head']) }
}

function readFraction(value: unknown): readonly [number, number] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const x = readNumber(value[0])
  const y = readNumber(value[1])
  return x === undefined || y === undefined ? undefined : [x, y]
}

function readHead(value: unknown): Head {
  return value === 'arrow' ? 'arrow' : 'none'
}
