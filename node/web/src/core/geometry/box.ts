/**
 * Points, axis-aligned rectangles and boxes.
 *
 * A box is what the document stores: position and size before rotation, and an angle in radians
 * about its centre. World coordinates, y down, so a positive angle turns clockwise on screen.
 */
export interface Point {
  readonly x: number
  readonly y: number
}

/** Axis-aligned, by its edges; empty when an edge has passed the opposite one. */
export interface Rect {
  readonly minX: number
  readonly minY: number
  readonly maxX: number
  readonly maxY: number
}

export interface Box {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
  readonly angle: number
}

export const EMPTY_RECT: Rect = { minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity }

export function point(x: number, y: number): Point {
  return { x, y }
}

export function add(a: Point, b: Point): Point {
  return { x: a.x + b.x, y: a.y + b.y }
}

export function subtract(a: Point, b: Point): Point {
  return { x: a.x - b.x, y: a.y - b.y }
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

export function rotateAbout(p: Point, centre: Point, angle: number): Point {
  if (angle === 0) return p
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const dx = p.x - centre.x
  const dy = p.y - centre.y
  return { x: centre.x + dx * cos - dy * sin, y: centre.y + dx * sin + dy * cos }
}

export function box(x: number, y: number, w: number, h: number, angle = 0): Box {
  return { x, y, w, h, angle }
}

export function boxCentre(b: Box): Point {
  return { x: b.x + b.w / 2, y: b.y + b.h / 2 }
}

export function moveBox(b: Box, dx: number, dy: number): Box {
  return { x: b.x + dx, y: b.y + dy, w: b.w, h: b.h, angle: b.angle }
}

export function sameBox(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h && a.angle === b.angle
}

/** The upright box between two corners, in whichever order they come. */
export function boxBetween(a: Point, b: Point): Box {
  return {
    x: Math.min(a.x, b.x),
    y: Math.min(a.y, b.y),
    w: Math.abs(a.x - b.x),
    h: Math.abs(a.y - b.y),
    angle: 0,
  }
}

export function rectOfBox(b: Box): Rect {
  if (b.angle === 0) return { minX: b.x, minY: b.y, maxX: b.x + b.w, maxY: b.y + b.h }
  const centre = boxCentre(b)
  const cos = Math.abs(Math.cos(b.angle))
  const sin = Math.abs(Math.sin(b.angle))
  const halfW = (b.w * cos + b.h * sin) / 2
  const halfH = (b.w * sin + b.h * cos) / 2
  return { minX: centre.x - halfW, minY: centre.y - halfH, maxX: centre.x + halfW, maxY: centre.y + halfH }
}

/** The four corners after rotation: top left, top right, bottom right, bottom left. */
export function cornersOf(b: Box): readonly [Point, Point, Point, Point] {
  const centre = boxCentre(b)
  const turn = (x: number, y: number) => rotateAbout({ x, y }, centre, b.angle)
  return [turn(b.x, b.y), turn(b.x + b.w, b.y), turn(b.x + b.w, b.y + b.h), turn(b.x, b.y + b.h)]
}

/** A world point in the box's own frame: origin at the top-left corner, axes along its sides. */
export function toBoxFrame(p: Point, b: Box): Point {
  const upright = rotateAbout(p, boxCentre(b), -b.angle)
  return { x: upright.x - b.x, y: upright.y - b.y }
}

export function fromBoxFrame(p: Point, b: Box): Point {
  return rotateAbout({ x: p.x + b.x, y: p.y + b.y }, boxCentre(b), b.angle)
}

export function isEmptyRect(r: Rect): boolean {
  return r.maxX < r.minX || r.maxY < r.minY
}

export function unionRect(a: Rect, b: Rect): Rect {
  return {
    minX: Math.min(a.minX, b.minX),
    minY: Math.min(a.minY, b.minY),
    maxX: Math.max(a.maxX, b.maxX),
    maxY: Math.max(a.maxY, b.maxY),
  }
}

/** What lies in both; null when they do not touch. */
export function intersectRect(a: Rect, b: Rect): Rect | null {
  if (!rectsTouch(a, b)) return null
  return {
    minX: Math.max(a.minX, b.minX),
    minY: Math.max(a.minY, b.minY),
    maxX: Math.min(a.maxX, b.maxX),
    maxY: Math.min(a.maxY, b.maxY),
  }
}

export function growRect(r: Rect, by: number): Rect {
  return { minX: r.minX - by, minY: r.minY - by, maxX: r.maxX + by, maxY: r.maxY + by }
}

export function rectsTouch(a: Rect, b: Rect): boolean {
  return a.minX <= b.maxX && b.minX <= a.maxX && a.minY <= b.maxY && b.minY <= a.maxY
}

export function rectContains(outer: Rect, inner: Rect): boolean {
  return (
    outer.minX <= inner.minX &&
    outer.minY <= inner.minY &&
    outer.maxX >= inner.maxX &&
    outer.maxY >= inner.maxY
  )
}

export function rectHasPoint(r: Rect, p: Point): boolean {
  return p.x >= r.minX && p.x <= r.maxX && p.y >= r.minY && p.y <= r.maxY
}

export function rectCentre(r: Rect): Point {
  return { x: (r.minX + r.maxX) / 2, y: (r.minY + r.maxY) / 2 }
}

export function rectBetween(a: Point, b: Point): Rect {
  return {
    minX: Math.min(a.x, b.x),
    minY: Math.min(a.y, b.y),
    maxX: Math.max(a.x, b.x),
    maxY: Math.max(a.y, b.y),
  }
}

export function boxOfRect(r: Rect): Box {
  return { x: r.minX, y: r.minY, w: r.maxX - r.minX, h: r.maxY - r.minY, angle: 0 }
}
