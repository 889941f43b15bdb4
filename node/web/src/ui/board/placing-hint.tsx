import type { Editor } from '../../core/editor-api'
import { strings } from '../strings'
import { useStore } from '../use-store'

/** How a line goes on and ends, while one is placed point by point; by touch there is no other key for that. */
export function PlacingHint({ editor }: { editor: Editor }) {
  const placing = useStore(editor.state, (state) => state.placing)
  if (!placing) return null
  const { placing: words } = strings.tools
  return (
    <div className="island placing" role="status" data-testid="placing">
      <span className="placing__keys">{words.keys}</span>
      <span className="placing__touch">{words.touch}</span>
      <button
        type="button"
        className="button button--ghost"
        data-testid="placing-done"
        onClick={() => editor.escape()}
      >
        {words.done}
      </button>
    </div>
  )
}
