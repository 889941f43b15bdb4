/**
 * A panel beside the board: the focus goes in when it opens, arrows walk its rows, Escape closes it, and the focus goes
 * back to where it came from.
 */

import { X } from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useId, useRef } from 'react'
import { IconButton } from '../parts/icon-button'
import { strings } from '../strings'

export interface SidePanelProps {
  readonly title: string
  readonly testId: string
  readonly onClose: () => void
  /** Beside the button that closes it. */
  readonly verbs?: ReactNode
  /** Where there is nothing in it to walk to, it is scrolled by the keyboard itself. */
  readonly scrolls?: boolean
  readonly children: ReactNode
}

/** What is walked to: one in each row. */
export const ROW = { 'data-row': '' } as const

export function SidePanel({ title, testId, onClose, verbs, scrolls, children }: SidePanelProps) {
  const titleId = useId()
  const panel = useRef<HTMLElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    const node = panel.current
    const opener = document.activeElement
    heading.current?.focus({ preventScroll: true })
    return () => {
      const at = document.activeElement
      if (at === document.body || node?.contains(at) === true) focusOn(opener)
    }
  }, [])
  return (
    <aside
      ref={panel}
      className="side-panel"
      aria-labelledby={titleId}
      data-testid={testId}
      onKeyDown={(event) => {
        if (OWN_KEYS.has(event.key)) event.stopPropagation()
        if (event.key === 'Escape') onClose()
        else walk(event)
      }}
    >
      <div className="side-panel__head">
        <h2 id={titleId} className="side-panel__title" ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <span className="side-panel__verbs">
          {verbs}
          <IconButton icon={X} label={strings.close} onClick={onClose} />
        </span>
      </div>
      <div className="side-panel__body" {...(scrolls === true && { tabIndex: 0 })}>
        {children}
      </div>
    </aside>
  )
}

/** These are the panel's while the focus is in it, and would do something to the board beneath; tools can be taken up. */
const OWN_KEYS = new Set([
  'Escape',
  'Enter',
  ' ',
  'Tab',
  'Delete',
  'Backspace',
  'ArrowUp',
  'ArrowDown',
  'ArrowLeft',
  'ArrowRight',
  'Home',
  'End',
  'PageUp',
  'PageDown',
])

function walk(event: KeyboardEvent<HTMLElement>): void {
  const { key, target, currentTarget } = event
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return
  if (!(target instanceof Element) || target.closest('input, textarea') !== null) return
  const rows = [...currentTarget.querySelectorAll<HTMLElement>('[data-row]')]
  const at = rows.findIndex((row) => row === target || row.parentElement?.contains(target) === true)
  const to = {
    ArrowDown: at + 1,
    ArrowUp: at === -1 ? rows.length - 1 : at - 1,
    Home: 0,
    End: rows.length - 1,
  }[key]
  const row = to === undefined ? undefined : rows[to]
  if (row === undefined) return
  event.preventDefault()
  row.focus()
}

function focusOn(opener: Element | null): void {
  const back =
    opener instanceof HTMLElement && opener !== document.body && opener.isConnected
      ? opener
      : document.querySelector<HTMLElement>('[data-board]')
  back?.focus({ preventScroll: true })
}
