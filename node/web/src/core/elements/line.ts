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
import { HEADS } from '../schema.gen'
import { headsAt } from './heads'
import { LINE, MOVE, type Form, type Kind } from './kind'
import { readNumber } from './read'
import type { Head, LineElement, LineEnds } from './types'

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
    form: formOf(e),
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

function formOf(e: LineElement): Form {
  const at = ([fx, fy]: readonly [number, number]): Point => ({ x: fx * e.box.w, y: fy * e.box.h })
  const from = at(e.ends.from)
  const to = at(e.ends.to)
  const room = distance(from, to) / 2
  const { ends, heads } = headsAt(
    [
      { at: from, next: to, head: e.ends.from_head, room },
      { at: to, next: from, head: e.ends.to_head, room },
    ],
    e.style.stroke_width,
  )
  return { is: 'path', ops: [MOVE, ends[0].x, ends[0].y, LINE, ends[1].x, ends[1].y], heads }
}

function readEnds(value: unknown): LineEnds | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const data = value as Record<string, unknown>
  const from = readFraction(data['from'])
  const to = readFraction(data['to'])
  if (!from || !to) return undefined
  return { from, to, from_head: readHead(data['from_head']), to_head: readHead(data['to_head']) }
}

export function readFraction(value: unknown): readonly [number, number] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const x = readNumber(value[0])
  const y = readNumber(value[1])
  return x === undefined || y === undefined ? undefined : [x, y]
}

/** A head of a later version reads as none. */
export function readHead(value: unknown): Head {
  return HEADS.find((head) => head === value) ?? 'none'
}
