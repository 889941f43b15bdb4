/**
 * Tooltips. A control says what it wants shown in data attributes; one layer listens for the whole
 * page and moves one node. Names for assistive technology are `aria-label`s, never the tooltip.
 */

import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { isByKeys } from '../focus'

export type TipSide = 'top' | 'bottom'

export function tipProps(
  text: string,
  options: { shortcut?: string | undefined; side?: TipSide | undefined } = {},
) {
  return { 'data-tip': text, 'data-tip-key': options.shortcut, 'data-tip-side': options.side ?? 'bottom' }
}

const OPEN_AFTER_MS = 450
/** Moving to a neighbour soon after a tooltip was shown opens the next one at once. */
const WARM_FOR_MS = 400
const GAP_PX = 8
const MARGIN_PX = 8

interface Shown {
  readonly anchor: HTMLElement
  readonly text: string
  readonly key: string | undefined
  readonly side: TipSide
}

export function TipLayer() {
  const [shown, setShown] = useState<Shown | null>(null)
  const node = useRef<HTMLDivElement>(null)

  useEffect(() => watch(setShown), [])

  useLayoutEffect(() => {
    if (shown === null || node.current === null) return
    place(node.current, shown)
  }, [shown])

  if (shown === null) return null
  return (
    <div ref={node} className="tip" aria-hidden="true">
      {shown.text}
      {shown.key !== undefined && <span className="tip__key">{shown.key}</span>}
    </div>
  )
}

/** Follows pointer and focus over the page; the answer stops it. */
function watch(show: (shown: Shown | null) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let current: HTMLElement | null = null
  let closedAt = -Infinity

  const close = () => {
    clearTimeout(timer)
    if (current === null) return
    current = null
    closedAt = performance.now()
    show(null)
  }
  const open = (anchor: HTMLElement) => {
    const shown = read(anchor)
    if (shown === null) return
    current = anchor
    show(shown)
  }
  const over = (event: PointerEvent) => {
    if (event.pointerType === 'touch') return
    const anchor = anchorOf(event.target)
    if (anchor === current && anchor !== null) return
    close()
    if (anchor === null) return
    const warm = performance.now() - closedAt < WARM_FOR_MS
    timer = setTimeout(() => open(anchor), warm ? 0 : OPEN_AFTER_MS)
  }
  const focus = (event: FocusEvent) => {
    const anchor = anchorOf(event.target)
    if (anchor !== null && isByKeys()) open(anchor)
  }
  const keydown = (event: KeyboardEvent) => {
    if (event.key !== 'Tab') close()
  }

  document.addEventListener('pointerover', over)
  document.addEventListener('pointerdown', close, true)
  document.addEventListener('focusin', focus)
  document.addEventListener('focusout', close)
  document.addEventListener('keydown', keydown, true)
  document.addEventListener('scroll', close, true)
  return () => {
    clearTimeout(timer)
    document.removeEventListener('pointerover', over)
    document.removeEventListener('pointerdown', close, true)
    document.removeEventListener('focusin', focus)
    document.removeEventListener('focusout', close)
    document.removeEventListener('keydown', keydown, true)
    document.removeEventListener('scroll', close, true)
  }
}

function anchorOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-tip]') : null
}

function read(anchor: HTMLElement): Shown | null {
  const { tip, tipKey, tipSide } = anchor.dataset
  // The anchor may be gone by now, or its menu open, which would be covered.
  if (tip === undefined || !anchor.isConnected || anchor.getAttribute('aria-expanded') === 'true') return null
  return { anchor, text: tip, key: tipKey, side: tipSide === 'top' ? 'top' : 'bottom' }
}

function place(node: HTMLElement, { anchor, side }: Shown): void {
  const at = anchor.getBoundingClientRect()
  const { offsetWidth: w, offsetHeight: h } = node
  const left = Math.min(
    Math.max(MARGIN_PX, at.left + at.width / 2 - w / 2),
    document.documentElement.clientWidth - w - MARGIN_PX,
  )
  const above = at.top - h - GAP_PX
  const below = at.bottom + GAP_PX
  const fitsBelow = below + h + MARGIN_PX <= window.innerHeight
  const top = side === 'top' ? (above >= MARGIN_PX ? above : below) : fitsBelow ? below : above
  node.style.left = `${Math.round(left)}px`
  node.style.top = `${Math.round(top)}px`
}
