/** A floating panel beside the control that opened it: closes on Escape, on a press elsewhere and when focus leaves. */

import type { ReactNode, RefObject } from 'react'
import { useEffect, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'

export type Placement = 'below-start' | 'below-end' | 'below' | 'above' | 'above-start' | 'above-end'

const GAP_PX = 8
const MARGIN_PX = 8

export interface PopoverProps {
  readonly anchor: RefObject<HTMLElement | null>
  readonly placement: Placement
  readonly label: string
  readonly role?: 'dialog' | 'menu'
  readonly className?: string
  readonly testId?: string
  readonly onClose: () => void
  readonly children: ReactNode
}

export function Popover(props: PopoverProps) {
  const { anchor, placement, label, role = 'dialog', className, testId, onClose, children } = props
  const panel = useRef<HTMLDivElement>(null)

  useLayoutEffect(() => {
    if (panel.current === null || anchor.current === null) return
    place(panel.current, anchor.current, placement)
  })

  useEffect(() => {
    const opener = anchor.current
    const onPress = (event: PointerEvent) => {
      if (!(event.target instanceof Node)) return
      if (panel.current?.contains(event.target) === true || opener?.contains(event.target) === true) return
      onClose()
    }
    document.addEventListener('pointerdown', onPress, true)
    window.addEventListener('resize', onClose)
    window.addEventListener('blur', onClose)
    return () => {
      document.removeEventListener('pointerdown', onPress, true)
      window.removeEventListener('resize', onClose)
      window.removeEventListener('blur', onClose)
    }
  }, [anchor, onClose])

  // Focus goes in on opening and back to the opener when the panel goes, unless it was taken elsewhere.
  useEffect(() => {
    const opener = anchor.current
    const node = panel.current
    if (node !== null && !node.contains(document.activeElement))
      firstFocus(node).focus({ preventScroll: true })
    return () => {
      if (document.activeElement === document.body || node?.contains(document.activeElement) === true) {
        opener?.focus({ preventScroll: true })
      }
    }
  }, [anchor])

  return createPortal(
    <div
      ref={panel}
      role={role}
      aria-label={label}
      tabIndex={-1}
      data-testid={testId}
      className={`popover${className === undefined ? '' : ` ${className}`}`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          // A dialog beneath stays open.
          event.preventDefault()
          onClose()
        }
        // Keys in a panel are the panel's: none of them is a shortcut of the board beneath.
        event.stopPropagation()
      }}
      onBlur={(event) => {
        const to = event.relatedTarget
        if (to === null || event.currentTarget.contains(to) || anchor.current?.contains(to) === true) return
        onClose()
      }}
    >
      {children}
    </div>,
    // Above everything, and in the landmark that readers of the page look through.
    anchor.current?.closest('dialog') ?? document.querySelector('main') ?? document.body,
  )
}

function firstFocus(panel: HTMLElement): HTMLElement {
  return (
    panel.querySelector<HTMLElement>('[aria-checked="true"]:not(:disabled)') ??
    panel.querySelector<HTMLElement>('input, button:not(:disabled)') ??
    panel
  )
}

function place(panel: HTMLElement, anchor: HTMLElement, placement: Placement): void {
  const at = anchor.getBoundingClientRect()
  // Clear of the whole bar that the control stands in.
  const bar = anchor.closest('.island')?.getBoundingClientRect() ?? at
  const w = panel.offsetWidth
  const h = panel.offsetHeight
  const left = placement.endsWith('-start')
    ? at.left
    : placement.endsWith('-end')
      ? at.right - w
      : at.left + at.width / 2 - w / 2
  const below = bar.bottom + GAP_PX
  const above = bar.top - h - GAP_PX
  const fitsBelow = below + h + MARGIN_PX <= window.innerHeight
  const fitsAbove = above >= MARGIN_PX
  const wantsAbove = placement.startsWith('above')
  const top = wantsAbove ? (fitsAbove || !fitsBelow ? above : below) : fitsBelow || !fitsAbove ? below : above
  const leftMax = document.documentElement.clientWidth - w - MARGIN_PX
  panel.style.left = `${Math.round(Math.max(MARGIN_PX, Math.min(left, leftMax)))}px`
  panel.style.top = `${Math.round(Math.max(MARGIN_PX, Math.min(top, window.innerHeight - h - MARGIN_PX)))}px`
}
