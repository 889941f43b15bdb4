/**
 * Where a board is looked at when it opens: where this tab left it, else at 100 %, unless that shows
 * nothing of what is on it. Someone who has begun to move about is left alone.
 */

import type { Camera, Editor } from '../../core/editor-api'
import type { BoardSession } from '../../sync/session'

const KEEP_AFTER_MS = 300

export function keepCamera(editor: Editor, session: BoardSession): () => void {
  const key = `easel.camera.${session.board}`
  const kept = read(key)
  if (kept !== null) restore(editor, kept)
  let settled = kept !== null
  let expected: Camera = editor.state.get().camera
  let timer: ReturnType<typeof setTimeout> | undefined

  const settle = () => {
    if (settled || session.status.get().phase === 'loading' || editor.scene.size() === 0) return
    settled = true
    if (!isInView(editor)) editor.zoomToFit()
    expected = editor.state.get().camera
  }
  const onState = () => {
    const { camera } = editor.state.get()
    if (camera === expected) return
    expected = camera
    settled = true
    clearTimeout(timer)
    timer = setTimeout(() => write(key, camera), KEEP_AFTER_MS)
  }
  settle()
  const stops = [
    session.status.subscribe(settle),
    editor.document.subscribe(({ local }) => {
      if (local) settled = true
      settle()
    }),
    editor.state.subscribe(onState),
  ]
  return () => {
    clearTimeout(timer)
    if (settled) write(key, editor.state.get().camera)
    for (const stop of stops) stop()
  }
}

/** Any of the board can be seen. A view that jumps when someone draws the first element would be worse. */
function isInView(editor: Editor): boolean {
  const { minX, minY, maxX, maxY } = editor.scene.bounds()
  const { w, h } = editor.state.get().viewport
  const from = editor.toScreen({ x: minX, y: minY })
  const to = editor.toScreen({ x: maxX, y: maxY })
  return from.x < w && to.x > 0 && from.y < h && to.y > 0
}

function restore(editor: Editor, kept: Camera): void {
  editor.lookAt(kept)
}

function read(key: string): Camera | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null')
    if (!Array.isArray(kept)) return null
    const [x, y, zoom] = kept.map(Number)
    if (x === undefined || y === undefined || zoom === undefined) return null
    return [x, y, zoom].every(Number.isFinite) && zoom > 0 ? { x, y, zoom } : null
  } catch {
    return null
  }
}

function write(key: string, { x, y, zoom }: Camera): void {
  try {
    sessionStorage.setItem(key, JSON.stringify([x, y, zoom]))
  } catch {
    // Storage is blocked or full: the board opens at its content next time.
  }
}
