import { useMemo, useSyncExternalStore } from 'react'
import type { Editor, StyleSummary } from '../../core/editor-api'

/**
 * The style summary, made anew only when the selection, the tool, the next styles or an element of
 * the selection changed: a pan over a board with everything selected costs nothing.
 */
export function useStyleSummary(editor: Editor): StyleSummary {
  const source = useMemo(() => summarySource(editor), [editor])
  return useSyncExternalStore(source.subscribe, source.get)
}

interface SummarySource {
  subscribe(listener: () => void): () => void
  get(): StyleSummary
}

function summarySource(editor: Editor): SummarySource {
  let seen = editor.state.get()
  let summary = editor.styleSummary()

  const renew = () => {
    const next = editor.styleSummary()
    if (JSON.stringify(next) === JSON.stringify(summary)) return false
    summary = next
    return true
  }
  const moved = () => {
    const now = editor.state.get()
    const same =
      now.selection === seen.selection &&
      now.tool === seen.tool &&
      now.styles === seen.styles &&
      now.heads === seen.heads &&
      now.connector === seen.connector
    seen = now
    return !same && renew()
  }
  return {
    get() {
      moved()
      return summary
    },
    subscribe(listener) {
      const stopState = editor.state.subscribe(() => {
        if (moved()) listener()
      })
      const stopDocument = editor.document.subscribe(({ changed }) => {
        const { selection } = editor.state.get()
        if (selection.length === 0) return
        const grouped = selection.some((id) => editor.document.get(id)?.type === 'group')
        const touched = grouped || changed.length >= 200 || changed.some((id) => selection.includes(id))
        if (touched && renew()) listener()
      })
      return () => {
        stopState()
        stopDocument()
      }
    },
  }
}
