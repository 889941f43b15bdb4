/** Undo and redo, and how near the board is. */

import { Minus, Plus, Redo2, Undo2 } from 'lucide-react'
import { useCallback, useRef, useState } from 'react'
import type { Editor } from '../../core/editor-api'
import { IconButton } from '../parts/icon-button'
import type { MenuEntry } from '../parts/menu'
import { Menu } from '../parts/menu'
import { tipProps } from '../parts/tip'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { actionEntry } from './action-entry'
import { shownShortcut } from './shown-keys'

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

function ZoomLevel({ editor }: { editor: Editor }) {
  const percent = useStore(editor.state, (state) => Math.round(state.camera.zoom * 100))
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="button button--ghost view__level"
        data-testid="zoom-level"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={`${strings.view.zoom} ${percent}%`}
        onClick={() => setOpen(!open)}
        {...tipProps(strings.view.zoom, { side: 'top' })}
      >
        {percent}%
      </button>
      {open && (
        <Menu
          anchor={anchor}
          placement="above-end"
          label={strings.view.zoom}
          entries={zoomEntries(editor)}
          onClose={close}
        />
      )}
    </>
  )
}

function zoomEntries(editor: Editor): readonly MenuEntry[] {
  return [
    actionEntry(editor, 'zoomIn'),
    actionEntry(editor, 'zoomOut'),
    { kind: 'line' },
    actionEntry(editor, 'zoomFit', { testId: 'zoom-fit' }),
    actionEntry(editor, 'zoomSelection', { testId: 'zoom-selection' }),
    actionEntry(editor, 'zoomReset', { testId: 'zoom-100' }),
    ...(editor.state.get().readOnly ? [] : snapEntries(editor)),
  ]
}

function snapEntries(editor: Editor): readonly MenuEntry[] {
  const { elements, grid } = editor.state.get().snapping
  return [
    { kind: 'line' },
    actionEntry(editor, 'toggleSnap', { checked: elements, testId: 'snap-elements' }),
    actionEntry(editor, 'toggleGrid', { checked: grid, testId: 'snap-grid' }),
  ]
}
