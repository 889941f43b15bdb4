/** How a frame fills the view, and how the view gets there. */

import type { Camera, Editor } from '../../../core/editor-api'
import type { FrameElement } from '../../../core/elements/types'
import { rectOfBox, type Rect } from '../../../core/geometry/box'

const GLIDE_MS = 320

/** All of the frame, as large as there is room. */
export function cameraFor(frame: FrameElement, viewport: { readonly w: number; readonly h: number }): Camera {
  const { minX, minY, maxX, maxY } = rectOfBox(frame.box)
  const zoom = Math.min(viewport.w / Math.max(1, maxX - minX), viewport.h / Math.max(1, maxY - minY))
  return {
    x: (viewport.w - (minX + maxX) * zoom) / 2,
    y: (viewport.h - (minY + maxY) * zoom) / 2,
    zoom,
  }
}

/** Where the frame stands on screen. */
export function screenRect(editor: Editor, frame: FrameElement): Rect {
  const { minX, minY, maxX, maxY } = rectOfBox(frame.box)
  const from = editor.toScreen({ x: minX, y: minY })
  const to = editor.toScreen({ x: maxX, y: maxY })
  return { minX: from.x, minY: from.y, maxX: to.x, maxY: to.y }
}

/** Moves the view there, at once for who wants less motion. Returns how to stop it on the way. */
export function glide(editor: Editor, to: Camera): () => void {
  const from = editor.state.get().camera
  const still =
    matchMedia('(prefers-reduced-motion: reduce)').matches ||
    document.documentElement.dataset['motion'] === 'less'
  if (still || (from.x === to.x && from.y === to.y && from.zoom === to.zoom)) {
    editor.setCamera(to)
    return () => undefined
  }
  const { w, h } = editor.state.get().viewport
  // The middle of the view goes straight, and the zoom by equal factors.
  const middle = (c: Camera) => ({ x: (w / 2 - c.x) / c.zoom, y: (h / 2 - c.y) / c.zoom })
  const [a, b] = [middle(from), middle(to)]
  const begun_ms = performance.now()
  let frame = requestAnimationFrame(step)
  function step(now_ms: number): void {
    const part = Math.min(1, Math.max(0, (now_ms - begun_ms) / GLIDE_MS))
    const eased = part * part * (3 - 2 * part)
    const zoom = from.zoom * (to.zoom / from.zoom) ** eased
    const x = a.x + (b.x - a.x) * eased
    const y = a.y + (b.y - a.y) * eased
    editor.setCamera(part === 1 ? to : { x: w / 2 - x * zoom, y: h / 2 - y * zoom, zoom })
    if (part < 1) frame = requestAnimationFrame(step)
  }
  return () => cancelAnimationFrame(frame)
}
