/** Keeps the properties bar beside the selection, moving the node itself: React does not render for a pan. */

import type { RefObject } from 'react'
import { useLayoutEffect } from 'react'
import { sproutsOf } from '../../core/connectors/sprouts'
import type { Editor } from '../../core/editor-api'
import type { Box } from '../../core/geometry/box'

/** Clear of the resize handles, and above the handle that turns. */
const GAP_ABOVE_PX = 44
const GAP_BELOW_PX = 16
/** Above and below, what the points that connectors are drawn out of take besides. */
const SPROUTS_PX = 18
const MARGIN_PX = 12
/** Room that the bars at the head and the foot of the page take. */
const HEAD_PX = 68
const FOOT_PX = 76

export function usePlacement(editor: Editor, barRef: RefObject<HTMLElement | null>, active: boolean): void {
  useLayoutEffect(() => {
    const node = barRef.current
    if (node === null) return
    if (!active) {
      node.style.transform = ''
      return
    }
    let frame = 0
    const place = () => {
      frame = 0
      const box = editor.selectionBox()
      if (box === null) return
      const at = spotFor(around(editor, screenBounds(editor, box)), node.offsetWidth, node.offsetHeight)
      node.style.transform = `translate(${Math.round(at.x)}px, ${Math.round(at.y)}px)`
    }
    const soon = () => {
      if (frame === 0) frame = requestAnimationFrame(place)
    }
    place()
    const stops = [editor.state.subscribe(soon), editor.document.subscribe(soon)]
    const observer = new ResizeObserver(soon)
    observer.observe(node)
    return () => {
      cancelAnimationFrame(frame)
      observer.disconnect()
      for (const stop of stops) stop()
    }
  }, [editor, barRef, active])
}

/** With what stands beside the selection. */
function around(editor: Editor, bounds: Bounds): Bounds {
  const { selection, camera } = editor.state.get()
  const elements = selection.length === 1 ? selection.flatMap((id) => editor.element(id) ?? []) : []
  if (sproutsOf(elements, camera).length === 0) return bounds
  return { ...bounds, top: bounds.top - SPROUTS_PX, bottom: bounds.bottom + SPROUTS_PX }
}

interface Bounds {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

function screenBounds(editor: Editor, box: Box): Bounds {
  const { zoom } = editor.state.get().camera
  const centre = editor.toScreen({ x: box.x + box.w / 2, y: box.y + box.h / 2 })
  const cos = Math.abs(Math.cos(box.angle))
  const sin = Math.abs(Math.sin(box.angle))
  const halfW = ((box.w * cos + box.h * sin) / 2) * zoom
  const halfH = ((box.w * sin + box.h * cos) / 2) * zoom
  return {
    left: centre.x - halfW,
    right: centre.x + halfW,
    top: centre.y - halfH,
    bottom: centre.y + halfH,
  }
}

/** Above the selection, else below it, else inside the top of the view: always whole, never over the bars. */
function spotFor(bounds: Bounds, w: number, h: number): { x: number; y: number } {
  const middle = (Math.max(bounds.left, 0) + Math.min(bounds.right, window.innerWidth)) / 2
  const x = Math.max(MARGIN_PX, Math.min(middle - w / 2, window.innerWidth - w - MARGIN_PX))
  const yMax = window.innerHeight - FOOT_PX - h - MARGIN_PX
  const above = bounds.top - GAP_ABOVE_PX - h
  const below = bounds.bottom + GAP_BELOW_PX
  if (above >= HEAD_PX) return { x, y: Math.min(above, yMax) }
  if (below <= yMax) return { x, y: Math.max(below, HEAD_PX) }
  return { x, y: HEAD_PX }
}
