/** Finding words on the board: how many elements have them, and the way from one to the next. */

import { ChevronDown, ChevronUp, X } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { ElementId } from '../../../core/elements/types'
import { IconButton } from '../../parts/icon-button'
import { strings } from '../../strings'
import { useOwned } from '../../use-owned'
import { FindMarks } from './find-marks'
import { goTo } from './go-to'
import { createTextIndex } from './text-index'

export interface FindPanelProps {
  readonly editor: Editor
  /** Rises when it is asked for again. */
  readonly asked: number
  readonly onClose: () => void
}

const NONE: readonly ElementId[] = []

export default function FindPanel({ editor, asked, onClose }: FindPanelProps) {
  const words = strings.ways.find
  const field = useRef<HTMLInputElement>(null)
  const [query, setQuery] = useState('')
  const hits = useHits(editor, query)
  const [current, setCurrent] = useState<ElementId | null>(null)
  const at = current === null ? -1 : hits.indexOf(current)

  useEffect(() => {
    if (asked === 0) return
    field.current?.focus({ preventScroll: true })
    field.current?.select()
  }, [asked])

  const show = (id: ElementId | undefined) => {
    if (id === undefined) return
    setCurrent(id)
    goTo(editor, id)
  }
  const step = (by: 1 | -1) => {
    if (hits.length === 0) return
    show(hits[at === -1 ? (by === 1 ? 0 : hits.length - 1) : (at + by + hits.length) % hits.length])
  }
  const close = () => {
    // Where one has come to is where one goes on.
    if (at !== -1 && current !== null) editor.select([current])
    onClose()
    document.querySelector<HTMLElement>('[data-board]')?.focus({ preventScroll: true })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation()
    const onField = event.target === field.current
    if (event.key === 'Escape') close()
    else if (event.key.toLowerCase() === 'f' && (event.ctrlKey || event.metaKey)) field.current?.select()
    else if (onField && (event.key === 'ArrowDown' || (event.key === 'Enter' && !event.shiftKey))) step(1)
    else if (onField && (event.key === 'ArrowUp' || event.key === 'Enter')) step(-1)
    else return
    event.preventDefault()
  }

  return (
    <>
      <FindMarks editor={editor} hits={hits} current={at === -1 ? null : current} />
      <search
        className="island find"
        data-testid="find"
        aria-label={strings.actions.find}
        onKeyDown={onKeyDown}
      >
        <input
          ref={field}
          className="find__field"
          data-testid="find-field"
          aria-label={strings.actions.find}
          placeholder={words.placeholder}
          autoComplete="off"
          spellCheck={false}
          value={query}
          onChange={(event) => {
            setQuery(event.currentTarget.value)
            setCurrent(null)
          }}
        />
        <span className="find__count" role="status" data-testid="find-count">
          {query.trim() === '' ? '' : words.count(at + 1, hits.length)}
        </span>
        <IconButton
          icon={ChevronUp}
          label={words.previous}
          testId="find-previous"
          disabled={hits.length === 0}
          onClick={() => step(-1)}
        />
        <IconButton
          icon={ChevronDown}
          label={words.next}
          testId="find-next"
          disabled={hits.length === 0}
          onClick={() => step(1)}
        />
        <IconButton icon={X} label={strings.close} testId="find-close" onClick={close} />
      </search>
    </>
  )
}

function useHits(editor: Editor, query: string): readonly ElementId[] {
  const index = useOwned(
    () => createTextIndex(editor.document),
    (made) => made.destroy(),
  )
  const last = useRef({ query: '', hits: NONE, stale: false })
  const [subscribe] = useState(
    () => (listener: () => void) =>
      index.subscribe(() => {
        last.current.stale = true
        listener()
      }),
  )
  return useSyncExternalStore(subscribe, () => {
    const { query: before, hits, stale } = last.current
    if (before === query && !stale) return hits
    const found = index.find(query)
    const same = found.length === hits.length && found.every((id, at) => id === hits[at])
    last.current = { query, hits: same ? hits : found, stale: false }
    return last.current.hits
  })
}
