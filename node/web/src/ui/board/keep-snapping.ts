/** What gestures snap to, as a person left it in this browser. Nothing of a guest is kept. */

import { isVisit } from '../../api/visit'
import type { Editor, SnapSettings } from '../../core/editor-api'

const KEY = 'easel.snapping'

export function keepSnapping(editor: Editor, owner: string): () => void {
  if (isVisit(owner)) return () => undefined
  const key = owner === '' ? KEY : `${KEY}.${owner}`
  const kept = read(key)
  if (kept !== null) editor.setSnapping(kept)
  let last = editor.state.get().snapping
  return editor.state.subscribe(() => {
    const { snapping } = editor.state.get()
    if (snapping === last) return
    last = snapping
    write(key, snapping)
  })
}

function read(key: string): SnapSettings | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    if (typeof kept !== 'object' || kept === null || !('elements' in kept) || !('grid' in kept)) return null
    return { elements: kept.elements === true, grid: kept.grid === true }
  } catch {
    return null
  }
}

function write(key: string, settings: SnapSettings): void {
  try {
    localStorage.setItem(key, JSON.stringify(settings))
  } catch {
    // Storage is blocked or full: the choice lasts as long as the page.
  }
}
