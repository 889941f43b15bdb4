/** The whole board as small as a stamp: where it lies on the map, and a flat box for each element. */

import type { Element } from '../../../core/elements/types'
import { isEmptyRect, type Point, type Rect } from '../../../core/geometry/box'
import type { Scene } from '../../../core/scene'
import type { Colors } from '../../../render/pens'

export interface MapFrame {
  readonly w: number
  readonly h: number
  /** map = world * scale + (x, y), in CSS pixels of the map. */
  readonly scale: number
  readonly x: number
  readonly y: number
}

const MARGIN_PX = 8
/** A board with little on it is not shown larger than this. */
const SCALE_MAX = 0.2
const BOX_PX_MIN = 1.5

export function mapFrame(bounds: Rect, w: number, h: number): MapFrame {
  if (isEmptyRect(bounds)) return { w, h, scale: SCALE_MAX, x: w / 2, y: h / 2 }
  const wide = Math.max(1, bounds.maxX - bounds.minX)
  const high = Math.max(1, bounds.maxY - bounds.minY)
  const scale = Math.min(SCALE_MAX, (w - 2 * MARGIN_PX) / wide, (h - 2 * MARGIN_PX) / high)
  return {
    w,
    h,
    scale,
    x: w / 2 - ((bounds.minX + bounds.maxX) / 2) * scale,
    y: h / 2 - ((bounds.minY + bounds.maxY) / 2) * scale,
  }
}

export function onMap(frame: MapFrame, rect: Rect): Rect {
  return {
    minX: rect.minX * frame.scale + frame.x,
    minY: rect.minY * frame.scale + frame.y,
    maxX: rect.maxX * frame.scale + frame.x,
    maxY: rect.maxY * frame.scale + frame.y,
  }
}

export function toWorldFromMap(frame: MapFrame, { x, y }: Point): Point {
  return { x: (x - frame.x) / frame.scale, y: (y - frame.y) / frame.scale }
}

export function paintMap(ctx: CanvasRenderingContext2D, scene: Scene, frame: MapFrame, colors: Colors): void {
  ctx.clearRect(0, 0, frame.w, frame.h)
  for (const entry of scene.order()) {
    const color = colorOf(entry.element, colors)
    if (color === null) continue
    const { minX, minY, maxX, maxY } = onMap(frame, entry)
    ctx.fillStyle = color
    ctx.fillRect(minX, minY, Math.max(BOX_PX_MIN, maxX - minX), Math.max(BOX_PX_MIN, maxY - minY))
  }
}

function colorOf({ style }: Element, colors: Colors): string | null {
  const filled = colors.fill(style.fill)
  if (filled !== null) return filled
  const line = colors.stroke(style.stroke)
  return line === null ? null : colors.faint(line)
}
