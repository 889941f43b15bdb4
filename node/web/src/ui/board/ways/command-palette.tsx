/** Everything that can be done, and where things are, by a few letters. */

import { Search } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import type { Editor } from '../../../core/editor-api'
import { Glyph } from '../../parts/glyph'
import { strings } from '../../strings'
import { useOwned } from '../../use-owned'
import type { PaletteEntry } from './palette-entries'
import { paletteEntries } from './palette-entries'
import { keepRecent } from './recent'
import { createTextIndex } from './text-index'

export interface CommandPaletteProps {
  readonly editor: Editor
  readonly owner: string
  readonly onClose: () => void
}

export default function CommandPalette({ editor, owner, onClose }: CommandPaletteProps) {
  const words = strings.ways.palette
  const dialog = useRef<HTMLDialogElement>(null)
  const listId = useId()
  const index = useOwned(
    () => createTextIndex(editor.document),
    (made) => made.destroy(),
  )
  const [query, setQuery] = useState('')
  const entries = useMemo(() => paletteEntries(editor, owner, index, query), [editor, owner, index, query])
  const [at, setAt] = useState(0)
  const chosen = entries[Math.min(at, entries.length - 1)]
  const optionId = (entry: PaletteEntry) => `${listId}-${entry.id}`
  const chosenId = chosen && optionId(chosen)

  // Before it is taken off the page: a dialog that is closed afterwards gives no focus back.
  useLayoutEffect(() => {
    const node = dialog.current
    node?.showModal()
    return () => node?.close()
  }, [])
  useEffect(() => {
    if (chosenId !== undefined) document.getElementById(chosenId)?.scrollIntoView({ block: 'nearest' })
  }, [chosenId])

  const run = (entry: PaletteEntry) => {
    if (entry.action !== null) keepRecent(owner, entry.action)
    // The focus is back where it was before anything is done: some of it asks for the focus, or opens another dialog.
    flushSync(onClose)
    entry.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation()
    const last = entries.length - 1
    const to = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1 }[event.key]
    if (to !== undefined) setAt(to)
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      if (chosen !== undefined) run(chosen)
    } else if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) onClose()
    else return
    event.preventDefault()
  }

  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label={strings.actions.palette}
      data-testid="palette"
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        // The backdrop belongs to the dialog element itself; everything inside is a child.
        if (event.target === dialog.current) onClose()
      }}
    >
      <div className="palette__field">
        <Glyph icon={Search} size={18} />
        <input
          className="palette__input"
          data-testid="palette-input"
          role="combobox"
          aria-label={strings.actions.palette}
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={chosenId}
          placeholder={words.placeholder}
          autoComplete="off"
          spellCheck={false}
          value={query}
          onChange={(event) => {
            setQuery(event.currentTarget.value)
            setAt(0)
          }}
        />
      </div>
      <div id={listId} role="listbox" aria-label={strings.actions.palette} className="palette__list">
        {entries.map((entry, place) => (
          <div
            key={entry.id}
            id={optionId(entry)}
            role="option"
            aria-selected={entry === chosen}
            className="palette__option"
            data-testid="palette-option"
            onPointerMove={() => setAt(place)}
            onClick={() => run(entry)}
          >
            <span className="palette__label">{entry.label}</span>
            <span className="palette__group">{entry.group}</span>
            <span className="palette__keys">
              {entry.keys.map((key) => (
                <kbd key={key} className="key">
                  {key}
                </kbd>
              ))}
            </span>
          </div>
        ))}
      </div>
      <p className="palette__none" role="status">
        {entries.length === 0 ? words.nothing : ''}
      </p>
    </dialog>
  )
}
