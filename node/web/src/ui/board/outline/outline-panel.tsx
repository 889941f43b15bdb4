/** Everything on the board as a list: where the picture cannot be seen, and for finding one's way where it can. */

import { useMemo, useState, useSyncExternalStore } from 'react'
import type { Editor } from '../../../core/editor-api'
import { outlineOf, type OutlineEntry } from '../../../core/outline'
import { strings } from '../../strings'
import { useStore } from '../../use-store'
import { ROW, SidePanel } from '../side-panel'
import { goTo } from '../ways/go-to'
import { elementWords } from './element-words'

/** A list of ten thousand would hold the page up; nobody reads it at once. */
const PAGE = 200
/** The list follows the board this long after a change, at the most as often. */
const AFTER_MS = 300
const DEPTH_SHOWN_MAX = 6

export interface OutlinePanelProps {
  readonly editor: Editor
  readonly onClose: () => void
}

export default function OutlinePanel({ editor, onClose }: OutlinePanelProps) {
  const [shown, setShown] = useState(PAGE)
  const outline = useOutline(editor)
  const selection = useStore(editor.state, (state) => state.selection)
  const words = strings.outline
  return (
    <SidePanel title={words.title} testId="outline-panel" onClose={onClose}>
      {outline.length === 0 ? (
        <p className="outline__empty">{words.empty}</p>
      ) : (
        <ol className="outline" aria-label={words.list}>
          {outline.slice(0, shown).map(({ element, depth }) => (
            <li key={element.id}>
              <button
                type="button"
                className={`outline__one outline__one--${String(Math.min(depth, DEPTH_SHOWN_MAX))}`}
                aria-current={selection.includes(element.id)}
                data-testid="outline-row"
                {...ROW}
                onClick={() => {
                  editor.select([element.id])
                  goTo(editor, element.id)
                }}
              >
                {elementWords(editor, element)}
              </button>
            </li>
          ))}
        </ol>
      )}
      {outline.length > shown && (
        <button
          type="button"
          className="button button--secondary"
          data-testid="outline-more"
          onClick={() => setShown(shown + PAGE)}
        >
          {words.more(Math.min(PAGE, outline.length - shown))}
        </button>
      )}
    </SidePanel>
  )
}

function useOutline(editor: Editor): readonly OutlineEntry[] {
  const source = useMemo(() => outlineSource(editor), [editor])
  return useSyncExternalStore(source.subscribe, source.get)
}

/** Follows the document and no gesture: a list that runs along with a drag helps nobody. */
function outlineSource(editor: Editor) {
  let outline: readonly OutlineEntry[] = outlineOf(editor.scene)
  return {
    get: () => outline,
    subscribe(listener: () => void) {
      let timer: ReturnType<typeof setTimeout> | undefined
      const stop = editor.document.subscribe(() => {
        timer ??= setTimeout(() => {
          timer = undefined
          outline = outlineOf(editor.scene)
          listener()
        }, AFTER_MS)
      })
      return () => {
        clearTimeout(timer)
        stop()
      }
    },
  }
}
