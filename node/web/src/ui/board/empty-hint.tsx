import { useCallback, useSyncExternalStore } from 'react'
import type { Editor } from '../../core/editor-api'
import { strings } from '../strings'
import { choose, useHints } from '../settings'
import { useStore } from '../use-store'

/** How to begin, for as long as there is nothing on the board and no tool in hand. */
export function EmptyHint({ editor }: { editor: Editor }) {
  const subscribe = useCallback((listener: () => void) => editor.document.subscribe(listener), [editor])
  const empty = useSyncExternalStore(subscribe, () => editor.document.size() === 0)
  const idle = useStore(editor.state, (state) => state.tool === 'select' && !state.readOnly)
  const busy = useStore(editor.preview, (live) => live !== null)
  const wanted = useHints()
  if (!empty || !idle || busy || !wanted) return null
  const { hint } = strings.board
  return (
    <div className="hint" data-testid="empty-hint">
      <p className="hint__title">{hasKeys() ? hint.title : hint.touchTitle}</p>
      <p className="hint__keys">
        {hint.keys.map(([key, label]) => (
          <span key={key} className="hint__key">
            <kbd className="key">{key}</kbd> {label}
          </span>
        ))}
      </p>
      <button
        type="button"
        className="button button--ghost hint__end"
        data-testid="end-hints"
        onClick={() => choose({ hints: 'seen' })}
      >
        {hint.end}
      </button>
    </div>
  )
}

/** What is only touched has none in sight. */
function hasKeys(): boolean {
  return !matchMedia('(hover: none)').matches
}
