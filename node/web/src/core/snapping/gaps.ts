/** Equal gaps: between two neighbours, or as wide as the gap that lies beyond a neighbour. */
import type { Rect } from '../geometry/box'
import type { Axis, Guide } from './guide'

/** A rectangle seen along one axis. */
interface Span {
  readonly low: number
  readonly high: number
  readonly crossLow: number
  readonly crossHigh: number
}

/** The nearest neighbours in the same row or column, and those beyond them. */
interface Row {
  readonly before: Span | null
  readonly beforeThat: Span | null
  readonly after: Span | null
  readonly afterThat: Span | null
}

/** By how much the rectangle has to move for its gaps to be equal; null when that is out of reach. */
export function gapOffset(rects: readonly Rect[], rect: Rect, axis: Axis, reach: number): number | null {
  const own = spanOf(rect, axis)
  const row = rowOf(rects, own, axis, reach)
  const { before, beforeThat, after, afterThat } = row
  let best: number | null = null
  const offer = (way: number) => {
    if (Math.abs(way) <= reach && (best === null || Math.abs(way) < Math.abs(best))) best = way
  }
  if (before && after) offer((before.high + after.low - own.low - own.high) / 2)
  if (before && beforeThat) offer(before.high + (before.low - beforeThat.high) - own.low)
  if (after && afterThat) offer(after.low - (afterThat.low - after.high) - own.high)
  return best
}

/** The equal gaps there are where the rectangle stands now. */
export function gapGuides(rects: readonly Rect[], rect: Rect, axis: Axis): Guide[] {
  const own = spanOf(rect, axis)
  const { before, beforeThat, after, afterThat } = rowOf(rects, own, axis, SAME)
  const left = before && gapOf(before, own)
  const right = after && gapOf(own, after)
  const farLeft = before && beforeThat && gapOf(beforeThat, before)
  const farRight = after && afterThat && gapOf(after, afterThat)
  const guides: Guide[] = []
  const add = (...gaps: (Gap | null)[]) => {
    const [first] = gaps
    if (!first || gaps.some((gap) => !gap || Math.abs(gap.to - gap.from - (first.to - first.from)) > SAME))
      return
    for (const gap of gaps) if (gap) addOnce(guides, { is: 'gap', axis, ...gap })
  }
  add(left, right)
  add(farLeft, left)
  add(right, farRight)
  return guides
}

/** Twice what is stored of a coordinate: a gap has two ends. */
const SAME = 0.021

interface Gap {
  readonly at: number
  readonly from: number
  readonly to: number
}

/** Drawn where both sides of it can be seen. */
function gapOf(a: Span, b: Span): Gap | null {
  if (b.low - a.high <= SAME) return null
  const low = Math.max(a.crossLow, b.crossLow)
  const high = Math.min(a.crossHigh, b.crossHigh)
  return { at: (low + high) / 2, from: a.high, to: b.low }
}

function addOnce(guides: Guide[], guide: Guide): void {
  if (!guides.some((other) => other.from === guide.from && other.to === guide.to)) guides.push(guide)
}

function rowOf(rects: readonly Rect[], own: Span, axis: Axis, slack: number): Row {
  let before: Span | null = null
  let after: Span | null = null
  for (const rect of rects) {
    if (!isBeside(rect, own, axis)) continue
    const [low, high] = axis === 'x' ? [rect.minX, rect.maxX] : [rect.minY, rect.maxY]
    if (high <= own.low + slack && (!before || high > before.high)) before = spanOf(rect, axis)
    if (low >= own.high - slack && (!after || low < after.low)) after = spanOf(rect, axis)
  }
  let beforeThat: Span | null = null
  let afterThat: Span | null = null
  for (const rect of rects) {
    if (!isBeside(rect, own, axis)) continue
    const [low, high] = axis === 'x' ? [rect.minX, rect.maxX] : [rect.minY, rect.maxY]
    if (before && high < before.low && (!beforeThat || high > beforeThat.high))
      beforeThat = spanOf(rect, axis)
    if (after && low > after.high && (!afterThat || low < afterThat.low)) afterThat = spanOf(rect, axis)
  }
  return { before, beforeThat, after, afterThat }
}

function isBeside(rect: Rect, own: Span, axis: Axis): boolean {
  return axis === 'x'
    ? rect.minY < own.crossHigh && rect.maxY > own.crossLow
    : rect.minX < own.crossHigh && rect.maxX > own.crossLow
}

function spanOf(r: Rect, axis: Axis): Span {
  return axis === 'x'
    ? { low: r.minX, high: r.maxX, crossLow: r.minY, crossHigh: r.maxY }
    : { low: r.minY, high: r.maxY, crossLow: r.minX, crossHigh: r.maxX }
}
