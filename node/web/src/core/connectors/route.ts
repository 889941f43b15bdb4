/** Which way a connector takes, between where its ends are and around what stands in between. */
import {
  fromBoxFrame,
  growRect,
  rectsTouch,
  unionRect,
  type Box,
  type Point,
  type Rect,
} from '../geometry/box'
import type { RouteKind } from '../schema.gen'
import { elbowBetween, opposite, SIDES, sideStep, STUB, withoutIdle, type ElbowEnd, type Side } from './elbow'
import { exitOf, meet, placeOn, sideAt, type Rim } from './rim'
import { curvePoints, pairsOf, rectOfPoints, type Route } from './way'
import type { ConnectorEnd } from '../elements/types'

/** An end before it is known where the way meets the outline. */
export interface Joint {
  readonly aim: Point
  readonly rim: Rim | null
  /** The end sits at `aim`, and the way leaves to this side. */
  readonly fixed: Side | null
}

/** Calls `act` for each thing in a rectangle that an elbow goes around. */
export type Near = (rect: Rect, act: (rect: Rect) => void) => void
export const NOTHING_NEAR: Near = () => undefined

export interface Routed {
  readonly route: Route
  /** What happens in here may change the way. */
  readonly region: Rect
}

/** Things in the way that are gone around; of more, the rest is crossed. */
const OBSTACLES_MAX = 8
const ROUNDS_MAX = 4
/** Leaving to a side that does not face the other end is worth this much of a detour. */
const OTHER_SIDE = 120
const CURVE_PULL_MAX = 200
/** What runs along an edge as near as this cannot be told from it. */
const BESIDE = 2

/** `box` is the connector's own; `rim` that of what the end is bound to, if it is there. */
export function jointOf(end: ConnectorEnd, box: Box, rim: Rim | null): Joint {
  const { binding } = end
  if (binding && rim) {
    const fixed = binding.mode === 'fixed' ? sideAt(rim, binding.at) : null
    return { aim: placeOn(rim, binding.at), rim, fixed }
  }
  const aim = fromBoxFrame({ x: end.own[0] * box.w, y: end.own[1] * box.h }, box)
  return { aim, rim: null, fixed: null }
}

export function routeBetween(kind: RouteKind, from: Joint, to: Joint, near: Near): Routed {
  switch (kind) {
    case 'straight':
      return open([tipOf(from, to), tipOf(to, from)], null, false)
    case 'curved': {
      const [a, b] = facing(from, to)
      const [p, q] = [leave(from, a), leave(to, b)]
      const pull = Math.min(CURVE_PULL_MAX, Math.hypot(q.x - p.x, q.y - p.y) / 2)
      const curve = [p, pulled(p, a, pull), pulled(q, b, pull), q] as const
      return open(curvePoints(curve), curve, false)
    }
    case 'elbow':
      return elbow(from, to, near)
  }
}

function open(points: readonly Point[], curve: Route['curve'], isElbow: boolean): Routed {
  return { route: { points, curve, elbow: isElbow }, region: rectOfPoints(points) }
}

function tipOf(end: Joint, other: Joint): Point {
  if (!end.rim || end.fixed !== null) return end.aim
  return meet(end.rim, other.aim, end.aim) ?? end.aim
}

function pulled(tip: Point, side: Side, pull: number): Point {
  const step = sideStep(side)
  return { x: tip.x + step.x * pull, y: tip.y + step.y * pull }
}

function leave(end: Joint, side: Side): Point {
  return end.rim && end.fixed === null ? exitOf(end.rim, side) : end.aim
}

function extentOf({ aim, rim }: Joint): Rect {
  return rim ? rim.rect : { minX: aim.x, minY: aim.y, maxX: aim.x, maxY: aim.y }
}

/** Sides that face each other over the wider gap. */
function facing(from: Joint, to: Joint): readonly [Side, Side] {
  const a = extentOf(from)
  const b = extentOf(to)
  const gapX = Math.max(b.minX - a.maxX, a.minX - b.maxX)
  const gapY = Math.max(b.minY - a.maxY, a.minY - b.maxY)
  const isRight = b.minX + b.maxX >= a.minX + a.maxX
  const isBelow = b.minY + b.maxY >= a.minY + a.maxY
  const side: Side = gapX >= gapY ? (isRight ? 0 : 2) : isBelow ? 1 : 3
  return [from.fixed ?? side, to.fixed ?? opposite(side)]
}

