/** The points beside a selected element that a connector is drawn out of. */
import type { Camera } from '../editor-api'
import type { Element } from '../elements/types'
import { distance, type Point } from '../geometry/box'
import { isBindable } from './bind'
import { sideStep, SIDES, type Side } from './elbow'
import { rimOfElement } from './links'
import { exitOf } from './rim'
import type { GrowDirection } from './grow'

export interface Sprout {
  readonly side: Side
  readonly at: Point
}

export const DIRECTIONS: readonly GrowDirection[] = ['right', 'down', 'left', 'up']

/** Screen distances. Above an element stands the handle it is turned by. */
const AWAY_PX = 22
const AWAY_ABOVE_PX = 46
const RADIUS_PX = 9
/** On smaller ones they would be all there is to see. */
const ELEMENT_LEAST_PX = 28

export function sproutsOf(elements: readonly Element[], camera: Camera): readonly Sprout[] {
  const [only, second] = elements
  const rim = only && !second && isBindable(only) && !only.style.locked ? rimOfElement(only) : null
  if (!rim) return []
  const { minX, minY, maxX, maxY } = rim.rect
  if (Math.min(maxX - minX, maxY - minY) * camera.zoom < ELEMENT_LEAST_PX) return []
  return SIDES.map((side) => {
    const step = sideStep(side)
    const away = (side === 3 ? AWAY_ABOVE_PX : AWAY_PX) / camera.zoom
    const edge = exitOf(rim, side)
    // Level with where the line will leave, beyond the frame.
    const x = step.x === 0 ? edge.x : step.x > 0 ? maxX : minX
    const y = step.y === 0 ? edge.y : step.y > 0 ? maxY : minY
    return { side, at: { x: x + step.x * away, y: y + step.y * away } }
  })
}

export function sproutAt(sprouts: readonly Sprout[], p: Point, zoom: number, reach: number): Sprout | null {
  return sprouts.find(({ at }) => distance(at, p) * zoom <= RADIUS_PX * reach) ?? null
}
