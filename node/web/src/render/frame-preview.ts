/** A small picture of what a frame shows. */
import type { Editor } from '../core/editor-api'
import type { ElementId } from '../core/elements/types'
import { rectOfBox } from '../core/geometry/box'
import { Painter } from './painter'
import { colorsOf } from './pens'
import type { Theme } from '../core/schema.gen'
import type { Pictures } from './pictures'

/** Fits the frame into the canvas, whose size in CSS pixels is given. */
export function paintFramePreview(
  canvas: HTMLCanvasElement,
  editor: Editor,
  frame: ElementId,
  look: { readonly theme: Theme; readonly pictures: Pictures; readonly w: number; readonly h: number },
): void {
  const ctx = canvas.getContext('2d')
  const element = editor.scene.get(frame)?.element
  if (!ctx || element?.type !== 'frame') return
  const density = devicePixelRatio || 1
  canvas.width = Math.round(look.w * density)
  canvas.height = Math.round(look.h * density)
  const rect = rectOfBox(element.box)
  const w = Math.max(1, rect.maxX - rect.minX)
  const h = Math.max(1, rect.maxY - rect.minY)
  const zoom = Math.min(look.w / w, look.h / h)
  const x = (look.w - w * zoom) / 2 - rect.minX * zoom
  const y = (look.h - h * zoom) / 2 - rect.minY * zoom
  const colors = colorsOf(look.theme)
  const { pictures } = look
  const painter = new Painter(ctx, { x, y, zoom, density, colors, pictures, editing: null, detail: 'all' })
  ctx.save()
  ctx.beginPath()
  ctx.rect(rect.minX, rect.minY, w, h)
  ctx.clip()
  // What is seen there when it is presented, whether it hangs in the frame or only lies on it.
  editor.scene.visit(rect, ({ id, element: one, clip }) => {
    painter.within(id === frame ? null : clip)
    painter.paint(one)
  })
  painter.within(null)
  ctx.restore()
}
