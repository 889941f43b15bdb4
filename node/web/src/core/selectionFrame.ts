/** What stands around the selection to handle it by, and what of it is under the pointer. */
import { type Side } from './connectors/elbow'
import { sproutAt, sproutsOf, type Sprout } from './connectors/sprouts'
import type { Camera, CursorName } from './editor-api'
import { endPoints } from './connectors/ends'
import { linePoints } from './elements/line'
import type { Element } from './elements/types'
import { boxCentre, distance, rotateAbout, type Box, type Point } from './geometry/box'
import { handlePoint, HANDLES, sidesOf, type Handle } from './geometry/transform'
import { frameAround, type LineEnd, type LineGrip } from './handling'
import { LINE_VIA_MAX } from './schema.gen'

export type SelectionFrame =
  | {
      readonly is: 'box'
      readonly frame: Box
      readonly handles: readonly Handle[]
      readonly turnable: boolean
      /** What connectors are drawn out of. */
      readonly sprouts: readonly Sprout[]
    }
  /** One connector: its ends are its handles. */
  | { readonly is: 'ends'; readonly frame: Box; readonly from: Point; readonly to: Point }
  /** One line: so are all its points, and the middles of stretches that are long enough on screen. */
  | {
      readonly is: 'line'
      readonly frame: Box
      readonly points: readonly Point[]
      readonly middles: readonly { readonly at: number; readonly place: Point }[]
    }

export type Grip =
  | { readonly is: 'resize'; readonly handle: Handle }
  | { readonly is: 'turn' }
  | { readonly is: 'end'; readonly end: LineEnd }
  | LineGrip
  | { readonly is: 'sprout'; readonly side: Side }

/** Screen distances. */
export const TURN_HANDLE_ABOVE_PX = 24
const GRIP_RADIUS_PX = 8
/** Sides shorter than this on screen have no handle in their middle. */
const SIDE_HANDLE_FROM_PX = 36

export function selectionFrame(elements: readonly Element[], camera: Camera): SelectionFrame | null {
  const [first] = elements
  const frame = frameAround(elements)
  if (!first || !frame) return null
  const only = elements.length === 1 ? first : null
  if (elements.some((e) => e.style.locked))
    return { is: 'box', frame, handles: [], turnable: false, sprouts: [] }
  if (only?.type === 'line') {
    const points = linePoints(only)
    return { is: 'line', frame, points, middles: middlesOf(points, camera) }
  }
  if (only?.type === 'connector') {
    const [from, to] = endPoints(only)
    return { is: 'ends', frame, from, to }
  }
  const handles = HANDLES.filter((handle) => {
    const [sx, sy] = sidesOf(handle)
    if (sx === 0 && only?.type === 'text') return false
    if (sx === 0) return frame.w * camera.zoom >= SIDE_HANDLE_FROM_PX
    if (sy === 0) return frame.h * camera.zoom >= SIDE_HANDLE_FROM_PX
    return true
  })
  return { is: 'box', frame, handles, turnable: true, sprouts: sproutsOf(elements, camera) }
}

function middlesOf(points: readonly Point[], { zoom }: Camera) {
  if (points.length >= LINE_VIA_MAX + 2) return []
  return points.slice(1).flatMap((b, at) => {
    const a = points[at] ?? b
    const place = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
    return distance(a, b) * zoom < SIDE_HANDLE_FROM_PX ? [] : [{ at, place }]
  })
}

/** Where the handle for turning stands, in world units. */
export function turnHandlePoint(frame: Box, zoom: number): Point {
  const centre = boxCentre(frame)
  return rotateAbout({ x: centre.x, y: frame.y - TURN_HANDLE_ABOVE_PX / zoom }, centre, frame.angle)
}

/** The grip at a world point; `reach` widens it for fingers. */
export function gripAt(frame: SelectionFrame, p: Point, zoom: number, reach: number): Grip | null {
  const near = (at: Point) => distance(at, p) * zoom <= GRIP_RADIUS_PX * reach
  switch (frame.is) {
    case 'line': {
      // The ends first, the last of all: it is what was drawn last.
      const at = frame.points.findLastIndex(near)
      if (at >= 0) return { is: 'point', at }
      const middle = frame.middles.find(({ place }) => near(place))
      return middle ? { is: 'middle', at: middle.at } : null
    }
    case 'ends':
      if (near(frame.to)) return { is: 'end', end: 'to' }
      return near(frame.from) ? { is: 'end', end: 'from' } : null
    case 'box': {
      if (frame.turnable && near(turnHandlePoint(frame.frame, zoom))) return { is: 'turn' }
      // Corners first: on a small frame they overlap the sides.
      const sorted = [...frame.handles].sort((a, b) => b.length - a.length)
      const handle = sorted.find((candidate) => near(handlePoint(frame.frame, candidate)))
      if (handle) return { is: 'resize', handle }
      const sprout = sproutAt(frame.sprouts, p, zoom, reach)
      return sprout && { is: 'sprout', side: sprout.side }
    }
  }
}

export function cursorOf(grip: Grip, angle: number): CursorName {
  switch (grip.is) {
    case 'turn':
      return 'rotate'
    case 'end':
    case 'point':
    case 'middle':
    case 'sprout':
      return 'crosshair'
    case 'resize': {
      const [sx, sy] = sidesOf(grip.handle)
      const eighth = Math.round((Math.atan2(sy, sx) + angle) / (Math.PI / 4))
      const names: readonly CursorName[] = ['ew-resize', 'nwse-resize', 'ns-resize', 'nesw-resize']
      return names[((eighth % 4) + 4) % 4] ?? 'default'
    }
  }
}

export function frameHasPoint(elements: readonly Element[], p: Point): boolean {
  const frame = frameAround(elements)
  if (!frame) return false
  const centre = boxCentre(frame)
  const local = rotateAbout(p, centre, -frame.angle)
  return Math.abs(local.x - centre.x) <= frame.w / 2 && Math.abs(local.y - centre.y) <= frame.h / 2
}
