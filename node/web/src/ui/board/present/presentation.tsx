/**
 * The board presented frame by frame: one's own, which others may follow, or another's. It fills the screen where the
 * browser allows it, and nothing of the editor is to be seen until it ends.
 */

import { ChevronLeft, ChevronRight, WandSparkles, X } from 'lucide-react'
import type { PointerEvent } from 'react'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { ElementId, FrameElement } from '../../../core/elements/types'
import type { LivePresence } from '../../../core/ports'
import { IconButton } from '../../parts/icon-button'
import { strings } from '../../strings'
import { useStore } from '../../use-store'
import { useFrames } from '../frames/use-frames'
import { placeAfter, wishOf, type Wish } from './keys'
import { cameraFor, glide, screenRect } from './show'

export type PresentationOf =
  { readonly by: 'me'; readonly from: ElementId | null } | { readonly by: 'peer'; readonly clientId: number }

export interface PresentationProps {
  readonly editor: Editor
  readonly presence: LivePresence
  readonly of: PresentationOf
  /** `left`: by whoever looks on here; else there is nothing more to show. */
  readonly onEnd: (how: 'left' | 'over') => void
}

/** A finger that goes this far turns the page. */
const SWIPE_PX = 40
/** A press on this part of the view, from the left, goes back. */
const BACK_PART = 0.25

export default function Presentation({ editor, presence, of, onEnd }: PresentationProps) {
  const frames = useFrames(editor)
  const [chosen, setChosen] = useState<ElementId | null>(of.by === 'me' ? of.from : null)
  const shownByPeer = usePresented(presence, of)
  const at = Math.max(
    0,
    frames.findIndex((frame) => frame.id === (of.by === 'me' ? chosen : shownByPeer)),
  )
  const frame = frames[at]
  const laser = useStore(editor.state, (state) => state.tool === 'laser')
  const words = strings.present

  const wish = useCallback(
    (what: Wish) => {
      if (what === 'end') return onEnd('left')
      if (what === 'laser') return editor.setTool(editor.state.get().tool === 'laser' ? 'hand' : 'laser')
      if (of.by === 'me') setChosen(frames[placeAfter(what, at, frames.length)]?.id ?? null)
    },
    [editor, of.by, frames, at, onEnd],
  )
  useStage(editor)
  useFullscreen(onEnd)
  useKeys(wish)
  useView(editor, frame)
  const showing = of.by === 'me' ? (frame?.id ?? null) : null
  useEffect(() => {
    presence.setPresenting(showing)
  }, [presence, showing])
  // Not between two frames: whoever follows would take it for the end.
  useEffect(() => () => presence.setPresenting(null), [presence])
  const over = frames.length === 0 || (of.by === 'peer' && shownByPeer === null)
  useEffect(() => {
    if (over) onEnd('over')
  }, [over, onEnd])

  if (frame === undefined) return null
  return (
    <section className="present" aria-label={words.label} data-testid="presentation" data-at={at + 1}>
      <Mask editor={editor} frame={frame} />
      {!laser && <Sheet editor={editor} wish={wish} />}
      <p className="sr-only" aria-live="polite">
        {words.shown(at + 1, frames.length, frame.text)}
      </p>
      <div className="island present__bar" role="toolbar" aria-label={words.label}>
        {of.by === 'me' && (
          <IconButton
            icon={ChevronLeft}
            label={words.previous}
            shortcut="←"
            tipSide="top"
            disabled={at === 0}
            testId="present-previous"
            onClick={() => wish('previous')}
          />
        )}
        <span className="present__at" data-testid="present-at">
          {words.at(at + 1, frames.length)}
        </span>
        {of.by === 'me' && (
          <IconButton
            icon={ChevronRight}
            label={words.next}
            shortcut="→"
            tipSide="top"
            disabled={at === frames.length - 1}
            testId="present-next"
            onClick={() => wish('next')}
          />
        )}
        <IconButton
          icon={WandSparkles}
          label={words.laser}
          shortcut="K"
          tipSide="top"
          aria-pressed={laser}
          testId="present-laser"
          onClick={() => wish('laser')}
        />
        <IconButton
          icon={X}
          label={of.by === 'me' ? words.end : words.leave}
          shortcut="Esc"
          tipSide="top"
          testId="present-end"
          onClick={() => wish('end')}
        />
      </div>
    </section>
  )
}

/** The frame that the other one presents; null when that is over. */
function usePresented(presence: LivePresence, of: PresentationOf): ElementId | null {
  const [shown, setShown] = useState<ElementId | null>(() => presentedBy(presence, of))
  useEffect(() => {
    const follow = () => setShown(presentedBy(presence, of))
    follow()
    return presence.subscribe(follow)
  }, [presence, of])
  return shown
}

