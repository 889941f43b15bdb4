/**
 * Where something that is being moved, resized or drawn comes to stand: in line with the edges and middles of others,
 * between them at equal gaps, or on the grid; and the guides that show why.
 */
import type { Point, Rect } from '../geometry/box'
import { gapGuides, gapOffset } from './gaps'
import { NO_GUIDES, type Axis, type Guide } from './guide'
import type { SnapTargets } from './targets'

export interface Snapped {
  readonly dx: number
  readonly dy: number
}

/** On which axes something may still give way. */
export type Free = 'both' | Axis

/** By how much a rectangle that was moved as a whole is moved on. */
export function snapRect(rect: Rect, targets: SnapTargets, free: Free): Snapped {
  const { minX, minY, maxX, maxY } = rect
  const byX = free !== 'y' ? nearest(targets.xs, [minX, (minX + maxX) / 2, maxX], targets.reach) : null
  const byY = free !== 'x' ? nearest(targets.ys, [minY, (minY + maxY) / 2, maxY], targets.reach) : null
  const gapX = free !== 'y' ? gapOffset(targets.rects, rect, 'x', targets.reach) : null
  const gapY = free !== 'x' ? gapOffset(targets.rects, rect, 'y', targets.reach) : null
  return {
    dx: smaller(byX, gapX) ?? (free !== 'y' ? toGrid(minX, targets.grid) : 0),
    dy: smaller(byY, gapY) ?? (free !== 'x' ? toGrid(minY, targets.grid) : 0),
  }
}

/** By how much a corner, a side or an end that is being pulled is moved on. */
export function snapPoint(p: Point, targets: SnapTargets, free: Free): Snapped {
  return {
    dx: free === 'y' ? 0 : (nearest(targets.xs, [p.x], targets.reach) ?? toGrid(p.x, targets.grid)),
    dy: free === 'x' ? 0 : (nearest(targets.ys, [p.y], targets.reach) ?? toGrid(p.y, targets.grid)),
  }
}

/** What the sides that moved are now in line with; `gaps` only for what moved as a whole. */
export function guidesFor(
  rect: Rect,
  targets: SnapTargets,
  moved: { readonly x: readonly number[]; readonly y: readonly number[]; readonly gaps: boolean },
): readonly Guide[] {
  if (targets.rects.length === 0) return NO_GUIDES
  const guides: Guide[] = []
  for (const at of moved.x) addLine(guides, 'x', at, rect, targets)
  for (const at of moved.y) addLine(guides, 'y', at, rect, targets)
  if (moved.gaps) guides.push(...gapGuides(targets.rects, rect, 'x'), ...gapGuides(targets.rects, rect, 'y'))
  return guides.length === 0 ? NO_GUIDES : guides
}

/** The guides of a rectangle that moved as a whole. */
export function guidesOfMoved(rect: Rect, targets: SnapTargets): readonly Guide[] {
  const { minX, minY, maxX, maxY } = rect
  const x = [minX, (minX + maxX) / 2, maxX]
  const y = [minY, (minY + maxY) / 2, maxY]
  return guidesFor(rect, targets, { x, y, gaps: true })
}

/** Less than this apart is the same place: a hundredth of a pixel is what the document stores. */
const SAME = 0.011

function addLine(guides: Guide[], axis: Axis, at: number, rect: Rect, targets: SnapTargets): void {
  const lines = axis === 'x' ? targets.xs : targets.ys
  const found = nearest(lines, [at], SAME)
  if (found === null || guides.some((g) => g.is === 'line' && g.axis === axis && Math.abs(g.at - at) <= SAME))
    return
  let from = axis === 'x' ? rect.minY : rect.minX
  let to = axis === 'x' ? rect.maxY : rect.maxX
  for (const other of targets.rects) {
    const [low, high] = axis === 'x' ? [other.minX, other.maxX] : [other.minY, other.maxY]
    const near = Math.min(Math.abs(low - at), Math.abs(high - at), Math.abs((low + high) / 2 - at))
    if (near > SAME) continue
    from = Math.min(from, axis === 'x' ? other.minY : other.minX)
    to = Math.max(to, axis === 'x' ? other.maxY : other.maxX)
  }
  guides.push({ is: 'line', axis, at, from, to })
}

/** The least way from one of the values to one of the lines; null when none is within reach. */
function nearest(lines: Float64Array, values: readonly number[], reach: number): number | null {
  let best: number | null = null
  for (const value of values) {
    const above = firstFrom(lines, value)
    for (const at of [lines[above - 1], lines[above]]) {
      if (at === undefined) continue
      const way = at - value
      if (Math.abs(way) <= reach && (best === null || Math.abs(way) < Math.abs(best))) best = way
    }
  }
  return best
}

/** Index of the first line at or above the value. */
function firstFrom(lines: Float64Array, value: number): number {
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((lines[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

function smaller(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.abs(b) < Math.abs(a) ? b : a
}

function toGrid(value: number, step: number | null): number {
  return step === null ? 0 : Math.round(value / step) * step - value
}
