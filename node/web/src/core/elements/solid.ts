/** What shapes and notes share: closed outlines that can be hit by their inside or only by their edge. */
import {
  boxCentre,
  cornersOf,
  growRect,
  rectHasPoint,
  rectOfBox,
  rectsTouch,
  rotateAbout,
  toBoxFrame,
  type Box,
  type Point,
  type Rect,
} from '../geometry/box'
import { distanceToPolygon, polygonHasPoint, polygonTouchesRect } from '../geometry/segment'
import { outlinePoints } from './outline'
import type { ShapeKind } from './types'

const ELLIPSE_SIDES = 48

/** The outline as a polygon, fine enough for hit tests. */
export function outlineOf(kind: ShapeKind, b: Box): readonly Point[] {
  switch (kind) {
    case 'rectangle':
      return cornersOf(b)
    case 'diamond':
      return [point(b, 0.5, 0), point(b, 1, 0.5), point(b, 0.5, 1), point(b, 0, 0.5)]
    case 'ellipse':
      return Array.from({ length: ELLIPSE_SIDES }, (_, i) => {
        const turn = (i / ELLIPSE_SIDES) * 2 * Math.PI
        return point(b, 0.5 + Math.cos(turn) / 2, 0.5 + Math.sin(turn) / 2)
      })
    default:
      return outlinePoints(kind, b.w, b.h).map((p) =>
        rotateAbout({ x: b.x + p.x, y: b.y + p.y }, boxCentre(b), b.angle),
      )
  }
}

function point(b: Box, fx: number, fy: number): Point {
  return rotateAbout({ x: b.x + fx * b.w, y: b.y + fy * b.h }, boxCentre(b), b.angle)
}

export type Inside = 'counts' | 'is-hollow'

export function hitOutline(
  kind: ShapeKind,
  b: Box,
  inside: Inside,
  strokeWidth: number,
  p: Point,
  slack: number,
): boolean {
  const reach = strokeWidth / 2 + slack
  if (!rectHasPoint(growRect(rectOfBox(b), reach), p)) return false
  const outline = outlineOf(kind, b)
  if (inside === 'counts' && polygonHasPoint(outline, p)) return true
  return distanceToPolygon(outline, p) <= reach
}

export function outlineTouches(kind: ShapeKind, b: Box, rect: Rect): boolean {
  return rectsTouch(rectOfBox(b), rect) && polygonTouchesRect(outlineOf(kind, b), rect)
}

/** True when the world point is in the box, which may be turned. */
export function boxHasPoint(b: Box, p: Point, slack: number): boolean {
  const local = toBoxFrame(p, b)
  return local.x >= -slack && local.y >= -slack && local.x <= b.w + slack && local.y <= b.h + slack
}
