/**
 * Paints elements. Everything in view goes through here on every frame, so state of the canvas is set
 * only where it changes, upright elements need no transform of their own, and what is small on screen
 * is painted with less detail.
 */
import { mixOn } from '../core/colors'
import { frameOf, paintOf } from '../core/elements'
import type { Heads } from '../core/elements/heads'
import type { Paint, PaintText, PathOps } from '../core/elements/kind'
import { blurhashMean } from '../core/blurhash'
import type { Element, ElementId, Picture } from '../core/elements/types'
import type { Box } from '../core/geometry/box'
import type { Clip } from '../core/scene'
import { canvasFont } from '../core/text'
import { drawMark, drawPicture } from './image'
import { BOLD, ITALIC } from '../core/text/runs'
import { coarsePathOf, pathOf } from './paths'
import type { Colors } from './pens'
import type { Pictures } from './pictures'

export interface PaintView {
  /** screen = world * zoom + (x, y), in CSS pixels; the canvas has `density` pixels for each. */
  readonly x: number
  readonly y: number
  readonly zoom: number
  readonly density: number
  readonly colors: Colors
  readonly pictures: Pictures
  /** Its words are shown by the field they are being written in. */
  readonly editing: ElementId | null
  readonly detail: Detail
}

/** `some` is for a view that changes in every frame, and is followed by `all` when it has come to rest. */
export type Detail = 'all' | 'some'

/** Smaller than this on screen, an element is a flat box. */
const FLAT_BELOW_PX: Readonly<Record<Detail, number>> = { all: 12, some: 24 }
/** Boxes up to this size are strips and areas of whole pixels, and paths lose most of their joints. */
const COARSE_BELOW_PX = 64
/** Smaller letters than this cannot be read, and are not painted. */
const TEXT_FROM_PX: Readonly<Record<Detail, number>> = { all: 5, some: 9 }
/** Corners rounder than this on screen can be told from square ones. */
const ROUND_FROM_PX = 2
const CORNER_MOST = { rectangle: 6, note: 4, placeholder: 4 }
const NOTE_SHADOW = 3
/** Half of an area's colour would hardly be seen. */
const MARKER_STRENGTH = 1.6

type Ctx = CanvasRenderingContext2D

export class Painter {
  private readonly ctx: Ctx
  private view: PaintView
  private fillStyle = ''
  private strokeStyle = ''
  private lineWidth = -1
  private alpha = -1
  private fontSize = -1
  private fontStyle = 0
  private space: 'world' | 'turned' | 'pixels' = 'turned'
  private clip: Clip | null = null

  constructor(ctx: Ctx, view: PaintView) {
    this.ctx = ctx
    this.view = view
    ctx.lineCap = 'round'
    ctx.lineJoin = 'round'
    ctx.textBaseline = 'alphabetic'
    ctx.textAlign = 'left'
    ctx.direction = 'ltr'
    ctx.fontKerning = 'none'
    ctx.setLineDash([])
    this.toWorld()
  }

  /** What is painted from here on is seen within this frame alone, and those that it lies in; null ends that. */
  within(clip: Clip | null): void {
    if (clip === this.clip) return
    const { ctx } = this
    if (this.clip) ctx.restore()
    this.forget()
    this.clip = clip
    if (!clip) return
    ctx.save()
    for (let at: Clip | null = clip; at; at = at.frame.clip) {
      const { x, y, w, h, angle } = at.frame.element.box
      this.toWorld()
      if (angle !== 0) this.turn(at.frame.element.box)
      ctx.beginPath()
      ctx.rect(x, y, w, h)
      ctx.clip()
    }
  }

  /** The canvas is set as nobody here knows. */
  private forget(): void {
    this.fillStyle = ''
    this.strokeStyle = ''
    this.lineWidth = -1
    this.alpha = -1
    this.fontSize = -1
    this.fontStyle = -1
    this.space = 'turned'
  }

  paint(e: Element): void {
    const { zoom } = this.view
    const frame = frameOf(e)
    const size = Math.max(frame.w, frame.h) * zoom
    this.setAlpha(e.style.opacity)
    if (size < FLAT_BELOW_PX[this.view.detail]) return this.paintFlat(e, frame)
    if (
      e.type === 'sticky' &&
      frame.angle === 0 &&
      size < COARSE_BELOW_PX &&
      !this.isLegible(e.style.font_size)
    ) {
      return this.paintFlat(e, frame)
    }
    const paint = paintOf(e)
    if (frame.angle !== 0) this.turn(frame)
    else this.toWorld()
    this.paintForm(paint, frame, size)
    if (paint.text && this.view.editing !== e.id) this.paintText(paint, paint.text, frame)
  }

