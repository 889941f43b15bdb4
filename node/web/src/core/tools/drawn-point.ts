/** The end of a line in hand: in steps of 15° from its other end with Shift, in line with others unless Ctrl is held. */
import type { Point } from '../geometry/box'
import { snapDirection, TURN_STEP } from '../geometry/transform'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import { guidesFor, snapPoint } from '../snapping/snap'
import { NOTHING_EXCEPT, targetsFor, type Except, type SnapTargets } from '../snapping/targets'
import type { ToolInput, View } from './tool'

export interface DrawnPoint {
  readonly at: Point
  readonly targets: SnapTargets | null
  readonly guides: readonly Guide[]
}

/** `kept` are the targets of the step before; `other` is null for the end that comes first. */
export function drawnPoint(
  input: ToolInput,
  view: View,
  kept: { readonly targets: SnapTargets | null; readonly own?: Except },
  other: Point | null,
): DrawnPoint {
  const { at } = input
  if (input.shift && other) {
    return { at: snapDirection(other, at, TURN_STEP), targets: kept.targets, guides: NO_GUIDES }
  }
  if (input.mod) return { at, targets: kept.targets, guides: NO_GUIDES }
  const targets = targetsFor(view, kept.own ?? NOTHING_EXCEPT, kept.targets)
  const { dx, dy } = snapPoint(at, targets, 'both')
  const p = { x: at.x + dx, y: at.y + dy }
  const rect = { minX: p.x, minY: p.y, maxX: p.x, maxY: p.y }
  return { at: p, targets, guides: guidesFor(rect, targets, { x: [p.x], y: [p.y], gaps: false }) }
}
