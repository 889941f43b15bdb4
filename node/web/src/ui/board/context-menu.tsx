/** The menu under the secondary button, or under a finger held down: what can be done to the selection, or to the board. */

import type { MouseEvent, PointerEvent, ReactNode, TouchEvent } from 'react'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Editor } from '../../core/editor-api'
import { lazyPart } from '../lazy-page'
import { strings } from '../strings'

const BoardMenu = lazyPart(() => import('./board-menu').then((part) => part.default), strings.menu.label)

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
      {open && <BoardMenu editor={editor} spot={spot} onClose={close} />}
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
