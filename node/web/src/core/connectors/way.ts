/** The way of a connector as points, and what is measured along it. `node/board/src/links/way.rs` draws the same. */
import type { Point, Rect } from '../geometry/box'
import { CUBIC, LINE, MOVE, QUAD } from '../elements/kind'

export interface Route {
  /** Straight pieces from the first end to the last; those of a curve are short. */
  readonly points: readonly Point[]
  /** The curve itself: its ends and two controls. */
  readonly curve: Curve | null
  /** Corners are rounded. */
  readonly elbow: boolean
}

export type Curve = readonly [Point, Point, Point, Point]

const CURVE_PIECES = 24
const CORNER_RADIUS = 8

export function onCurve([a, b, c, d]: Curve, t: number): Point {
  const u = 1 - t
  const mix = (p: number, q: number, r: number, s: number) =>
    u * u * u * p + 3 * u * u * t * q + 3 * u * t * t * r + t * t * t * s
  return { x: mix(a.x, b.x, c.x, d.x), y: mix(a.y, b.y, c.y, d.y) }
}

export function curvePoints(curve: Curve): Point[] {
  return Array.from({ length: CURVE_PIECES + 1 }, (_, i) => onCurve(curve, i / CURVE_PIECES))
}

/** Half-way along. */
export function middleOf(points: readonly Point[]): Point {
  const pairs = pairsOf(points)
  const lengths = pairs.map(([a, b]) => Math.hypot(b.x - a.x, b.y - a.y))
  let left = lengths.reduce((sum, one) => sum + one, 0) / 2
  for (const [i, [a, b]] of pairs.entries()) {
    const here = lengths[i] ?? 0
    if (left <= here && here > 0) return between(a, b, left / here)
    left -= here
  }
  return points.at(-1) ?? { x: 0, y: 0 }
}

export function pairsOf(points: readonly Point[]): [Point, Point][] {
  return points.slice(1).flatMap((b, i): [Point, Point][] => {
    const a = points[i]
    return a ? [[a, b]] : []
  })
}

export function rectOfPoints(points: readonly Point[]): Rect {
  let minX = Infinity
  let minY = Infinity
  let maxX = -Infinity
  let maxY = -Infinity
  for (const { x, y } of points) {
    minX = Math.min(minX, x)
    minY = Math.min(minY, y)
    maxX = Math.max(maxX, x)
    maxY = Math.max(maxY, y)
  }
  return { minX, minY, maxX, maxY }
}

/** The stretches that lie outside a rectangle. */
export function withGap(points: readonly Point[], gap: Rect): Point[][] {
  const stretches: Point[][] = []
  let last: Point[] | null = null
  for (const [a, b] of pairsOf(points)) {
    const inside = shareWithin(a, b, gap)
    const pieces = inside
      ? ([
          [0, inside[0]],
          [inside[1], 1],
        ] as const)
      : ([[0, 1]] as const)
    for (const [from, to] of pieces) {
      if (to <= from) continue
      if (from > 0 || !last) {
        last = [between(a, b, from)]
        stretches.push(last)
      }
      last.push(between(a, b, to))
    }
    if (inside && inside[1] >= 1) last = null
  }
  return stretches
}

/** Which part of a segment lies in a rectangle (Liang–Barsky). */
function shareWithin(a: Point, b: Point, r: Rect): readonly [number, number] | null {
  const dx = b.x - a.x
  const dy = b.y - a.y
  let enter = 0
  let leave = 1
  const sides = [
    [-dx, a.x - r.minX],
    [dx, r.maxX - a.x],
    [-dy, a.y - r.minY],
    [dy, r.maxY - a.y],
  ] as const
  for (const [delta, room] of sides) {
    if (delta === 0) {
      if (room < 0) return null
    } else if (delta < 0) enter = Math.max(enter, room / delta)
    else leave = Math.min(leave, room / delta)
  }
  return enter < leave ? [enter, leave] : null
}

function between(a: Point, b: Point, share: number): Point {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }
}

/** Straight pieces as operations of a path; `round`: corners are. */
export function opsOf(points: readonly Point[], corners: 'round' | 'sharp'): number[] {
  const [first] = points
  if (!first) return []
  const ops: number[] = [MOVE, first.x, first.y]
  points.forEach((p, i) => {
    if (i === 0) return
    const before = points[i - 1]
    const after = points[i + 1]
    if (corners === 'sharp' || !before || !after) return ops.push(LINE, p.x, p.y)
    const into = Math.hypot(p.x - before.x, p.y - before.y)
    const out = Math.hypot(after.x - p.x, after.y - p.y)
    const r = Math.min(CORNER_RADIUS, into / 2, out / 2)
    if (r === 0) return ops.push(LINE, p.x, p.y)
    const a = between(p, before, r / into)
    const b = between(p, after, r / out)
    return ops.push(LINE, a.x, a.y, QUAD, p.x, p.y, b.x, b.y)
  })
  return ops
}

export function curveOps([a, b, c, d]: Curve): number[] {
  return [MOVE, a.x, a.y, CUBIC, b.x, b.y, c.x, c.y, d.x, d.y]
}
