/**
 * A line whose ends may be bound to elements. The document says what each end is bound to; the way between them is
 * made by the scene, which knows where those elements are, and stands in `route`. A connector that no scene has
 * routed goes between where its ends last were.
 */
import { jointOf, NOTHING_NEAR, routeBetween } from '../connectors/route'
import {
  curveOps,
  curvePoints,
  middleOf,
  opsOf,
  pairsOf,
  rectOfPoints,
  withGap,
  type Route,
} from '../connectors/way'
import {
  boxOfRect,
  growRect,
  rectContains,
  rectHasPoint,
  rectsTouch,
  unionRect,
  type Box,
  type Point,
  type Rect,
} from '../geometry/box'
import { distanceToSegment, segmentTouchesRect } from '../geometry/segment'
import type { ConnectorData, EndData } from '../ports'
import { ELEMENT_ID_PATTERN, MODES, ROUTES } from '../schema.gen'
import { headsAt, headSize } from './heads'
import type { Form, Kind, PathOps } from './kind'
import { readFraction, readHead } from './line'
import type { ConnectorElement, ConnectorEnd, ConnectorEnds } from './types'
import { blockOf, placedWords, readFormatted, writeText } from './words'

/** Free space around the label. */
const LABEL_SPACE = 4

export const connector: Kind<ConnectorElement> = {
  read(base, get) {
    const kind = ROUTES.find((one) => one === get('kind')) ?? ROUTES[0]
    const ends = readEnds(get('data'))
    return { ...base, type: 'connector', kind, ends, ...readFormatted(get('text')), route: null }
  },
  write: (e) => [['kind', e.kind], ['data', { ...dataOf(e.ends) }], ...writeText(e)],
  frame: (e) => boxOfRect(rectOfPoints(routeOf(e).points)),
  hit(e, p, slack) {
    const label = labelRect(e)
    if (label && rectHasPoint(label, p)) return true
    const reach = e.style.stroke_width / 2 + slack
    return pairsOf(routeOf(e).points).some(([a, b]) => distanceToSegment(p, a, b) <= reach)
  },
  touches(e, rect) {
    const label = labelRect(e)
    if (label && rectsTouch(label, rect)) return true
    return pairsOf(routeOf(e).points).some(([a, b]) => segmentTouchesRect(a, b, rect))
  },
  paint(e) {
    const { minX, minY } = rectOfPoints(routeOf(e).points)
    return {
      form: formOf(e, { x: minX, y: minY }),
      fill: 'none',
      stroke: e.style.stroke,
      strokeWidth: e.style.stroke_width,
      dash: e.style.dash,
      text: wordsAt(e, { x: minX, y: minY }),
    }
  },
}

const routes = new WeakMap<ConnectorElement, Route>()

export function routeOf(e: ConnectorElement): Route {
  if (e.route) return e.route
  let route = routes.get(e)
  if (!route) {
    const [from, to] = [e.ends.from, e.ends.to].map((end) => jointOf(end, e.box, null))
    route = from && to ? routeBetween(e.kind, from, to, NOTHING_NEAR).route : EMPTY
    routes.set(e, route)
  }
  return route
}

const EMPTY: Route = {
  points: [
    { x: 0, y: 0 },
    { x: 0, y: 0 },
  ],
  curve: null,
  elbow: false,
}

/** Where the label stands in the world, upright. */
export function labelBox(e: ConnectorElement): Box {
  const block = blockOf(e)
  const middle = middleOf(routeOf(e).points)
  return { x: middle.x - block.w / 2, y: middle.y - block.h / 2, w: block.w, h: block.h, angle: 0 }
}

/** What the line keeps clear of; null without a label. */
function labelRect(e: ConnectorElement): Rect | null {
  if (e.text === '') return null
  const { x, y, w, h } = labelBox(e)
  const room = { minX: x, minY: y - LABEL_SPACE / 2, maxX: x + w, maxY: y + h + LABEL_SPACE / 2 }
  return { ...room, minX: x - LABEL_SPACE, maxX: x + w + LABEL_SPACE }
}

/** All that the line, its heads and its label may colour. */
export function connectorBounds(e: ConnectorElement): Rect {
  const line = growRect(rectOfPoints(routeOf(e).points), headSize(e.style.stroke_width))
  const label = labelRect(e)
  return label ? unionRect(line, label) : line
}

