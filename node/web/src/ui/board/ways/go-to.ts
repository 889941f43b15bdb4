/** Brings elements into the middle of the view, no nearer and no farther than they can be read. */

import { fit } from '../../../core/camera'
import type { Editor } from '../../../core/editor-api'
import type { ElementId } from '../../../core/elements/types'

const ZOOM_LEAST = 0.5
const ZOOM_MOST = 1.5

export function goTo(editor: Editor, id: ElementId): void {
  const entry = editor.scene.get(id)
  if (entry === undefined) return
  const { camera, viewport } = editor.state.get()
  editor.lookAt(fit(entry, viewport, Math.max(ZOOM_LEAST, Math.min(ZOOM_MOST, camera.zoom))))
}