  // ---- detail

  private paintForm(paint: Paint, frame: Box, size: number): void {
    const { form } = paint
    switch (form.is) {
      case 'none':
        return
      case 'rectangle':
        return this.paintRectangle(paint, frame, size)
      case 'ellipse':
        return this.paintOutline(paint, (ctx) =>
          ctx.ellipse(
            frame.x + frame.w / 2,
            frame.y + frame.h / 2,
            frame.w / 2,
            frame.h / 2,
            0,
            0,
            2 * Math.PI,
          ),
        )
      case 'diamond':
        return this.paintOutline(paint, (ctx) => {
          ctx.moveTo(frame.x + frame.w / 2, frame.y)
          ctx.lineTo(frame.x + frame.w, frame.y + frame.h / 2)
          ctx.lineTo(frame.x + frame.w / 2, frame.y + frame.h)
          ctx.lineTo(frame.x, frame.y + frame.h / 2)
          ctx.closePath()
        })
      case 'outline':
        return this.paintShape(paint, form.ops, frame)
      case 'note':
        return this.paintNote(paint, frame, size)
      case 'path':
      case 'ink':
        return this.paintPath(paint, frame, size)
      case 'image':
        return this.paintImage(form.picture, frame)
      case 'sheet':
        return this.paintSheet(paint, frame)
      case 'placeholder':
        return this.paintPlaceholder(paint, frame)
    }
  }

  private paintRectangle(paint: Paint, b: Box, size: number): void {
    if (size < COARSE_BELOW_PX && b.angle === 0 && paint.dash === 'solid') return this.paintStrips(paint, b)
    const { ctx } = this
    const radius = cornerOf(CORNER_MOST.rectangle, b)
    if (radius * this.view.zoom >= ROUND_FROM_PX) {
      return this.paintOutline(paint, (to) => to.roundRect(b.x, b.y, b.w, b.h, radius))
    }
    const fill = this.view.colors.fill(paint.fill)
    if (fill !== null) {
      this.setFill(fill)
      ctx.fillRect(b.x, b.y, b.w, b.h)
    }
    const stroke = this.strokeOf(paint)
    if (stroke === null) return
    this.setStroke(stroke, paint.strokeWidth)
    this.dashed(paint, () => ctx.strokeRect(b.x, b.y, b.w, b.h))
  }

  /** Whole pixels cost a fraction of an outline that is smoothed at its edges. */
  private paintStrips(paint: Paint, b: Box): void {
    const { ctx } = this
    const { x, y, w, h } = this.pixelsOf(b)
    const line = Math.max(1, Math.round(paint.strokeWidth * this.view.zoom * this.view.density))
    const fill = this.view.colors.fill(paint.fill)
    const stroke = this.strokeOf(paint)
    this.toPixels()
    if (fill !== null) {
      this.setFill(fill)
      ctx.fillRect(x, y, w, h)
    }
    if (stroke !== null) {
      this.setFill(stroke)
      ctx.fillRect(x, y, w, line)
      ctx.fillRect(x, y + h - line, w, line)
      ctx.fillRect(x, y, line, h)
      ctx.fillRect(x + w - line, y, line, h)
    }
    this.toWorld()
  }

  private paintOutline(paint: Paint, trace: (ctx: Ctx) => void): void {
    const { ctx } = this
    const fill = this.view.colors.fill(paint.fill)
    const stroke = this.strokeOf(paint)
    if (fill === null && stroke === null) return
    ctx.beginPath()
    trace(ctx)
    if (fill !== null) {
      this.setFill(fill)
      ctx.fill()
    }
    if (stroke === null) return
    this.setStroke(stroke, paint.strokeWidth)
    this.dashed(paint, () => ctx.stroke())
  }

  private paintNote(paint: Paint, b: Box, size: number): void {
    const { ctx } = this
    const fill = this.view.colors.fill(paint.fill)
    if (fill === null) return
    const radius = cornerOf(CORNER_MOST.note, b)
    const isRound = radius * this.view.zoom >= ROUND_FROM_PX
    const sheet = (by: number) => {
      if (!isRound) return ctx.fillRect(b.x, b.y + by, b.w, b.h)
      ctx.beginPath()
      ctx.roundRect(b.x, b.y + by, b.w, b.h, radius)
      ctx.fill()
    }
    if (size >= COARSE_BELOW_PX) {
      const opacity = this.alpha
      this.setFill(this.view.colors.shadow)
      this.setAlpha(opacity * 0.05)
      sheet(NOTE_SHADOW * 1.7)
      this.setAlpha(opacity * 0.09)
      sheet(NOTE_SHADOW * 0.7)
      this.setAlpha(opacity)
    }
    this.setFill(fill)
    sheet(0)
  }

