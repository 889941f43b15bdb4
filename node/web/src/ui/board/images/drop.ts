/** Files dropped on the board, at the pointer. */
import type { Editor } from '../../../core/editor-api'
import type { Point } from '../../../core/geometry/box'

export interface Dropped {
  readonly data: DataTransfer
  readonly at: Point
}

/** While something is dragged over the board that may be dropped, the host says so by `data-dropping`. */
export function attachDrop(host: HTMLElement, editor: Editor, take: (dropped: Dropped) => void): () => void {
  let depth = 0
  const over = new AbortController()
  const listen = (name: 'dragenter' | 'dragover' | 'dragleave' | 'drop', act: (event: DragEvent) => void) =>
    host.addEventListener(name, act, { signal: over.signal })
  const show = (on: boolean) => {
    if (on) host.dataset['dropping'] = ''
    else delete host.dataset['dropping']
  }
  const takes = (event: DragEvent) => !editor.state.get().readOnly && event.dataTransfer !== null
  listen('dragenter', (event) => {
    if (!takes(event)) return
    event.preventDefault()
    depth += 1
    show(true)
  })
  listen('dragover', (event) => {
    if (!takes(event) || event.dataTransfer === null) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'copy'
  })
  listen('dragleave', () => {
    depth = Math.max(0, depth - 1)
    if (depth === 0) show(false)
  })
  listen('drop', (event) => {
    depth = 0
    show(false)
    // Whatever it is: a browser that opens it would leave the board.
    event.preventDefault()
    if (!takes(event) || event.dataTransfer === null) return
    const { left, top } = host.getBoundingClientRect()
    const at = editor.toWorld({ x: event.clientX - left, y: event.clientY - top })
    take({ data: event.dataTransfer, at })
  })
  // Beside the board as well a browser would open the file, and leave the page for it.
  const guard = (event: DragEvent) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    if (event.type === 'dragover') event.dataTransfer.dropEffect = 'none'
  }
  window.addEventListener('dragover', guard, { signal: over.signal })
  window.addEventListener('drop', guard, { signal: over.signal })
  return () => over.abort()
}
