/** Elements painted into a picture of their own. */
import { drawnBounds, type Pictured } from '../core/exchange/scope'
import { frameOf } from '../core/elements'
import type { Theme } from '../core/schema.gen'
import { Painter } from './painter'
import { colorsOf } from './pens'
import type { Pictures } from './pictures'

/** Larger ones are painted at a smaller scale. */
const PIXELS_MAX = 24_000_000
const SIDE_MAX = 12_000

export interface PngOptions {
  readonly theme: Theme
  /** World units around what is drawn. */
  readonly padding: number
  /** Pixels to a world unit, if that is not too many. */
  readonly scale: number
}

/** Null when there is nothing to draw. */
export async function pngOf(
  drawn: readonly Pictured[],
  pictures: Pictures,
  { theme, padding, scale: wanted }: PngOptions,
): Promise<Blob | null> {
  const { minX, minY, maxX, maxY } = drawnBounds(drawn)
  if (maxX < minX) return null
  const [w, h] = [maxX - minX + 2 * padding, maxY - minY + 2 * padding]
  const scale = Math.min(wanted, Math.sqrt(PIXELS_MAX / (w * h)), SIDE_MAX / Math.max(w, h))
  await pictures.ready(
    drawn.flatMap(({ element: e }) => {
      if (e.type !== 'image') return []
      const [, , partW, partH] = e.picture.crop
      const { w: boxW, h: boxH } = frameOf(e)
      return [{ picture: e.picture, side: Math.max(boxW / partW, boxH / partH) * scale }]
    }),
  )
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.ceil(w * scale))
  canvas.height = Math.max(1, Math.ceil(h * scale))
  const ctx = canvas.getContext('2d')
  if (!ctx) return null
  const colors = colorsOf(theme)
  ctx.fillStyle = colors.canvas
  ctx.fillRect(0, 0, canvas.width, canvas.height)
  const view = { x: (padding - minX) * scale, y: (padding - minY) * scale, zoom: scale, density: 1 }
  const painter = new Painter(ctx, { ...view, colors, pictures, editing: null, detail: 'all' })
  for (const { element, clip } of drawn) {
    painter.within(clip)
    painter.paint(element)
  }
  painter.within(null)
  return new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/png')
  })
}
