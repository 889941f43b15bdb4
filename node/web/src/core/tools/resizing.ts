/**
 * The selection being resized by a handle: its aspect kept with Shift (a picture's let go of), its centre with Alt, to the
 * edges of others unless Ctrl is held. A handle that goes past the opposite side mirrors it.
 */
import type { Element } from '../elements/types'
import { boxCentre, rectOfBox, rotateAbout, type Box, type Point } from '../geometry/box'
import {
  handlePoint,
  mirroredHandle,
  resizeFrame,
  sidesOf,
  type Handle,
  type ResizeBy,
  type Resized,
} from '../geometry/transform'
import { intentsOf, liveOf, type Handled } from '../handling'
import { keepsAspect, resizeElements } from '../resize'
import { cursorOf } from '../selectionFrame'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import { guidesFor, snapPoint } from '../snapping/snap'
import { targetsFor, type Except, type SnapTargets } from '../snapping/targets'
import { NOTHING_SHOWN, type Effect, type Shown, type ToolInput, type View } from './tool'

export interface Resizing {
  readonly at: 'resizing'
  readonly handle: Handle
  /** The handle that is under the pointer now: another one in a mirror. */
  readonly shown: Handle
  readonly frame: Box
  /** Where it was taken hold of, which need not be the handle's middle. */
  readonly held: Point
  readonly handled: readonly Handled[]
  readonly own: Except
  readonly targets: SnapTargets | null
  readonly guides: readonly Guide[]
}

export function beginResize(handle: Handle, frame: Box, held: Point, elements: readonly Element[]): Resizing {
  return {
    at: 'resizing',
    handle,
    shown: handle,
    frame,
    held,
    handled: elements.map((e) => ({ before: e, after: e })),
    own: new Set(elements.map((e) => e.id)),
    targets: null,
    guides: NO_GUIDES,
  }
}

export function resizeOn(state: Resizing, input: ToolInput, view: View): Resizing {
  const before = state.handled.map((one) => one.before)
  const by: ResizeBy = { keepAspect: keepsAspect(before, state.handle, input.shift), fromCentre: input.alt }
  const grip = gripPoint(state, input.at)
  // The sides of a slanted frame are in line with nothing upright.
  const snaps = !input.mod && state.frame.angle === 0
  const targets = snaps ? targetsFor(view, state.own, state.targets) : state.targets
  const to =
    snaps && targets
      ? snappedFrame(state, grip, by, targets)
      : resizeFrame(state.frame, state.handle, grip, by)
  const after = resizeElements(before, state.frame, to, state.handle)
  const shown = mirroredHandle(state.handle, to)
  return {
    ...state,
    shown,
    handled: before.map((e, i) => ({ before: e, after: after[i] ?? e })),
    targets,
    guides: snaps && targets ? guidesOfResized(to.frame, shown, targets) : NO_GUIDES,
  }
}

export function placeResize(state: Resizing): Effect[] {
  return [{ do: 'commit', intents: intentsOf(state.handled) }]
}

export function showResize(state: Resizing): Shown {
  return {
    ...NOTHING_SHOWN,
    active: true,
    cursor: cursorOf({ is: 'resize', handle: state.shown }, state.frame.angle),
    live: liveOf(state.handled),
    guides: state.guides,
  }
}

function snappedFrame(state: Resizing, grip: Point, by: ResizeBy, targets: SnapTargets): Resized {
  const { frame, handle } = state
  const [sx, sy] = sidesOf(handle)
  const free = resizeFrame(frame, handle, grip, by)
  const corner = handlePoint(free.frame, mirroredHandle(handle, free))
  const { dx, dy } = snapPoint(corner, targets, sx === 0 ? 'y' : sy === 0 ? 'x' : 'both')
  if (!by.keepAspect) return resizeFrame(frame, handle, { x: corner.x + dx, y: corner.y + dy }, by)
  if ((dx === 0 && dy === 0) || frame.w === 0 || frame.h === 0) return free
  // One side decides about the other: the one that has the shorter way to go, of those that have one.
  const byX = dx !== 0 && (dy === 0 || Math.abs(dx) <= Math.abs(dy))
  const reach = by.fromCentre ? 2 : 1
  const [outX, outY] = [free.across ? -sx : sx, free.down ? -sy : sy]
  const scale = byX
    ? (free.frame.w + dx * outX * reach) / frame.w
    : (free.frame.h + dy * outY * reach) / frame.h
  const fixed = by.fromCentre ? boxCentre(frame) : handlePoint(frame, OPPOSITE[handle])
  const x = fixed.x + (outX * frame.w * scale) / reach
  const y = fixed.y + (outY * frame.h * scale) / reach
  return resizeFrame(frame, handle, { x, y }, by)
}

const OPPOSITE: Readonly<Record<Handle, Handle>> = {
  nw: 'se',
  n: 's',
  ne: 'sw',
  e: 'w',
  se: 'nw',
  s: 'n',
  sw: 'ne',
  w: 'e',
}

function guidesOfResized(frame: Box, handle: Handle, targets: SnapTargets): readonly Guide[] {
  const [sx, sy] = sidesOf(handle)
  const rect = rectOfBox(frame)
  const x = sx === 0 ? [] : [sx < 0 ? rect.minX : rect.maxX]
  const y = sy === 0 ? [] : [sy < 0 ? rect.minY : rect.maxY]
  return guidesFor(rect, targets, { x, y, gaps: false })
}

/** Where the handle would be, had it been held exactly. */
function gripPoint(state: Resizing, to: Point): Point {
  const edge = heldEdge(state.frame, state.handle, state.held)
  return { x: to.x + edge.x - state.held.x, y: to.y + edge.y - state.held.y }
}

function heldEdge(frame: Box, handle: Handle, held: Point): Point {
  const centre = boxCentre(frame)
  const p = rotateAbout(held, centre, -frame.angle)
  const x = handle.includes('w') ? frame.x : handle.includes('e') ? frame.x + frame.w : p.x
  const y = handle.includes('n') ? frame.y : handle.includes('s') ? frame.y + frame.h : p.y
  return rotateAbout({ x, y }, centre, frame.angle)
}
