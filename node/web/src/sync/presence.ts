/**
 * Presence over Yjs awareness: what this person is doing, told at most 20 times a second and in few
 * bytes, and what the others say, read as strictly as anything that comes from outside.
 */

import * as awarenessProtocol from 'y-protocols/awareness'
import type { Doc } from 'yjs'
import { address } from '../base'
import { isInk } from '../core/elements'
import type { Element } from '../core/elements/types'
import type { Point } from '../core/geometry/box'
import { decodeLive, encodeLive } from '../core/live'
import { personColor } from '../core/person-color'
import type { Json, LivePresence, LivePreview, Peer, PeerView } from '../core/ports'
import { thinStroke } from './thin-stroke'

export interface User {
  readonly name: string
  readonly color: string
}

export interface SessionPresence extends LivePresence {
  setUser(user: User): void
  /** What part of the board is in view here; null while it is somebody else's view that is followed. */
  setView(view: PeerView | null): void
  /** Asks everybody to come to what is in view here. */
  call(): void
  /** Moves to the awareness of another document; what is shown of this person goes along. */
  attach(awareness: awarenessProtocol.Awareness): void
  /** What waits for its turn goes out now. */
  flush(): void
  destroy(): void
}

interface Mine {
  readonly user: User
  readonly cursor: Point | null
  readonly selection: readonly string[]
  readonly live: LivePreview | null
  readonly view: PeerView | null
  readonly call: number
  readonly presenting: string | null
}

const SEND_EVERY_MS = 50
/** A selection this long is not shown in full to the others. */
const SELECTION_MAX = 60
/** Of the JSON of a live preview. With name, cursor and selection it all stays below 4 KiB. */
const LIVE_CHARS_MAX = 2_400
const BOXES_MAX = 100
const NAME_CHARS_MAX = 40
const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/
const COLOR_PATTERN = /^(#[0-9a-fA-F]{6}|[a-z]{1,20})$/
const PASS_PATTERN = /^[A-Za-z0-9_-]{1,128}$/
const COORDINATE_MAX = 1e7
const NO_NAME = 'Someone'
const NO_COLOR = '#64748b'

export function createAwareness(doc: Doc): awarenessProtocol.Awareness {
  return new awarenessProtocol.Awareness(doc)
}

export function createPresence(first: awarenessProtocol.Awareness, user: User): SessionPresence {
  let awareness = first
  let state: Mine = { user, cursor: null, selection: [], live: null, view: null, call: 0, presenting: null }
  let timer: ReturnType<typeof setTimeout> | null = null
  let waiting = false
  let peers: readonly Peer[] | null = null
  // Awareness keeps a state object until another replaces it, so identity tells what is already read.
  const read = new Map<number, { readonly from: unknown; readonly peer: Peer }>()
  const listeners = new Set<() => void>()

  function patch(next: Partial<Mine>): void {
    state = { ...state, ...next }
    waiting = true
    if (timer === null) publish()
  }

  function publish(): void {
    waiting = false
    awareness.setLocalState(wireOf(state))
    timer = setTimeout(() => {
      timer = null
      if (waiting) publish()
    }, SEND_EVERY_MS)
  }

  type Change = { readonly added: number[]; readonly updated: number[]; readonly removed: number[] }

  function onChange({ added, updated, removed }: Change): void {
    const others = (id: number) => id !== awareness.clientID
    if (added.some(others) || updated.some(others) || removed.some(others)) refresh()
  }

  function refresh(): void {
    peers = null
    for (const listener of listeners) listener()
  }

  function attach(next: awarenessProtocol.Awareness): void {
    awareness.off('change', onChange)
    awareness = next
    read.clear()
    awareness.on('change', onChange)
    awareness.setLocalState(wireOf(state))
    refresh()
  }

  awareness.on('change', onChange)
  publish()

  return {
    setUser: (next) => patch({ user: next }),
    setCursor(at) {
      const cursor = at === null ? null : { x: tenth(at.x), y: tenth(at.y) }
      if (cursor?.x === state.cursor?.x && cursor?.y === state.cursor?.y) return
      patch({ cursor })
    },
    setSelection(ids) {
      const selection = ids.slice(0, SELECTION_MAX)
      if (sameList(selection, state.selection)) return
      patch({ selection })
    },
    setView(view) {
      const rounded = view && rectOf(view, Math.round)
      if (String(rounded && Object.values(rounded)) === String(state.view && Object.values(state.view)))
        return
      patch({ view: rounded })
    },
    call: () => patch({ call: state.call + 1 }),
    setLive(live) {
      if (live === null && state.live === null) return
      patch({ live })
    },
    setPresenting(presenting) {
      if (presenting !== state.presenting) patch({ presenting })
    },
    peers() {
      peers ??= readPeers(awareness, read)
      return peers
    },
    subscribe(listener) {
      const own = () => listener()
      listeners.add(own)
      return () => listeners.delete(own)
    },
    attach,
    flush() {
      if (waiting) awareness.setLocalState(wireOf(state))
      waiting = false
    },
    destroy() {
      if (timer !== null) clearTimeout(timer)
      awareness.off('change', onChange)
      listeners.clear()
    },
  }
}

function wireOf(mine: Mine): { [key: string]: unknown } {
  const { call, view, ...rest } = mine
  // What is not there costs nothing.
  const more = { ...(view !== null && { view }), ...(call > 0 && { call }) }
  return { ...rest, ...more, live: mine.live === null ? null : compactLive(mine.live) }
}

/** As much of a preview as fits: long strokes thinner, then fewer boxes, then no drafts. */
export function compactLive(live: LivePreview): Json {
  for (const keep of [1, 2, 4, 8, 16, 32]) {
    const boxes = live.boxes?.slice(0, Math.ceil(Math.min(live.boxes.length, BOXES_MAX) / keep))
    const drafts = live.drafts?.map((draft) => thin(draft, keep))
    const json = rounded(encodeLive({ ...live, ...(boxes && { boxes }), ...(drafts && { drafts }) }))
    if (JSON.stringify(json).length <= LIVE_CHARS_MAX) return json
  }
  return null
}

function thin(draft: Element, keep: number): Element {
  return isInk(draft) && keep > 1 ? { ...draft, data: thinStroke(draft.data, keep) } : draft
}

/** Thousandths are below what a screen shows, and full doubles take three times the bytes. */
function rounded(json: Json): Json {
  if (typeof json === 'number') return Math.round(json * 1000) / 1000
  if (Array.isArray(json)) return json.map(rounded)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, rounded(value)]))
}