function presentedBy(presence: LivePresence, of: PresentationOf): ElementId | null {
  if (of.by === 'me') return null
  return presence.peers().find((peer) => peer.clientId === of.clientId)?.presenting ?? null
}

/** Bars and selection go for as long as it lasts, and the view is afterwards where it was. */
function useStage(editor: Editor): void {
  useEffect(() => {
    const { camera, tool } = editor.state.get()
    const root = document.documentElement
    root.dataset['presenting'] = ''
    editor.endTextEdit()
    editor.select([])
    editor.setTool('hand')
    return () => {
      delete root.dataset['presenting']
      editor.setTool(tool === 'laser' ? 'select' : tool)
      editor.setCamera(camera)
    }
  }, [editor])
}

function useFullscreen(onEnd: PresentationProps['onEnd']): void {
  useEffect(() => {
    let entered = false
    const root = document.documentElement
    const change = () => {
      if (document.fullscreenElement !== null) entered = true
      // Escape is the browser's then: it tells nobody but by this.
      else if (entered) onEnd('left')
    }
    document.addEventListener('fullscreenchange', change)
    // A browser may not want to, or there was no press of a key or button: it goes on in the page.
    if (document.fullscreenEnabled) void root.requestFullscreen().catch(() => undefined)
    return () => {
      document.removeEventListener('fullscreenchange', change)
      if (document.fullscreenElement !== null) void document.exitFullscreen().catch(() => undefined)
    }
  }, [onEnd])
}

function useKeys(wish: (what: Wish) => void): void {
  useEffect(() => {
    const onDown = (event: KeyboardEvent) => {
      const onButton = event.target instanceof Element && event.target.closest('.present button') !== null
      if (event.key === 'Tab' || (onButton && (event.key === 'Enter' || event.key === ' '))) return
      // No key is a shortcut of the editor meanwhile.
      event.stopImmediatePropagation()
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const what = wishOf(event.key)
      if (what === null) return
      event.preventDefault()
      wish(what)
    }
    window.addEventListener('keydown', onDown, true)
    return () => window.removeEventListener('keydown', onDown, true)
  }, [wish])
}

/** The frame fills the view, also after either has another size. */
function useView(editor: Editor, frame: FrameElement | undefined): void {
  useEffect(() => {
    if (frame === undefined) return
    let stop = glide(editor, cameraFor(frame, editor.state.get().viewport))
    let { viewport } = editor.state.get()
    const unsubscribe = editor.state.subscribe(() => {
      const now = editor.state.get().viewport
      if (now.w === viewport.w && now.h === viewport.h) return
      viewport = now
      stop()
      stop = () => undefined
      editor.setCamera(cameraFor(frame, now))
    })
    return () => {
      unsubscribe()
      stop()
    }
  }, [editor, frame])
}

/** All around the frame is dark. */
function Mask({ editor, frame }: { editor: Editor; frame: FrameElement }) {
  const hole = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const place = () => {
      const node = hole.current
      if (node === null) return
      const { minX, minY, maxX, maxY } = screenRect(editor, frame)
      node.style.transform = `translate(${minX}px, ${minY}px)`
      node.style.width = `${maxX - minX}px`
      node.style.height = `${maxY - minY}px`
    }
    place()
    return editor.state.subscribe(place)
  }, [editor, frame])
  return <div ref={hole} className="present__hole" />
}

/** What is pressed and wiped across while nobody points with the laser. */
function Sheet({ editor, wish }: { editor: Editor; wish: (what: Wish) => void }) {
  const from = useRef<{ readonly x: number; readonly y: number } | null>(null)
  const tell = (event: PointerEvent<HTMLElement>) => {
    editor.pointer({
      kind: 'move',
      pointerId: event.pointerId,
      device: event.pointerType === 'touch' ? 'touch' : event.pointerType === 'pen' ? 'pen' : 'mouse',
      button: 0,
      at: { x: event.clientX, y: event.clientY },
      pressure: 0,
      time_ms: event.timeStamp,
      shift: false,
      alt: false,
      mod: false,
    })
  }
  return (
    <div
      className="present__sheet"
      data-testid="present-sheet"
      onPointerMove={tell}
      onPointerDown={(event) => {
        if (event.button === 0) from.current = { x: event.clientX, y: event.clientY }
      }}
      onPointerCancel={() => {
        from.current = null
      }}
      onPointerUp={(event) => {
        const start = from.current
        from.current = null
        if (start === null) return
        const dx = event.clientX - start.x
        if (Math.abs(dx) >= SWIPE_PX) return wish(dx < 0 ? 'next' : 'previous')
        if (event.clientX < innerWidth * BACK_PART) return wish('previous')
        wish('next')
      }}
    />
  )
}