  private paintPath(paint: Paint, frame: Box, size: number): void {
    const { form } = paint
    const stroke = this.strokeOf(paint)
    if (stroke === null || (form.is !== 'path' && form.is !== 'ink')) return
    const { ctx } = this
    ctx.translate(frame.x, frame.y)
    if (paint.mixes) {
      ctx.globalCompositeOperation = mixOn(this.view.colors.theme)
      this.setAlpha(Math.min(1, this.alpha * MARKER_STRENGTH))
    }
    if (form.is === 'ink') {
      this.setFill(stroke)
      ctx.fill(pathOf(form.ops), 'nonzero')
    } else {
      this.setStroke(stroke, paint.strokeWidth)
      const path = size < COARSE_BELOW_PX ? coarsePathOf(form.ops) : pathOf(form.ops)
      this.dashed(paint, () => ctx.stroke(path))
      if (form.heads) this.paintHeads(form.heads, stroke)
    }
    if (paint.mixes) ctx.globalCompositeOperation = 'source-over'
    ctx.translate(-frame.x, -frame.y)
  }

  private paintHeads({ strokes, fills }: Heads, color: string): void {
    if (strokes.length > 0) this.ctx.stroke(pathOf(strokes))
    if (fills.length === 0) return
    this.setFill(color)
    this.ctx.fill(pathOf(fills))
    this.ctx.stroke(pathOf(fills))
  }

  private paintShape(paint: Paint, ops: PathOps, frame: Box): void {
    const fill = this.view.colors.fill(paint.fill)
    const stroke = this.strokeOf(paint)
    if (fill === null && stroke === null) return
    const { ctx } = this
    const path = pathOf(ops)
    ctx.translate(frame.x, frame.y)
    if (fill !== null) {
      this.setFill(fill)
      ctx.fill(path)
    }
    if (stroke !== null) {
      this.setStroke(stroke, paint.strokeWidth)
      this.dashed(paint, () => ctx.stroke(path))
    }
    ctx.translate(-frame.x, -frame.y)
  }

  private paintImage(picture: Picture | null, b: Box): void {
    const { ctx } = this
    const { zoom, density, colors, pictures } = this.view
    const [, , partW, partH] = picture?.crop ?? [0, 0, 1, 1]
    const side = Math.max(b.w / partW, b.h / partH) * zoom * density
    const found = picture && pictures.at(picture, side)
    if (picture && found?.source) drawPicture(ctx, picture, found, b)
    else {
      this.setFill(colors.fill('grey') ?? colors.paper)
      ctx.fillRect(b.x, b.y, b.w, b.h)
    }
    if (found?.state !== 'broken' && found?.source) return
    this.setStroke(colors.ink(null, 'grey'), 1.5 / zoom)
    drawMark(ctx, b, zoom, found?.state === 'broken')
  }

  private paintSheet(paint: Paint, b: Box): void {
    const { ctx } = this
    const { sheet, fill, stroke } = this.view.colors
    this.setFill(fill(paint.fill) ?? sheet)
    ctx.fillRect(b.x, b.y, b.w, b.h)
    // As thin on screen at any zoom: an edge, not a line that somebody drew.
    this.setStroke(stroke(paint.stroke) ?? sheet, paint.strokeWidth / this.view.zoom)
    ctx.strokeRect(b.x, b.y, b.w, b.h)
  }

  private paintPlaceholder(paint: Paint, b: Box): void {
    const { ctx } = this
    ctx.beginPath()
    ctx.roundRect(b.x, b.y, b.w, b.h, cornerOf(CORNER_MOST.placeholder, b))
    const stroke = this.strokeOf(paint)
    if (stroke === null) return
    this.setStroke(stroke, paint.strokeWidth)
    this.dashed(paint, () => ctx.stroke())
  }

  private paintText(paint: Paint, text: PaintText, frame: Box): void {
    if (!this.isLegible(text.fontSize)) return
    this.setFill(this.view.colors.ink(text.color, paint.fill))
    const { ctx } = this
    let isRtl = false
    for (const word of text.words) {
      if (word.rtl !== isRtl) {
        isRtl = word.rtl
        ctx.direction = isRtl ? 'rtl' : 'ltr'
        ctx.textAlign = isRtl ? 'right' : 'left'
      }
      this.setFont(text.fontSize, word.style & (BOLD | ITALIC))
      ctx.fillText(word.text, frame.x + word.x, frame.y + word.y)
    }
    if (isRtl) {
      ctx.direction = 'ltr'
      ctx.textAlign = 'left'
    }
    for (const { x, y, w, h } of text.rules) ctx.fillRect(frame.x + x, frame.y + y, w, h)
  }

