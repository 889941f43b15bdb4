/** The outline of an element, as far as the end of a connector must know it. */
import {
  boxCentre,
  fromBoxFrame,
  rectOfBox,
  toBoxFrame,
  type Box,
  type Point,
  type Rect,
} from '../geometry/box'
import { distanceToPolygon, polygonHasPoint } from '../geometry/segment'
import { sideStep, SIDES, type Side } from './elbow'

export interface Rim {
  readonly frame: Box
  readonly rect: Rect
  readonly corners: readonly Point[]
}

export function rimOf(frame: Box, corners: readonly Point[]): Rim {
  return { frame, rect: rectOfBox(frame), corners }
}

/** A place given as fractions of the box. */
export function placeOn({ frame }: Rim, [fx, fy]: readonly [number, number]): Point {
  return fromBoxFrame({ x: fx * frame.w, y: fy * frame.h }, frame)
}

/** As fractions of the box, and within it. */
export function fractionsOn({ frame }: Rim, p: Point): readonly [number, number] {
  const local = toBoxFrame(p, frame)
  const share = (at: number, whole: number) =>
    whole === 0 ? 0.5 : Math.round(Math.max(0, Math.min(1, at / whole)) * 1e4) / 1e4
  return [share(local.x, frame.w), share(local.y, frame.h)]
}

/** The side that a place is nearest to, as it is turned. */
export function sideAt({ frame }: Rim, [fx, fy]: readonly [number, number]): Side {
  const sides: readonly (readonly [number, Side])[] = [
    [fx * frame.w, 2],
    [(1 - fx) * frame.w, 0],
    [fy * frame.h, 3],
    [(1 - fy) * frame.h, 1],
  ]
  const nearest = sides.reduce((least, one) => (one[0] < least[0] ? one : least))
  const quarters = Math.round(frame.angle / (Math.PI / 2))
  return ((((nearest[1] + quarters) % 4) + 4) % 4) as Side
}

/** Where a line from the middle leaves to this side. */
export function exitOf(rim: Rim, side: Side): Point {
  const middle = boxCentre(rim.frame)
  const step = sideStep(side)
  const reach = rim.frame.w + rim.frame.h + 1
  return meet(rim, { x: middle.x + step.x * reach, y: middle.y + step.y * reach }, middle) ?? middle
}

export function exitsOf(rim: Rim): readonly Point[] {
  return SIDES.map((side) => exitOf(rim, side))
}

/** Where the way from a point to one within first meets the outline. */
export function meet({ corners }: Rim, from: Point, to: Point): Point | null {
  let first = Infinity
  corners.forEach((a, i) => {
    const b = corners[(i + 1) % corners.length] ?? a
    first = Math.min(first, crossing(from, to, a, b))
  })
  if (first > 1) return null
  return { x: from.x + (to.x - from.x) * first, y: from.y + (to.y - from.y) * first }
}

/** How far along the first segment the second crosses it; infinite when it does not. */
function crossing(from: Point, to: Point, a: Point, b: Point): number {
  const dx = to.x - from.x
  const dy = to.y - from.y
  const ex = b.x - a.x
  const ey = b.y - a.y
  const across = dx * ey - dy * ex
  if (across === 0) return Infinity
  const along = ((a.x - from.x) * ey - (a.y - from.y) * ex) / across
  const beside = ((a.x - from.x) * dy - (a.y - from.y) * dx) / across
  return along >= 0 && along <= 1 && beside >= 0 && beside <= 1 ? along : Infinity
}

export function rimHasPoint(rim: Rim, p: Point, slack: number): boolean {
  return polygonHasPoint(rim.corners, p) || distanceToPolygon(rim.corners, p) <= slack
}

/** The point of the outline that is nearest to a point. */
export function nearestOn({ corners }: Rim, p: Point): Point {
  let nearest = corners[0] ?? p
  let least = Infinity
  corners.forEach((a, i) => {
    const b = corners[(i + 1) % corners.length] ?? a
    const dx = b.x - a.x
    const dy = b.y - a.y
    const length2 = dx * dx + dy * dy
    const along =
      length2 === 0 ? 0 : Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2))
    const at = { x: a.x + along * dx, y: a.y + along * dy }
    const away = Math.hypot(at.x - p.x, at.y - p.y)
    if (away < least) {
      least = away
      nearest = at
    }
  })
  return nearest
}
