/** Undo and redo, and how near the board is. */

import { Minus, Plus, Redo2, Undo2 } from 'lucide-react'
import { useCallback, useRef, useState } from 'react'
import type { Editor } from '../../core/editor-api'
import { IconButton } from '../parts/icon-button'
import type { MenuEntry } from '../parts/menu'
import { Menu } from '../parts/menu'
import { tipProps } from '../parts/tip'
import { shortcutText } from '../shortcut-text'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { editorStrings } from './editor-strings'

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
            label={strings.view.undo}
            shortcut={shortcutText('mod+Z')}
            tipSide="top"
            testId="undo"
            disabled={!canUndo}
            onClick={() => editor.undo()}
          />
          <IconButton
            icon={Redo2}
            label={strings.view.redo}
            shortcut={shortcutText('mod+shift+Z')}
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
        label={strings.view.zoomOut}
        shortcut={shortcutText('mod+−')}
        tipSide="top"
        testId="zoom-out"
        onClick={() => editor.zoomOut()}
      />
      <ZoomLevel editor={editor} />
      <IconButton
        icon={Plus}
        className="view__zoom-part"
        label={strings.view.zoomIn}
        shortcut={shortcutText('mod++')}
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
  const { view } = strings
  const { readOnly } = editor.state.get()
  return [
    {
      kind: 'item',
      label: view.zoomIn,
      shortcut: shortcutText('mod++'),
      run: () => editor.zoomIn(),
    },
    {
      kind: 'item',
      label: view.zoomOut,
      shortcut: shortcutText('mod+−'),
      run: () => editor.zoomOut(),
    },
    { kind: 'line' },
    {
      kind: 'item',
      label: view.fit,
      shortcut: shortcutText('shift+1'),
      testId: 'zoom-fit',
      run: () => editor.zoomToFit(),
    },
    {
      kind: 'item',
      label: view.selection,
      shortcut: shortcutText('shift+2'),
      disabled: editor.state.get().selection.length === 0,
      testId: 'zoom-selection',
      run: () => editor.zoomToSelection(),
    },
    {
      kind: 'item',
      label: view.actual,
      shortcut: shortcutText('mod+0'),
      testId: 'zoom-100',
      run: () => editor.zoomTo(1),
    },
    ...(readOnly ? [] : snapEntries(editor)),
  ]
}

function snapEntries(editor: Editor): readonly MenuEntry[] {
  const { elements, grid } = editor.state.get().snapping
  const words = editorStrings.snapping
  return [
    { kind: 'line' },
    {
      kind: 'item',
      label: words.elements,
      shortcut: shortcutText("mod+shift+'"),
      checked: elements,
      isSwitch: true,
      testId: 'snap-elements',
      run: () => editor.setSnapping({ elements: !elements }),
    },
    {
      kind: 'item',
      label: words.grid,
      shortcut: shortcutText("mod+'"),
      checked: grid,
      isSwitch: true,
      testId: 'snap-grid',
      run: () => editor.setSnapping({ grid: !grid }),
    },
  ]
}
