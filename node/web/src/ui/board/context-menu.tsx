/** The menu under the secondary button, or under a finger held down: what can be done to the selection, or to the board. */

import type { MouseEvent, PointerEvent, ReactNode, TouchEvent } from 'react'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ActionId } from '../../core/actions/table'
import type { Editor } from '../../core/editor-api'
import type { MenuEntry } from '../parts/menu'
import { Menu } from '../parts/menu'
import { strings } from '../strings'
import { actionEntry } from './action-entry'
import { flipEntries, tidyEntry } from './align-menu'
import { imageEntries } from './images/image-verbs'
import { frameEntries, groupEntries } from './frames/menu'
import { lockEntry, styleEntries } from './selection-menu'

/** A finger that rests this long asks for the menu, unless it has moved farther than it trembles. */
const HELD_MS = 500
const TREMBLE_PX = 10
const PALM_PX = 80

export function ContextMenu({ editor, children }: { editor: Editor; children: ReactNode }) {
  const spot = useRef<HTMLSpanElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  const hold = useRef<Hold | null>(null)
  const opened = useRef(false)
  const pen = useRef(false)
  const release = useCallback(() => {
    if (hold.current !== null) clearTimeout(hold.current.timer)
    hold.current = null
  }, [])
  useEffect(() => release, [release])

  const openAt = (x: number, y: number) => {
    if (spot.current === null) return
    spot.current.style.left = `${x}px`
    spot.current.style.top = `${y}px`
    setOpen(true)
  }
  const onContextMenu = (event: MouseEvent<HTMLElement>) => {
    event.preventDefault()
    // A browser's own long press; it is timed here, since not every browser has one.
    if (isTouch(event.nativeEvent)) return
    // The press of the button, if there was one, has selected what lies there.
    openAt(event.clientX, event.clientY)
  }
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    const second = hold.current !== null
    release()
    opened.current = false
    // With any other tool a finger that rests is about to draw.
    if (event.pointerType === 'pen') pen.current = true
    const { tool, fingers } = editor.state.get()
    const draws = tool !== 'select' && fingers === 'draw'
    // Beside a pen it is the hand that holds it, and so is what covers more than a finger does.
    const palm = pen.current || Math.max(event.width, event.height) > PALM_PX
    if (second || event.pointerType !== 'touch' || draws || palm) return
    const { clientX: x, clientY: y } = event
    const { left, top } = event.currentTarget.getBoundingClientRect()
    const timer = setTimeout(() => {
      editor.selectForMenu({ x: x - left, y: y - top })
      opened.current = true
      openAt(x, y)
    }, HELD_MS)
    hold.current = { timer, x, y }
  }
  const onPointerEnd = (event: PointerEvent<HTMLElement>) => {
    if (event.pointerType === 'pen') pen.current = false
    release()
  }
  const onTouchEnd = (event: TouchEvent<HTMLElement>) => {
    // The click that browsers make of a lifted finger would take the focus away from the menu, and close it.
    if (opened.current) event.preventDefault()
    opened.current = false
  }
  const onPointerMove = ({ clientX, clientY }: PointerEvent<HTMLElement>) => {
    if (hold.current === null) return
    if (Math.hypot(clientX - hold.current.x, clientY - hold.current.y) > TREMBLE_PX) release()
  }
  return (
    <div
      className="board__context"
      onContextMenu={onContextMenu}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerEnd}
      onPointerCancel={onPointerEnd}
      onTouchEnd={onTouchEnd}
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

interface Hold {
  readonly timer: ReturnType<typeof setTimeout>
  readonly x: number
  readonly y: number
}

function isTouch(event: Event): boolean {
  return 'pointerType' in event && event.pointerType === 'touch'
}

const LINE: MenuEntry = { kind: 'line' }

function entries(editor: Editor): readonly MenuEntry[] {
  const { selection, readOnly } = editor.state.get()
  const entry = (action: ActionId) => actionEntry(editor, action)
  if (selection.length === 0) {
    return [
      entry('paste'),
      entry('selectAll'),
      entry('copyPng'),
      entry('copySvg'),
      LINE,
      entry('find'),
      entry('zoomFit'),
      entry('zoomReset'),
      entry('minimap'),
      LINE,
      entry('copyLink'),
    ]
  }
  if (readOnly) return [entry('copy'), entry('copyPng'), entry('copySvg'), entry('copyLink')]
  if (editor.styleSummary().locked === 'all') return plain([entry('copy'), LINE, lockEntry(editor)])
  return plain([
    entry('cut'),
    entry('copy'),
    entry('paste'),
    entry('duplicate'),
    entry('copyPng'),
    entry('copySvg'),
    LINE,
    ...imageEntries(editor),
    ...styleEntries(editor),
    LINE,
    entry('toFront'),
    entry('forward'),
    entry('backward'),
    entry('toBack'),
    LINE,
    ...groupEntries(editor),
    ...(selection.length > 1 ? [tidyEntry(editor)] : []),
    ...flipEntries(editor),
    LINE,
    lockEntry(editor),
    ...frameEntries(editor),
    LINE,
    actionEntry(editor, 'delete', { danger: true }),
  ])
}

/** Without pictures, which only some of the entries have. */
function plain(entries: readonly MenuEntry[]): readonly MenuEntry[] {
  return entries.map((entry) => {
    if (entry.kind === 'line') return entry
    const { icon: _, ...rest } = entry
    return rest
  })
}
