/** The view of the board: screen = world * zoom + (x, y). */
import type { Camera } from './editor-api'
import { isEmptyRect, type Point, type Rect } from './geometry/box'

export const ZOOM_MIN = 0.05
export const ZOOM_MAX = 8
/** Steps of the zoom keys and buttons. */
const ZOOM_STEPS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8]
/** Room left around what is fitted into view, in screen pixels. */
const FIT_MARGIN_PX = 64

export interface Viewport {
  readonly w: number
  readonly h: number
}

export const START: Camera = { x: 0, y: 0, zoom: 1 }

export function toWorld(c: Camera, screen: Point): Point {
  return { x: (screen.x - c.x) / c.zoom, y: (screen.y - c.y) / c.zoom }
}

export function toScreen(c: Camera, world: Point): Point {
  return { x: world.x * c.zoom + c.x, y: world.y * c.zoom + c.y }
}

/** The part of the world in view. */
export function viewOf(c: Camera, v: Viewport): Rect {
  const from = toWorld(c, { x: 0, y: 0 })
  const to = toWorld(c, { x: v.w, y: v.h })
  return { minX: from.x, minY: from.y, maxX: to.x, maxY: to.y }
}

/** No nearer and no farther than one may look. */
export function bounded(c: Camera): Camera {
  const zoom = Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, c.zoom))
  return zoom === c.zoom ? c : { ...c, zoom }
}

export function pan(c: Camera, dx: number, dy: number): Camera {
  return { x: c.x + dx, y: c.y + dy, zoom: c.zoom }
}

/** What is at the screen position `about` stays there. */
export function zoomAbout(c: Camera, zoom: number, about: Point): Camera {
  const bounded = Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, zoom))
  const scale = bounded / c.zoom
  return { x: about.x - (about.x - c.x) * scale, y: about.y - (about.y - c.y) * scale, zoom: bounded }
}

/** A wheel turned by this many pixels; one notch of a mouse is a fifth. */
export function wheelZoom(zoom: number, dy: number): number {
  const bounded = Math.max(-25, Math.min(25, dy))
  return zoom * Math.exp(-bounded * 0.008)
}

export function nextStep(zoom: number): number {
  return ZOOM_STEPS.find((step) => step > zoom * 1.001) ?? ZOOM_MAX
}

export function previousStep(zoom: number): number {
  return ZOOM_STEPS.findLast((step) => step < zoom * 0.999) ?? ZOOM_MIN
}

/** Room kept between what is brought into view and its edge, in screen pixels: the page's bars stand there. */
const REVEAL_MARGIN_PX = 88

/** The view moved as little as brings the rectangle into it; into its middle when there is not enough room. */
export function reveal(c: Camera, v: Viewport, rect: Rect): Camera {
  const from = toScreen(c, { x: rect.minX, y: rect.minY })
  const to = toScreen(c, { x: rect.maxX, y: rect.maxY })
  return pan(c, revealAlong(from.x, to.x, v.w), revealAlong(from.y, to.y, v.h))
}

function revealAlong(from: number, to: number, size: number): number {
  const low = REVEAL_MARGIN_PX
  const high = size - REVEAL_MARGIN_PX
  if (to - from > high - low) return (size - from - to) / 2
  return from < low ? low - from : to > high ? high - to : 0
}

/** All of a rectangle in the middle of the view, enlarged to `zoomMost` at the most. */
export function fit(rect: Rect, v: Viewport, zoomMost: number, margin = FIT_MARGIN_PX): Camera {
  if (isEmptyRect(rect) || v.w <= 0 || v.h <= 0) return START
  const w = Math.max(1, rect.maxX - rect.minX)
  const h = Math.max(1, rect.maxY - rect.minY)
  const room = Math.min(margin, v.w / 8, v.h / 8)
  const zoom = Math.max(ZOOM_MIN, Math.min(zoomMost, ZOOM_MAX, (v.w - 2 * room) / w, (v.h - 2 * room) / h))
  return {
    x: v.w / 2 - ((rect.minX + rect.maxX) / 2) * zoom,
    y: v.h / 2 - ((rect.minY + rect.maxY) / 2) * zoom,
    zoom,
  }
}