function readPeers(
  awareness: awarenessProtocol.Awareness,
  read: Map<number, { readonly from: unknown; readonly peer: Peer }>,
): readonly Peer[] {
  const all: Peer[] = []
  for (const [clientId, from] of awareness.getStates()) {
    if (clientId === awareness.clientID) continue
    const known = read.get(clientId)
    const peer = known !== undefined && known.from === from ? known.peer : readPeer(clientId, from)
    read.set(clientId, { from, peer })
    all.push(peer)
  }
  for (const clientId of read.keys()) if (!awareness.getStates().has(clientId)) read.delete(clientId)
  return all.toSorted((a, b) => a.clientId - b.clientId)
}

export function readPeer(clientId: number, from: unknown): Peer {
  const state = isRecord(from) ? from : {}
  const user = isRecord(state['user']) ? state['user'] : {}
  const name = typeof user['name'] === 'string' ? user['name'].trim().slice(0, NAME_CHARS_MAX) : ''
  const chosen = user['color']
  const selection = state['selection']
  return {
    clientId,
    name: name === '' ? NO_NAME : name,
    color: personColor({
      id: typeof user['id'] === 'string' ? user['id'] : null,
      color: typeof chosen === 'string' && COLOR_PATTERN.test(chosen) ? chosen : NO_COLOR,
    }),
    picture: readPicture(user),
    cursor: readPoint(state['cursor']),
    selection: Array.isArray(selection) ? selection.slice(0, SELECTION_MAX).filter(isId) : [],
    live: decodeLive(state['live']),
    view: readView(state['view']),
    call: isCount(state['call']) ? state['call'] : 0,
    presenting: isId(state['presenting']) ? state['presenting'] : null,
  }
}

/** The server says what it is asked for with; the rest of the address is the same for everybody. */
function readPicture({ id, picture }: Readonly<Record<string, unknown>>): string | null {
  if (!isId(id) || typeof picture !== 'string' || !PASS_PATTERN.test(picture)) return null
  return address(`/api/v1/users/${id}/avatar?pass=${picture}`)
}

function readPoint(value: unknown): Point | null {
  if (!isRecord(value)) return null
  const { x, y } = value
  return isCoordinate(x) && isCoordinate(y) ? { x, y } : null
}

function readView(value: unknown): PeerView | null {
  if (!isRecord(value)) return null
  const { x, y, w, h } = value
  const known = isCoordinate(x) && isCoordinate(y) && isCoordinate(w) && isCoordinate(h)
  return known && w > 0 && h > 0 ? { x, y, w, h } : null
}

function rectOf({ x, y, w, h }: PeerView, each: (value: number) => number): PeerView {
  return { x: each(x), y: each(y), w: Math.max(1, each(w)), h: Math.max(1, each(h)) }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isCoordinate(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= COORDINATE_MAX
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID_PATTERN.test(value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at])
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}
