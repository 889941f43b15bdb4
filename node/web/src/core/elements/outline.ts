/** Outlines of the shapes that the schema draws by a table: as a path, and as a polygon for hit tests. */
import type { Point } from '../geometry/box'
import { SHAPE_FORMS } from '../schema.gen'
import { CLOSE, CUBIC, LINE, MOVE, type PathOps } from './kind'
import type { ShapeKind } from './types'

/** From the top left of a box of this size; null where renderers draw by themselves. */
export function outlineOps(kind: ShapeKind, w: number, h: number): PathOps | null {
  const { outline } = SHAPE_FORMS[kind]
  if (outline === null) return null
  const s = Math.min(w, h)
  const ops: number[] = []
  for (let i = 0; i < outline.length;) {
    const code = outline[i] ?? CLOSE
    ops.push(code)
    i += 1
    for (let point = 0; point < pointsOf(code); point++, i += 4) {
      ops.push(n(outline, i) * w + n(outline, i + 1) * s, n(outline, i + 2) * h + n(outline, i + 3) * s)
    }
  }
  return ops
}

/** Straight pieces that stand for a curve. */
const CURVE_PIECES = 8

/**
 * The first stretch as the corners of a polygon in the box: what lies within it is the shape. Later stretches (the rim
 * of a cylinder's lid) lie inside it. An open line is a polygon without an inside: there, and back the same way.
 */
export function outlinePoints(kind: ShapeKind, w: number, h: number): readonly Point[] {
  const ops = outlineOps(kind, w, h) ?? []
  const points: Point[] = []
  for (let i = 0; i < ops.length;) {
    const code = n(ops, i)
    if (code === CLOSE || (code === MOVE && points.length > 0)) break
    if (code === CUBIC) {
      const from = points.at(-1) ?? { x: 0, y: 0 }
      for (let piece = 1; piece <= CURVE_PIECES; piece++)
        points.push(onCubic(from, ops, i + 1, piece / CURVE_PIECES))
    } else {
      points.push({ x: n(ops, i + 1), y: n(ops, i + 2) })
    }
    i += 1 + 2 * pointsOf(code)
  }
  return SHAPE_FORMS[kind].closed ? points : [...points, ...points.slice(1, -1).toReversed()]
}

function onCubic(from: Point, ops: PathOps, at: number, t: number): Point {
  const u = 1 - t
  const mix = (p: number, axis: number) =>
    u * u * u * p +
    3 * u * u * t * n(ops, at + axis) +
    3 * u * t * t * n(ops, at + 2 + axis) +
    t * t * t * n(ops, at + 4 + axis)
  return { x: mix(from.x, 0), y: mix(from.y, 1) }
}

function pointsOf(code: number): number {
  switch (code) {
    case MOVE:
    case LINE:
      return 1
    case CUBIC:
      return 3
    default:
      return 0
  }
}

function n(numbers: readonly number[], i: number): number {
  return numbers[i] ?? 0
}
