import { viewOf } from '../../../core/camera'
import type { Editor } from '../../../core/editor-api'
import type { ElementId } from '../../../core/elements/types'
import type { Rect } from '../../../core/geometry/box'
import { rectsTouch } from '../../../core/geometry/box'

/** More marks than this are no help to find anything. */
const MARKS_MAX = 100

export function boxesInView(
  editor: Editor,
  ids: readonly ElementId[],
  always: ElementId | null,
): readonly { readonly id: ElementId; readonly rect: Rect }[] {
  const { camera, viewport } = editor.state.get()
  const view = viewOf(camera, viewport)
  const found: { id: ElementId; rect: Rect }[] = []
  for (const id of ids) {
    const rect = editor.scene.get(id)
    if (rect === undefined) continue
    if (id === always || (found.length < MARKS_MAX && rectsTouch(rect, view))) found.push({ id, rect })
  }
  return found
}