  // ---- from far away

  private paintFlat(e: Element, frame: Box): void {
    if (e.type === 'group') return
    const { colors } = this.view
    const { x, y, w, h } = this.pixelsOf(frame)
    const filled = flatFill(e, colors)
    const line = colors.stroke(e.style.stroke) ?? colors.ink(e.style.text_color, 'none')
    this.toPixels()
    this.setFill(filled ?? colors.faint(line))
    this.ctx.fillRect(x, y, w, h)
  }

  private isLegible(fontSize: number): boolean {
    return fontSize * this.view.zoom >= TEXT_FROM_PX[this.view.detail]
  }

  /** In whole pixels of the canvas; never thinner than one, or a board of lines would vanish. */
  private pixelsOf(b: Box): { x: number; y: number; w: number; h: number } {
    const { zoom, density } = this.view
    const scale = zoom * density
    const x = Math.round(b.x * scale + this.view.x * density)
    const y = Math.round(b.y * scale + this.view.y * density)
    const right = Math.round((b.x + b.w) * scale + this.view.x * density)
    const bottom = Math.round((b.y + b.h) * scale + this.view.y * density)
    return { x, y, w: Math.max(1, right - x), h: Math.max(1, bottom - y) }
  }

  // ---- state of the canvas

  private strokeOf(paint: Paint): string | null {
    if (paint.strokeWidth <= 0) return null
    // A marker is as light as an area: a line's colour would be mud on what it crosses.
    return paint.mixes ? this.view.colors.fill(paint.stroke) : this.view.colors.stroke(paint.stroke)
  }

  /** Runs with the dashes of this paint, which are rare enough to be put back at once. */
  private dashed(paint: Paint, act: () => void): void {
    if (paint.dash === 'solid') return act()
    const w = paint.strokeWidth
    // A canvas leaves out dashes of no length, and with them their round ends.
    this.ctx.setLineDash(paint.dash === 'dashed' ? [4 * w, 3 * w] : [0.01, 2.5 * w])
    act()
    this.ctx.setLineDash([])
  }

  private toWorld(): void {
    if (this.space === 'world') return
    const { x, y, zoom, density } = this.view
    this.ctx.setTransform(zoom * density, 0, 0, zoom * density, x * density, y * density)
    this.space = 'world'
  }

  private toPixels(): void {
    if (this.space === 'pixels') return
    this.ctx.setTransform(1, 0, 0, 1, 0, 0)
    this.space = 'pixels'
  }

  private turn(b: Box): void {
    this.toWorld()
    const cx = b.x + b.w / 2
    const cy = b.y + b.h / 2
    this.ctx.translate(cx, cy)
    this.ctx.rotate(b.angle)
    this.ctx.translate(-cx, -cy)
    this.space = 'turned'
  }

  private setFill(color: string): void {
    if (color === this.fillStyle) return
    this.fillStyle = color
    this.ctx.fillStyle = color
  }

  private setFont(size: number, style: number): void {
    if (size === this.fontSize && style === this.fontStyle) return
    this.fontSize = size
    this.fontStyle = style
    this.ctx.font = canvasFont(size, style)
  }

  private setStroke(color: string, width: number): void {
    if (color !== this.strokeStyle) {
      this.strokeStyle = color
      this.ctx.strokeStyle = color
    }
    if (width !== this.lineWidth) {
      this.lineWidth = width
      this.ctx.lineWidth = width
    }
  }

  private setAlpha(alpha: number): void {
    if (alpha === this.alpha) return
    this.alpha = alpha
    this.ctx.globalAlpha = alpha
  }
}

function meanOf({ blurhash }: Picture, colors: Colors): string | null {
  return blurhash === null ? colors.fill('grey') : blurhashMean(blurhash)
}

function flatFill(e: Element, colors: Colors): string | null {
  switch (e.type) {
    case 'image':
      return meanOf(e.picture, colors)
    case 'frame':
      return colors.fill(e.style.fill) ?? colors.sheet
    default:
      return colors.fill(e.style.fill)
  }
}

function cornerOf(most: number, b: Box): number {
  return Math.min(most, Math.min(b.w, b.h) / 4)
}
