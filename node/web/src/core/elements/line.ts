/** A line between two ends, straight or through points on its way; all are kept as fractions of the box. */
import {
  distance,
  EMPTY_RECT,
  fromBoxFrame,
  rectOfBox,
  rectsTouch,
  unionRect,
  type Box,
  type Point,
  type Rect,
} from '../geometry/box'
import { distanceToSegment, segmentTouchesRect } from '../geometry/segment'
import { HEADS, LINE_VIA_MAX } from '../schema.gen'
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
    const near = e.style.stroke_width / 2 + slack
    return stretchesOf(linePoints(e)).some(([a, b]) => distanceToSegment(p, a, b) <= near)
  },
  touches(e, rect) {
    if (!rectsTouch(rectOfBox(e.box), rect)) return false
    return stretchesOf(linePoints(e)).some(([a, b]) => segmentTouchesRect(a, b, rect))
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

/** All that it goes through, ends included, in world coordinates. */
export function linePoints(e: LineElement): readonly Point[] {
  return placesOf(e.ends).map(([fx, fy]) => fromBoxFrame({ x: fx * e.box.w, y: fy * e.box.h }, e.box))
}

/** The ends in world coordinates. */
export function lineEnds(e: LineElement): readonly [Point, Point] {
  const points = linePoints(e)
  const [from = ORIGIN, to = from] = [points[0], points.at(-1)]
  return [from, to]
}

const ORIGIN: Point = { x: 0, y: 0 }

/** The box and ends of a line through two or more world points. */
export function lineThrough(points: readonly Point[], heads: Pick<LineEnds, 'from_head' | 'to_head'>) {
  const { minX, minY, maxX, maxY } = points.reduce<Rect>(
    (all, { x, y }) => unionRect(all, { minX: x, minY: y, maxX: x, maxY: y }),
    EMPTY_RECT,
  )
  const b: Box = { x: minX, y: minY, w: maxX - minX, h: maxY - minY, angle: 0 }
  const fraction = (p: Point): readonly [number, number] => [
    b.w === 0 ? 0 : (p.x - b.x) / b.w,
    b.h === 0 ? 0 : (p.y - b.y) / b.h,
  ]
  const places = points.map(fraction)
  const [from = [0, 0], to = from] = [places[0], places.at(-1)]
  const ends: LineEnds = {
    from,
    to,
    ...(places.length > 2 && { via: places.slice(1, -1) }),
    from_head: heads.from_head,
    to_head: heads.to_head,
  }
  return { box: b, ends }
}

function placesOf({ from, via = [], to }: LineEnds): readonly (readonly [number, number])[] {
  return [from, ...via, to]
}

function stretchesOf(points: readonly Point[]): (readonly [Point, Point])[] {
  return points.slice(1).map((b, i) => [points[i] ?? b, b])
}

function formOf(e: LineElement): Form {
  const points = placesOf(e.ends).map(([fx, fy]): Point => ({ x: fx * e.box.w, y: fy * e.box.h }))
  const [from = ORIGIN, second = from] = points
  const [to = from, last = to] = [points.at(-1), points.at(-2)]
  // Two heads share what there is of a single stretch.
  const share = points.length > 2 ? 1 : 2
  const { ends, heads } = headsAt(
    [
      { at: from, next: second, head: e.ends.from_head, room: distance(from, second) / share },
      { at: to, next: last, head: e.ends.to_head, room: distance(to, last) / share },
    ],
    e.style.stroke_width,
  )
  const ops: number[] = [MOVE, ends[0].x, ends[0].y]
  for (const p of points.slice(1, -1)) ops.push(LINE, p.x, p.y)
  ops.push(LINE, ends[1].x, ends[1].y)
  return { is: 'path', ops, heads }
}

function readEnds(value: unknown): LineEnds | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const data = value as Record<string, unknown>
  const from = readFraction(data['from'])
  const to = readFraction(data['to'])
  if (!from || !to) return undefined
  const via = readVia(data['via'])
  return {
    from,
    ...(via.length > 0 && { via }),
    to,
    from_head: readHead(data['from_head']),
    to_head: readHead(data['to_head']),
  }
}

/** One that is no point takes the others with it, as in the server. */
function readVia(value: unknown): readonly (readonly [number, number])[] {
  if (!Array.isArray(value) || value.length > LINE_VIA_MAX) return []
  const places = value.flatMap((one) => {
    const place = readFraction(one)
    return place ? [place] : []
  })
  return places.length === value.length ? places : []
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
