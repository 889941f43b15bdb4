/** What an end of a connector in hand would be bound to. */
import type { Camera } from '../editor-api'
import type { Binding, Element, ElementId } from '../elements/types'
import { boxCentre, distance, growRect, type Point } from '../geometry/box'
import type { Scene } from '../scene'
import type { PlacedEnd } from './ends'
import { isInTheWay, rimOfElement } from './links'
import { distanceToPolygon } from '../geometry/segment'
import { exitsOf, fractionsOn, nearestOn, rimHasPoint, type Rim } from './rim'

/** Nearer than this to an element, on screen, an end is bound to it. */
const REACH_PX = 10
/** Nearer than this to the middle of a side it is bound to that. */
const ANCHOR_PX = 14
/** Nearer than this to the outline it is bound to the very place. */
const EDGE_PX = 6

export interface Bound extends PlacedEnd {
  readonly binding: Binding
}

export interface Pointed {
  readonly at: Point
  /** Of a finger, which is broader. */
  readonly reach: number
}

/** Connectors hold on to what they go around: what has an outline of its own. */
export function isBindable(e: Element): boolean {
  return isInTheWay(e)
}

export function boundAt(
  { at, reach }: Pointed,
  camera: Camera,
  scene: Pick<Scene, 'visit'>,
  except: ReadonlySet<ElementId>,
): Bound | null {
  const slack = (REACH_PX * reach) / camera.zoom
  const point = { minX: at.x, minY: at.y, maxX: at.x, maxY: at.y }
  let found: { readonly id: ElementId; readonly rim: Rim } | null = null
  scene.visit(growRect(point, slack), ({ element }) => {
    if (!isBindable(element) || except.has(element.id)) return
    const rim = rimOfElement(element)
    if (rim && rimHasPoint(rim, at, slack)) found = { id: element.id, rim }
  })
  return found && boundOn(found, at, camera.zoom, reach)
}

function boundOn(
  { id, rim }: { readonly id: ElementId; readonly rim: Rim },
  at: Point,
  zoom: number,
  reach: number,
): Bound {
  const fixed = (place: Point): Bound => ({
    at: place,
    binding: { element: id, at: fractionsOn(rim, place), mode: 'fixed' },
  })
  const anchors = exitsOf(rim)
  const size = Math.min(rim.frame.w, rim.frame.h)
  // On something small the anchors must leave room for the element itself.
  const near = Math.min((ANCHOR_PX * reach) / zoom, size / 4)
  const anchor = anchors.find((one) => distance(one, at) <= Math.max(near, EDGE_PX / zoom))
  if (anchor) return fixed(anchor)
  if (distanceToPolygon(rim.corners, at) <= Math.min(EDGE_PX / zoom, size / 6))
    return fixed(nearestOn(rim, at))
  return { at: boxCentre(rim.frame), binding: { element: id, at: [0.5, 0.5], mode: 'auto' } }
}
