/**
 * The board's own layer: background, dots and elements.
 *
 * While a view of many elements is zoomed they are painted with less detail, until it comes to rest. While the view only moves over a board that stays as it is, what was painted is shifted and no more
 * than the strips that come into view are painted anew. While it stays where it is, no more than what has changed.
 */
import { viewOf } from '../core/camera'
import type { Editor } from '../core/editor-api'
import type { ElementId } from '../core/elements/types'
import { growRect, type Rect } from '../core/geometry/box'
import { Grid } from './grid'
import { paintFrameNames } from './frame-names'
import { Painter, type Detail } from './painter'
import type { Colors } from './pens'
import type { Pictures } from './pictures'

export interface BoardLook {
  readonly editor: Editor
  readonly colors: Colors
  readonly pictures: Pictures
  readonly density: number
}

/** What the canvas shows; anything but `x` and `y` being another means painting all of it. */
interface Painted {
  readonly x: number
  readonly y: number
  readonly zoom: number
  readonly w: number
  readonly h: number
  readonly density: number
  readonly version: number
  readonly colors: Colors
  readonly editing: ElementId | null
  readonly naming: ElementId | null
  readonly detail: Detail
  /** How many elements were in view. */
  readonly count: number
}

type Look = Omit<Painted, 'count' | 'detail'>

/** In pixels of the canvas. */
interface Area {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/** What is rounded to whole pixels may reach one beyond its bounds. */
const ROUNDED_PX = 2

/** Fewer elements are painted, in all detail, faster than a picture of them is moved. */
const MANY = 250

export class BoardPainting {
  private readonly grid = new Grid()
  private painted: Painted | null = null
  private rough = false

  /** Painted with less detail, or in parts at other times, whose edges may differ in their smoothing. */
  isRough(): boolean {
    return this.rough
  }

  /** What was painted is gone, or no longer right: an element's font has arrived, the canvas was resized. */
  forget(): void {
    this.painted = null
  }

  paint(ctx: CanvasRenderingContext2D, look: BoardLook): void {
    const { camera, viewport, editing, naming } = look.editor.state.get()
    const { colors, density } = look
    const version = look.editor.scene.version()
    const now = { ...camera, ...viewport, density, version, colors, editing: editing?.id ?? null, naming }
    const whole: Area = { x: 0, y: 0, w: ctx.canvas.width, h: ctx.canvas.height }
    const part =
      this.painted && partAfter(this.painted, now, look.editor.scene.changedSince(this.painted.version))
    if (this.painted && part) {
      const area = inPixels(part, now, whole)
      if (area) this.paintArea(ctx, look, area, 'all')
      this.rough ||= area !== null
      this.painted = { ...this.painted, version }
      return
    }
    const strips = this.painted && stripsAfter(this.painted, now, whole)
    if (!this.painted || !strips) {
      const isZoomed = this.painted !== null && this.painted.zoom !== now.zoom && this.painted.count >= MANY
      const detail = isZoomed ? 'some' : 'all'
      this.rough = isZoomed
      look.pictures.begin()
      this.painted = { ...now, detail, count: this.paintArea(ctx, look, whole, detail) }
      return
    }
    this.rough = true
    const dx = Math.round((now.x - this.painted.x) * density)
    const dy = Math.round((now.y - this.painted.y) * density)
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    ctx.globalAlpha = 1
    ctx.drawImage(ctx.canvas, dx, dy)
    for (const strip of strips) this.paintArea(ctx, look, strip, 'all')
    this.painted = { ...now, detail: 'all', count: this.painted.count }
  }

  private paintArea(
    ctx: CanvasRenderingContext2D,
    { editor, colors, pictures, density }: BoardLook,
    area: Area,
    detail: Detail,
  ): number {
    const { camera, viewport, editing } = editor.state.get()
    ctx.save()
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    ctx.beginPath()
    ctx.rect(area.x, area.y, area.w, area.h)
    ctx.clip()
    ctx.globalAlpha = 1
    ctx.fillStyle = colors.canvas
    ctx.fillRect(area.x, area.y, area.w, area.h)
    this.grid.paint(ctx, { ...camera, ...viewport, density }, colors)
    const painter = new Painter(ctx, {
      ...camera,
      density,
      colors,
      pictures,
      editing: editing?.id ?? null,
      detail,
    })
    const scale = camera.zoom * density
    const from = viewOf(camera, viewport)
    const world: Rect = {
      minX: from.minX + area.x / scale,
      minY: from.minY + area.y / scale,
      maxX: from.minX + (area.x + area.w) / scale,
      maxY: from.minY + (area.y + area.h) / scale,
    }
    let count = 0
    const around = growRect(world, ROUNDED_PX / scale)
    editor.scene.visit(around, ({ element, clip }) => {
      count += 1
      painter.within(clip)
      painter.paint(element)
    })
    painter.within(null)
    paintFrameNames(ctx, editor, around, { colors, density })
    ctx.restore()
    return count
  }
}

/** The part of the board, in its own coordinates, that is to be painted anew; null when it is not as easy as that. */
function partAfter(was: Painted, now: Look, changed: Rect | null): Rect | null {
  return isAlike(was, now) && was.x === now.x && was.y === now.y ? changed : null
}

/** But for where and when, and painted in all detail. */
function isAlike(was: Painted, now: Look): boolean {
  return (
    was.zoom === now.zoom &&
    was.w === now.w &&
    was.h === now.h &&
    was.density === now.density &&
    was.colors === now.colors &&
    was.editing === now.editing &&
    was.naming === now.naming &&
    was.detail === 'all'
  )
}

/** Null when none of it is in view. */
function inPixels(rect: Rect, { x, y, zoom, density }: Look, whole: Area): Area | null {
  const scale = zoom * density
  const from = (n: number, shift: number) => Math.max(0, Math.floor(n * scale + shift * density) - ROUNDED_PX)
  const to = (n: number, shift: number) => Math.ceil(n * scale + shift * density) + ROUNDED_PX
  const left = from(rect.minX, x)
  const top = from(rect.minY, y)
  const w = Math.min(whole.w, to(rect.maxX, x)) - left
  const h = Math.min(whole.h, to(rect.maxY, y)) - top
  return w > 0 && h > 0 ? { x: left, y: top, w, h } : null
}

/** What comes into view by a shift of whole pixels; null when everything has to be painted. */
function stripsAfter(was: Painted, now: Look, whole: Area): Area[] | null {
  if (!isAlike(was, now) || was.version !== now.version || was.count < MANY) return null
  const exactX = (now.x - was.x) * now.density
  const exactY = (now.y - was.y) * now.density
  const dx = Math.round(exactX)
  const dy = Math.round(exactY)
  // A shift by part of a pixel would blur, and the parts would add up.
  if (Math.abs(exactX - dx) > 1e-6 || Math.abs(exactY - dy) > 1e-6) return null
  if (Math.abs(dx) > whole.w / 2 || Math.abs(dy) > whole.h / 2) return null
  const strips: Area[] = []
  if (dx !== 0) strips.push({ x: dx > 0 ? 0 : whole.w + dx, y: 0, w: Math.abs(dx), h: whole.h })
  if (dy !== 0) strips.push({ x: 0, y: dy > 0 ? 0 : whole.h + dy, w: whole.w, h: Math.abs(dy) })
  return strips
}