function wordsAt(e: ConnectorElement, origin: Point) {
  if (e.text === '') return null
  const { x, y } = labelBox(e)
  return placedWords(e, { x: x - origin.x, y: y - origin.y })
}

function formOf(e: ConnectorElement, origin: Point): Form {
  const route = routeOf(e)
  const { points, curve } = route
  const [first, last] = [points[0], points.at(-1)]
  const [second, lastButOne] = curve ? [curve[1], curve[2]] : [points[1], points.at(-2)]
  if (!first || !last || !second || !lastButOne) return { is: 'none' }
  const whole = curve ? lengthOf(points) : 0
  const room = (a: Point, b: Point) =>
    curve ? whole / 2 : Math.hypot(a.x - b.x, a.y - b.y) / (points.length === 2 ? 2 : 1)
  const { from_head, to_head } = e.ends
  const { ends, heads } = headsAt(
    [
      { at: first, next: second, head: from_head, room: room(first, second) },
      { at: last, next: lastButOne, head: to_head, room: room(last, lastButOne) },
    ],
    e.style.stroke_width,
  )
  const ops = lineOps(route, ends, labelRect(e))
  return {
    is: 'path',
    ops: moved(ops, origin),
    heads: heads && { strokes: moved(heads.strokes, origin), fills: moved(heads.fills, origin) },
  }
}

function lineOps({ points, curve, elbow }: Route, ends: readonly [Point, Point], gap: Rect | null): PathOps {
  if (curve && !gap) return curveOps([ends[0], curve[1], curve[2], ends[1]])
  const inner = curve ? curvePoints([ends[0], curve[1], curve[2], ends[1]]) : points
  const line = [ends[0], ...inner.slice(1, -1), ends[1]]
  const corners = elbow ? 'round' : 'sharp'
  if (!gap || rectContains(gap, rectOfPoints(line))) return opsOf(line, corners)
  return withGap(line, gap).flatMap((stretch) => opsOf(stretch, corners))
}

function lengthOf(points: readonly Point[]): number {
  return pairsOf(points).reduce((sum, [a, b]) => sum + Math.hypot(b.x - a.x, b.y - a.y), 0)
}

/** Operations in the frame of the element. Of an arc only the middle is a place. */
function moved(ops: PathOps, { x, y }: Point): PathOps {
  const out: number[] = []
  const n = (i: number) => ops[i] ?? 0
  for (let i = 0; i < ops.length;) {
    const code = n(i)
    const places = PLACES[code] ?? 0
    out.push(code)
    for (let at = 0; at < places; at++) out.push(n(i + 1 + 2 * at) - x, n(i + 2 + 2 * at) - y)
    i += 1 + 2 * places
    for (let rest = RESTS[code] ?? 0; rest > 0; rest--, i++) out.push(n(i))
  }
  return out
}

/** Of each operation, how many points it has and how many other numbers. */
const PLACES = [1, 1, 2, 1, 0, 3]
const RESTS = [0, 0, 0, 3, 0, 0]

// ---- as the document holds it

export function dataOf(ends: ConnectorEnds): ConnectorData {
  const { from, to, from_head, to_head } = ends
  return { from: endData(from), to: endData(to), from_head, to_head }
}

function endData({ own, binding }: ConnectorEnd): EndData {
  if (!binding) return { at: own }
  const { element, at, mode } = binding
  return { element, at, mode, last: own }
}

function readEnds(value: unknown): ConnectorEnds {
  const data = isRecord(value) ? value : {}
  return {
    from: readEnd(data['from'], [0, 0]),
    to: readEnd(data['to'], [1, 1]),
    from_head: readHead(data['from_head']),
    to_head: readHead(data['to_head']),
  }
}

function readEnd(value: unknown, fallback: readonly [number, number]): ConnectorEnd {
  const data = isRecord(value) ? value : {}
  const at = readFraction(data['at'])
  const element = data['element']
  if (typeof element !== 'string' || !ELEMENT_ID_PATTERN.test(element)) {
    return { own: at ?? fallback, binding: null }
  }
  const within = at && at.every((n) => n >= 0 && n <= 1) ? at : ([0.5, 0.5] as const)
  const mode = MODES.find((one) => one === data['mode']) ?? MODES[0]
  return { own: readFraction(data['last']) ?? fallback, binding: { element, at: within, mode } }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
