/** The menu under the secondary button: what can be done to the selection, or to the board. */

import type { ReactNode } from 'react'
import { useCallback, useRef, useState } from 'react'
import type { Editor } from '../../core/editor-api'
import type { MenuEntry } from '../parts/menu'
import { Menu } from '../parts/menu'
import { shortcutText } from '../shortcut-text'
import { strings } from '../strings'
import { flipEntries, tidyEntry } from './align-menu'
import { canPaste, pasteKept } from './clipboard'

export function ContextMenu({ editor, children }: { editor: Editor; children: ReactNode }) {
  const spot = useRef<HTMLSpanElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return (
    <div
      className="board__context"
      onContextMenu={(event) => {
        event.preventDefault()
        if (spot.current === null) return
        spot.current.style.left = `${event.clientX}px`
        spot.current.style.top = `${event.clientY}px`
        setOpen(true)
      }}
    >
      {children}
      <span ref={spot} className="board__context-spot" tabIndex={-1} />
      {open && (
        <Menu
          anchor={spot}
          placement="below-start"
          label={strings.menu.label}
          entries={entries(editor)}
          onClose={close}
        />
      )}
    </div>
  )
}

const LINE: MenuEntry = { kind: 'line' }

function entries(editor: Editor): readonly MenuEntry[] {
  const { selection, readOnly } = editor.state.get()
  const none = selection.length === 0
  const several = selection.length > 1
  const { menu, properties: words, view } = strings
  if (none) {
    return [
      item(menu.paste, 'mod+V', readOnly || !canPaste(), () => pasteKept(editor)),
      item(menu.selectAll, 'mod+A', editor.document.size() === 0, () => editor.selectAll()),
      { kind: 'line' },
      item(view.fit, 'shift+1', editor.document.size() === 0, () => editor.zoomToFit()),
      item(view.actual, 'mod+0', false, () => editor.zoomTo(1)),
    ]
  }
  return [
    item(menu.cut, 'mod+X', readOnly, () => void document.execCommand('cut')),
    item(menu.copy, 'mod+C', false, () => void document.execCommand('copy')),
    item(menu.paste, 'mod+V', readOnly || !canPaste(), () => pasteKept(editor)),
    item(words.duplicate, 'mod+D', readOnly, () => editor.duplicate()),
    { kind: 'line' },
    item(words.front, 'shift+]', readOnly, () => editor.bringToFront()),
    item(words.forward, ']', readOnly, () => editor.bringForward()),
    item(words.backward, '[', readOnly, () => editor.sendBackward()),
    item(words.back, 'shift+[', readOnly, () => editor.sendToBack()),
    { kind: 'line' },
    ...(readOnly ? [] : [...(several ? [tidyEntry(editor)] : []), ...flipEntries(editor), LINE]),
    { ...item(words.remove, 'Del', readOnly, () => editor.deleteSelection()), danger: true },
  ]
}

function item(label: string, keys: string, disabled: boolean, run: () => void) {
  return { kind: 'item', label, shortcut: shortcutText(keys), disabled, run } as const
}
