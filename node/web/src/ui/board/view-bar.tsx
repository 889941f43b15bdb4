/** Undo and redo, and how near the board is. */

import { Minus, Plus, Redo2, Undo2 } from 'lucide-react'
import type { Editor } from '../../core/editor-api'
import { IconButton } from '../parts/icon-button'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { shownShortcut } from './shown-keys'
import { ZoomLevel } from './zoom-level'

export function ViewBar({ editor }: { editor: Editor }) {
  const canUndo = useStore(editor.state, (state) => state.canUndo)
  const canRedo = useStore(editor.state, (state) => state.canRedo)
  const readOnly = useStore(editor.state, (state) => state.readOnly)
  return (
    <div
      className="island view"
      role="toolbar"
      aria-label={strings.view.label}
      onMouseDown={(event) => event.preventDefault()}
    >
      {!readOnly && (
        <>
          <IconButton
            icon={Undo2}
            label={strings.actions.undo}
            shortcut={shownShortcut('undo')}
            tipSide="top"
            testId="undo"
            disabled={!canUndo}
            onClick={() => editor.undo()}
          />
          <IconButton
            icon={Redo2}
            label={strings.actions.redo}
            shortcut={shownShortcut('redo')}
            tipSide="top"
            testId="redo"
            disabled={!canRedo}
            onClick={() => editor.redo()}
          />
          <span className="divider view__zoom-part" />
        </>
      )}
      <IconButton
        icon={Minus}
        className="view__zoom-part"
        label={strings.actions.zoomOut}
        shortcut={shownShortcut('zoomOut')}
        tipSide="top"
        testId="zoom-out"
        onClick={() => editor.zoomOut()}
      />
      <ZoomLevel editor={editor} />
      <IconButton
        icon={Plus}
        className="view__zoom-part"
        label={strings.actions.zoomIn}
        shortcut={shownShortcut('zoomIn')}
        tipSide="top"
        testId="zoom-in"
        onClick={() => editor.zoomIn()}
      />
    </div>
  )
}
