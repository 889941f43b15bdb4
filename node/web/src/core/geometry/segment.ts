/** Distances and crossings of segments and polygons. */
import type { Point, Rect } from './box'

export function distanceToSegment(p: Point, a: Point, b: Point): number {
  const dx = b.x - a.x
  const dy = b.y - a.y
  const length2 = dx * dx + dy * dy
  const along = length2 === 0 ? 0 : Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2))
  return Math.hypot(p.x - (a.x + along * dx), p.y - (a.y + along * dy))
}

/** Liang-Barsky: does any of the segment lie in the rectangle? */
export function segmentTouchesRect(a: Point, b: Point, r: Rect): boolean {
  let enter = 0
  let leave = 1
  const clip = (delta: number, room: number): boolean => {
    if (delta === 0) return room >= 0
    const t = room / delta
    if (delta < 0) enter = Math.max(enter, t)
    else leave = Math.min(leave, t)
    return enter <= leave
  }
  const dx = b.x - a.x
  const dy = b.y - a.y
  return (
    clip(-dx, a.x - r.minX) && clip(dx, r.maxX - a.x) && clip(-dy, a.y - r.minY) && clip(dy, r.maxY - a.y)
  )
}

export function polygonHasPoint(corners: readonly Point[], p: Point): boolean {
  let inside = false
  corners.forEach((a, i) => {
    const b = corners[(i + 1) % corners.length]
    if (!b || a.y > p.y === b.y > p.y) return
    if (p.x < a.x + ((p.y - a.y) / (b.y - a.y)) * (b.x - a.x)) inside = !inside
  })
  return inside
}

export function distanceToPolygon(corners: readonly Point[], p: Point): number {
  return corners.reduce((nearest, a, i) => {
    const b = corners[(i + 1) % corners.length] ?? a
    return Math.min(nearest, distanceToSegment(p, a, b))
  }, Infinity)
}

/** Area against area: an edge crosses, or one holds the other. */
export function polygonTouchesRect(corners: readonly Point[], r: Rect): boolean {
  const crosses = corners.some((a, i) => segmentTouchesRect(a, corners[(i + 1) % corners.length] ?? a, r))
  return crosses || polygonHasPoint(corners, { x: (r.minX + r.maxX) / 2, y: (r.minY + r.maxY) / 2 })
}
