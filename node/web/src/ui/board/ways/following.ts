/**
 * Looking where somebody else looks, for as long as one does not move about oneself, and bringing everybody to where
 * one is. Whoever follows tells no view of their own, so that two who follow each other stand still.
 */

import { fit, viewOf } from '../../../core/camera'
import type { Camera, Editor } from '../../../core/editor-api'
import type { Peer } from '../../../core/ports'
import type { Store } from '../../../core/store'
import { createStore } from '../../../core/store'
import type { SessionPresence } from '../../../sync/presence'

export interface Following {
  /** Whom this page follows: their client id. */
  readonly whom: Store<number | null>
  follow(clientId: number): void
  stop(): void
  destroy(): void
}

export interface FollowingOptions {
  readonly editor: Editor
  readonly presence: SessionPresence
  /** Nothing glides. */
  readonly still: () => boolean
  readonly onLeft: (name: string) => void
  /** Somebody calls. `goTo` goes to them, and answers with the way back; `busy`: something is under way here. */
  readonly onCall: (name: string, goTo: () => () => void, busy: boolean) => void
}

/** The way that is left shrinks to a third in this time. */
const GLIDE_MS = 90
const NEAR_PX = 0.5
/** Nobody is taken along by the same person more often. */
const CALL_EVERY_MS = 5_000

export function createFollowing({ editor, presence, still, onLeft, onCall }: FollowingOptions): Following {
  const whom = createStore<number | null>(null)
  const calls = new Map<number, { readonly call: number; readonly at_ms: number }>()
  let name = ''
  let expected: Camera | null = null
  let frame: number | null = null
  let last_ms = 0
  let seen = editor.state.get().viewport

  function follow(clientId: number): void {
    const peer = peerOf(clientId)
    if (peer === undefined) return
    name = peer.name
    expected = editor.state.get().camera
    whom.set(clientId)
    presence.setView(null)
    approach()
  }

  function stop(): void {
    if (whom.get() === null) return
    if (frame !== null) cancelAnimationFrame(frame)
    frame = null
    expected = null
    whom.set(null)
    tellView()
  }

  function peerOf(clientId: number): Peer | undefined {
    return presence.peers().find((peer) => peer.clientId === clientId)
  }

  function approach(): void {
    if (frame !== null) return
    last_ms = performance.now()
    frame = requestAnimationFrame(step)
  }

  function step(now_ms: number): void {
    frame = null
    const clientId = whom.get()
    const view = clientId === null ? null : peerOf(clientId)?.view
    if (!view) return
    const { camera, viewport } = editor.state.get()
    const rect = { minX: view.x, minY: view.y, maxX: view.x + view.w, maxY: view.y + view.h }
    const target = fit(rect, viewport, ZOOM_AS_THEIRS, 0)
    if (isNear(camera, target) && camera === expected) return
    const part = still() ? 1 : 1 - Math.exp(-Math.max(1, now_ms - last_ms) / GLIDE_MS)
    const next = part === 1 || isNear(camera, target) ? target : between(camera, target, part)
    last_ms = now_ms
    expected = next
    editor.lookAt(next)
    if (next !== target) frame = requestAnimationFrame(step)
  }

  function tellView(): void {
    const { camera, viewport } = editor.state.get()
    if (viewport.w <= 0) return
    const { minX, minY, maxX, maxY } = viewOf(camera, viewport)
    presence.setView({ x: minX, y: minY, w: maxX - minX, h: maxY - minY })
  }

  function onState(): void {
    if (whom.get() === null) return tellView()
    const { camera, viewport } = editor.state.get()
    // Moved by something else than this: by its own person.
    if (camera !== expected) return stop()
    if (viewport !== seen) approach()
    seen = viewport
  }

  function onPeers(): void {
    const clientId = whom.get()
    if (clientId !== null) {
      if (peerOf(clientId) === undefined) {
        stop()
        onLeft(name)
      } else approach()
    }
    hearCalls()
  }

  function hearCalls(): void {
    const peers = presence.peers()
    for (const peer of peers) {
      const known = calls.get(peer.clientId)
      const now_ms = performance.now()
      if (known === undefined) calls.set(peer.clientId, { call: peer.call, at_ms: -CALL_EVERY_MS })
      else if (peer.call !== known.call) {
        const soon = now_ms - known.at_ms < CALL_EVERY_MS
        calls.set(peer.clientId, { call: peer.call, at_ms: soon ? known.at_ms : now_ms })
        if (!soon) hear(peer)
      }
    }
    for (const clientId of calls.keys()) {
      if (!peers.some((peer) => peer.clientId === clientId)) calls.delete(clientId)
    }
  }

  function hear(peer: Peer): void {
    const { editing, gesture } = editor.state.get()
    const goTo = () => {
      const before = editor.state.get().camera
      follow(peer.clientId)
      return () => {
        stop()
        editor.lookAt(before)
      }
    }
    onCall(peer.name, goTo, editing !== null || gesture)
  }

  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || whom.get() === null || document.querySelector('dialog[open]') !== null)
      return
    stop()
    event.preventDefault()
    event.stopPropagation()
  }
  window.addEventListener('keydown', onKey, true)
  const stops = [editor.state.subscribe(onState), presence.subscribe(onPeers)]
  hearCalls()
  tellView()

  return {
    whom,
    follow,
    stop,
    destroy() {
      stop()
      window.removeEventListener('keydown', onKey, true)
      for (const end of stops) end()
    },
  }
}

/** A wider window shows more around what they see, and not the same larger. */
const ZOOM_AS_THEIRS = 8

function between(from: Camera, to: Camera, part: number): Camera {
  const mix = (a: number, b: number) => a + (b - a) * part
  return { x: mix(from.x, to.x), y: mix(from.y, to.y), zoom: mix(from.zoom, to.zoom) }
}

function isNear(a: Camera, b: Camera): boolean {
  const zoom = Math.abs(a.zoom / b.zoom - 1)
  return Math.abs(a.x - b.x) < NEAR_PX && Math.abs(a.y - b.y) < NEAR_PX && zoom < 0.001
}