function elbow(from: Joint, to: Joint, near: Near): Routed {
  const [a, b] = facing(from, to)
  // What most elbows are, and found without a search.
  const plain = across(from, to, a, b)
  if (plain && inTheWay(plain, from, to, near).length === 0) return open(plain, null, true)
  const ends = [endOf(from, a), endOf(to, b)] as const
  const obstacles: Rect[] = []
  let points = elbowBetween(...ends, obstacles) ?? bent(from, to, a, b)
  let region = rectOfPoints(points)
  for (let round = 0; round < ROUNDS_MAX && obstacles.length < OBSTACLES_MAX; round++) {
    const hits = inTheWay(points, from, to, near).filter((hit) => !obstacles.some((one) => same(one, hit)))
    if (hits.length === 0) break
    obstacles.push(...hits.slice(0, OBSTACLES_MAX - obstacles.length))
    const around = elbowBetween(...ends, obstacles)
    if (!around) break
    points = around
    region = unionRect(region, rectOfPoints(points))
  }
  return { route: { points, curve: null, elbow: true }, region }
}

/** Over the gap between two elements, with a bend half-way unless they stand level; null without such a gap. */
function across(from: Joint, to: Joint, a: Side, b: Side): Point[] | null {
  if (!from.rim || !to.rim || b !== opposite(a)) return null
  const step = sideStep(a)
  const [p, q] = [leave(from, a), leave(to, b)]
  const [one, other] = [from.rim.rect, to.rim.rect]
  if (step.x !== 0) {
    const [low, high] = step.x > 0 ? [one.maxX, other.minX] : [other.maxX, one.minX]
    const x = (low + high) / 2
    return high > low ? withoutIdle([p, { x, y: p.y }, { x, y: q.y }, q]) : null
  }
  const [low, high] = step.y > 0 ? [one.maxY, other.minY] : [other.maxY, one.minY]
  const y = (low + high) / 2
  return high > low ? withoutIdle([p, { x: p.x, y }, { x: q.x, y }, q]) : null
}

function endOf(end: Joint, preferred: Side): ElbowEnd {
  const { rim, fixed, aim } = end
  const rect = extentOf(end)
  if (!rim) return { rect, exits: [{ tip: aim, side: null, extra: 0 }] }
  if (fixed !== null) return { rect, exits: [{ tip: aim, side: fixed, extra: 0 }] }
  const exits = SIDES.map((side) => ({
    tip: exitOf(rim, side),
    side,
    extra: side === preferred ? 0 : OTHER_SIDE,
  }))
  return { rect, exits }
}

/** What the pieces between the first and the last cross, in an order that is the same everywhere. */
function inTheWay(points: readonly Point[], from: Joint, to: Joint, near: Near): Rect[] {
  const hits: Rect[] = []
  const tips = [points[0], points.at(-1)]
  for (const [a, b] of pairsOf(points)) {
    near(growRect(rectOfPoints([a, b]), BESIDE), (rect) => {
      if (hits.some((one) => same(one, rect))) return
      // What an end lies in, or what lies on its element, cannot be gone around.
      if (tips.some((tip) => tip && hasPoint(rect, tip))) return
      if ([from, to].some((end) => end.rim && rectsTouch(end.rim.rect, rect))) return
      hits.push(rect)
    })
  }
  return hits.sort((a, b) => a.minX - b.minX || a.minY - b.minY || a.maxX - b.maxX || a.maxY - b.maxY)
}

function same(a: Rect, b: Rect): boolean {
  return a.minX === b.minX && a.minY === b.minY && a.maxX === b.maxX && a.maxY === b.maxY
}

function hasPoint(r: Rect, p: Point): boolean {
  return p.x >= r.minX && p.x <= r.maxX && p.y >= r.minY && p.y <= r.maxY
}

/** When there is no way around: the plainest. */
function bent(from: Joint, to: Joint, a: Side, b: Side): Point[] {
  const stub = (end: Joint) => (end.rim ? STUB : 0)
  const [p, q] = [leave(from, a), leave(to, b)]
  const [s, t] = [pulled(p, a, stub(from)), pulled(q, b, stub(to))]
  const isLevel = (side: Side) => side === 0 || side === 2
  const x = isLevel(a) && isLevel(b) ? (s.x + t.x) / 2 : isLevel(a) ? t.x : s.x
  const y = !isLevel(a) && !isLevel(b) ? (s.y + t.y) / 2 : isLevel(a) ? s.y : t.y
  if (isLevel(a) === isLevel(b)) {
    const bends = isLevel(a)
      ? [
          { x, y: s.y },
          { x, y: t.y },
        ]
      : [
          { x: s.x, y },
          { x: t.x, y },
        ]
    return withoutIdle([p, s, ...bends, t, q])
  }
  return withoutIdle([p, s, { x, y }, t, q])
}
