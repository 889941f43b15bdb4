/** Resizing and turning boxes by a frame around them. */
import { boxCentre, rotateAbout, toBoxFrame, type Box, type Point } from './box'

export type Handle = 'nw' | 'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w'
export const HANDLES: readonly Handle[] = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w']

/** Nothing is resized below this; past its opposite side a handle goes on, and mirrors what it resizes. */
const SIDE_MIN = 1
/** Turning with Shift goes in these steps. */
export const TURN_STEP = Math.PI / 12

export interface ResizeBy {
  readonly keepAspect: boolean
  readonly fromCentre: boolean
}

/** A frame that was resized, and whether a handle came out on the other side of it: left and right are then swapped, or top and bottom. */
export interface Resized {
  readonly frame: Box
  readonly across: boolean
  readonly down: boolean
}

/** Where a handle stands on a side: -1, 0 or 1 for left, middle, right and top, middle, bottom. */
export function sidesOf(handle: Handle): readonly [number, number] {
  const x = handle.includes('w') ? -1 : handle.includes('e') ? 1 : 0
  const y = handle.includes('n') ? -1 : handle.includes('s') ? 1 : 0
  return [x, y]
}

export function handlePoint(frame: Box, handle: Handle): Point {
  const [sx, sy] = sidesOf(handle)
  const centre = boxCentre(frame)
  const upright = { x: centre.x + (sx * frame.w) / 2, y: centre.y + (sy * frame.h) / 2 }
  return rotateAbout(upright, centre, frame.angle)
}

/** The handle as it stands in the mirror: the one that is still under the pointer. */
export function mirroredHandle(handle: Handle, { across, down }: Pick<Resized, 'across' | 'down'>): Handle {
  const [sx, sy] = sidesOf(handle)
  const [x, y] = [across ? -sx : sx, down ? -sy : sy]
  return HANDLES.find((one) => sidesOf(one)[0] === x && sidesOf(one)[1] === y) ?? handle
}

/** The frame after its handle was dragged to a world point; the opposite side, or the centre, stays. */
export function resizeFrame(frame: Box, handle: Handle, to: Point, by: ResizeBy): Resized {
  const [sx, sy] = sidesOf(handle)
  const p = toBoxFrame(to, frame)
  const reach = by.fromCentre ? 2 : 1
  const fixedX = by.fromCentre ? frame.w / 2 : sx < 0 ? frame.w : 0
  const fixedY = by.fromCentre ? frame.h / 2 : sy < 0 ? frame.h : 0
  const reachedX = sx === 0 ? frame.w : (p.x - fixedX) * sx * reach
  const reachedY = sy === 0 ? frame.h : (p.y - fixedY) * sy * reach
  const [across, down] = [reachedX < 0, reachedY < 0]
  let w = Math.max(SIDE_MIN, Math.abs(reachedX))
  let h = Math.max(SIDE_MIN, Math.abs(reachedY))
  if (sx === 0) w = frame.w
  if (sy === 0) h = frame.h
  if (by.keepAspect) [w, h] = sameAspect(frame, w, h, sx, sy)
  // The fixed point keeps its place; a side that no handle moves stays centred.
  const left = by.fromCentre || sx === 0 ? (frame.w - w) / 2 : across === sx > 0 ? fixedX - w : fixedX
  const top = by.fromCentre || sy === 0 ? (frame.h - h) / 2 : down === sy > 0 ? fixedY - h : fixedY
  const centre = rotateAbout(
    { x: frame.x + left + w / 2, y: frame.y + top + h / 2 },
    boxCentre(frame),
    frame.angle,
  )
  return { frame: { x: centre.x - w / 2, y: centre.y - h / 2, w, h, angle: frame.angle }, across, down }
}

function sameAspect(frame: Box, w: number, h: number, sx: number, sy: number): [number, number] {
  const byWidth = frame.w > 0 ? w / frame.w : 0
  const byHeight = frame.h > 0 ? h / frame.h : 0
  const scale = sx === 0 ? byHeight : sy === 0 ? byWidth : Math.max(byWidth, byHeight)
  return [Math.max(SIDE_MIN, frame.w * scale), Math.max(SIDE_MIN, frame.h * scale)]
}

/**
 * Takes a box along when the upright frame around it becomes another. A box at a slant cannot be
 * stretched in one direction, so the caller keeps the aspect when `isSlanted` holds for any.
 */
export function mapBox(b: Box, from: Box, to: Resized): Box {
  const sx = from.w > 0 ? to.frame.w / from.w : 1
  const sy = from.h > 0 ? to.frame.h / from.h : 1
  const c = mapPoint(boxCentre(b), from, to)
  const onSide = Math.abs(Math.sin(b.angle)) > Math.SQRT1_2
  const w = b.w * (onSide ? sy : sx)
  const h = b.h * (onSide ? sx : sy)
  // A mirror turns a slant the other way.
  return { x: c.x - w / 2, y: c.y - h / 2, w, h, angle: to.across === to.down ? b.angle : 0 - b.angle }
}

/** The same for a point. */
export function mapPoint(p: Point, from: Box, { frame, across, down }: Resized): Point {
  const x = (p.x - from.x) * (from.w > 0 ? frame.w / from.w : 1)
  const y = (p.y - from.y) * (from.h > 0 ? frame.h / from.h : 1)
  return {
    x: across ? frame.x + frame.w - x : frame.x + x,
    y: down ? frame.y + frame.h - y : frame.y + y,
  }
}

/** Turned by anything but quarter turns. */
export function isSlanted(b: Box): boolean {
  return Math.abs(Math.sin(2 * b.angle)) > 1e-6
}

export function turnBox(b: Box, centre: Point, by: number): Box {
  const c = rotateAbout(boxCentre(b), centre, by)
  return { x: c.x - b.w / 2, y: c.y - b.h / 2, w: b.w, h: b.h, angle: b.angle + by }
}

export function snapAngle(angle: number, step: number): number {
  return Math.round(angle / step) * step
}

/** `to` moved onto the nearest ray from `from` at a multiple of `step`, at the same distance. */
export function snapDirection(from: Point, to: Point, step: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const angle = snapAngle(Math.atan2(to.y - from.y, to.x - from.x), step)
  return { x: from.x + length * Math.cos(angle), y: from.y + length * Math.sin(angle) }
}
