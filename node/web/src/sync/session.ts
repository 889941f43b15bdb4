/**
 * A board that is open: its document, kept in step with the server, with this browser's offline
 * store and with other tabs; who else is here; and the truth about what is saved.
 *
 * The document is replaced when the server refuses what was made in it (`generation` then rises):
 * the old one is set aside for its owner and an empty one, with a new client id, is loaded anew.
 */

import * as Y from 'yjs'
import type { Loading } from '../api/body'
import { leaveBody, loadBody } from '../api/body'
import { findBoard } from '../api/client'
import type { Role } from '../api/role'
import type { Store } from '../core/store'
import { createStore } from '../core/store'
import { currentNode, goToNode, learnNodes, leaveNode, otherNodes, placed } from '../nodes'
import type { Credential } from './carrier'
import type { Phase, Refusal, SyncState } from './machine'
import { initialState, phaseOf, unsavedOf } from './machine'
import type { SetAside } from './offline'
import { openOffline } from './offline'
import { isBrowserOnline, watchPage, whenIdle } from './page'
import type { SessionPresence, User } from './presence'
import { createAwareness, createPresence } from './presence'
import type { Found, Provider, ProviderOptions } from './provider'
import { FROM_CACHE, FROM_SERVER, FROM_TABS, openProvider } from './provider'
import type { Tabs } from './tabs'
import { openTabs } from './tabs'
import { downloadUpdate } from './unsent'
import type { Updates } from './updates'
import { watchUpdates } from './updates'

export type { SetAside } from './offline'
export type { Role } from '../api/role'
export type { Credential } from './carrier'
export type { User } from './presence'
export type SyncPhase = Phase

export interface SyncStatus {
  /** `saved` only when the server has confirmed every change as durable. */
  readonly phase: SyncPhase
  /** Changes made here that no server has confirmed. */
  readonly unsaved: number
  /** When this phase began, in ms since 1970. */
  readonly since: number
  /** The server's own words, when it gave any. */
  readonly detail?: string
  /** False when this browser keeps nothing offline: unsaved changes then live as long as the page. */
  readonly kept: boolean
  /** No WebSocket comes through: everything takes the slower way over plain HTTP. */
  readonly slow: boolean
}

export interface BoardSession {
  readonly board: string
  /** Of the present generation. */
  readonly ydoc: Y.Doc
  /** Rises when `ydoc` is another document: whoever holds the old one lets go and begins anew. */
  readonly generation: Store<number>
  /** Stays the same object over generations. */
  readonly presence: SessionPresence
  readonly status: Store<SyncStatus>
  readonly role: Store<Role>
  /** Bytes of the board's stored content that have come so far, while it is being loaded. */
  readonly arrived: Store<number>
  /** Documents the server did not accept, newest last. */
  readonly setAside: Store<readonly SetAside[]>
  setUser(user: User): void
  /** Offers the newest document set aside as a file. */
  downloadSetAside(): void
  /** The owner has no more use for what was set aside. */
  dismissSetAside(): void
  /** Tries at once instead of waiting for the next attempt. */
  retryNow(): void
  destroy(): void
}

export interface SessionOptions {
  readonly board: string
  /** `/sync/brd_…`, or a full `ws:` address. */
  readonly url: string
  /** The board's address in REST; `url` tells it where that is an address of this server. */
  readonly streamUrl?: string
  readonly user: User
  /** Whom the document in this browser belongs to; empty where there are no accounts. */
  readonly owner?: string
  /** Speaks for the owner. */
  readonly credential?: Credential
  /** Used instead of the platform's own: a connection that is open already, or what tests bring. */
  readonly platform?: {
    readonly WebSocket?: ProviderOptions['WebSocket']
    readonly indexedDB?: IDBFactory
    readonly tab?: string
    readonly look?: () => Promise<Found>
    readonly body?: (board: string) => Loading
  }
}

/** A slow disk must not keep the board from opening; what it holds is merged when it comes. */
const CACHE_WAIT_MS = 1_000
/** From so many rows on, they are put into one: soon after opening, or while drawing. */
const ROWS_AT_OPEN_MAX = 30
const ROWS_MAX = 300
const TIDY_AFTER_MS = 4_000

/** One document and its connection. */
interface Generation {
  readonly doc: Y.Doc
  readonly updates: Updates
  readonly provider: Provider
  readonly tabs: Tabs | undefined
}

export function openSession(options: SessionOptions): BoardSession {
  const { board, owner = '', platform = {} } = options
  let kept = true
  let begun = false
  let destroyed = false
  /** When something was last made here. */
  let editedAtMs = 0
  const offline = openOffline({
    board,
    owner,
    tab: platform.tab ?? crypto.randomUUID(),
    now: Date.now,
    onFailure: () => {
      kept = false
      // Where the browser has no such store at all, this comes before there is anything to show.
      if (begun) refreshStatus()
    },
    ...(platform.indexedDB && { factory: platform.indexedDB }),
  })
  const generation = createStore(0)
  const status = createStore<SyncStatus>({
    phase: 'loading',
    unsaved: 0,
    since: Date.now(),
    kept,
    slow: false,
  })
  const role = createStore<Role>('editor')
  const arrived = createStore(0)
  const setAside = createStore<readonly SetAside[]>([])
  let presence: SessionPresence | null = null
  let current = begin()
  begun = true
  const shownPresence = presenceOf()

  function begin(): Generation {
    const doc = new Y.Doc()
    const updates = watchUpdates(doc)
    const awareness = createAwareness(doc)
    if (presence === null) presence = createPresence(awareness, options.user)
    else presence.attach(awareness)
    const tabs = openTabs(owner === '' ? `easel.${board}` : `easel.${owner}.${board}`, doc, (update) =>
      Y.applyUpdate(doc, update, FROM_TABS),
    )
    let before = initialState
    let confirmed = false
    const provider = openProvider({
      url: (node) => syncAddress(options.url, node),
      nodes: {
        current: currentNode,
        leave: leaveNode,
        others: otherNodes,
        goTo: goToNode,
        learn: learnNodes,
      },
      doc,
      updates,
      awareness,
      browserOnline: isBrowserOnline(),
      look: platform.look ?? (() => look(board)),
      ...(options.credential && { credential: options.credential }),
      ...streamOf(options),
      ...(platform.WebSocket && { WebSocket: platform.WebSocket }),
      onState(state) {
        if (current.provider !== provider) return
        if (lostServer(before, state)) tabs?.evenOut()
        before = state
        const saved = phaseOf(state) === 'saved'
        if (saved && !confirmed) confirm(doc)
        confirmed = saved
        show(state)
      },
      onSetAside: (refusal) => replace(refusal),
    })
    updates.subscribe((made, origin) => {
      if (origin === FROM_CACHE) return
      for (const update of made) {
        if (origin === FROM_SERVER || origin === FROM_TABS) {
          offline.addRemote(update)
          continue
        }
        editedAtMs = Date.now()
        offline.addLocal(update)
        if (!isConnected(before)) tabs?.tell(update)
      }
    })
    return { doc, updates, provider, tabs }
  }

  /** Reads the offline store, or else what HTTP brings, and connects: so that the server need only send what is new. */
  async function start(of: Generation): Promise<void> {
    const { doc, updates, provider } = of
    const reading = offline.read()
    const inTime = await Promise.race([reading, after(CACHE_WAIT_MS)])
    if (inTime === false) provider.dispatch({ is: 'start' })
    if (inTime !== false && inTime.updates.length === 0) provider.greetAfter(takeBody(of))
    else leaveBody(board)
    const cached = await reading
    if (destroyed || current.provider !== provider) return
    updates.apply(cached.updates, FROM_CACHE)
    await nextTask()
    if (destroyed || current.provider !== provider) return
    provider.dispatch({ is: 'cache_read', found: cached.updates.length > 0, changes: cached.unsaved })
    provider.dispatch({ is: 'start' })
    setAside.set(await offline.listAside())
    await tidyWhenCalm(doc)
  }

  /** It holds the page up for some frames, so nobody should be drawing or writing just then. */
  async function tidyWhenCalm(doc: Y.Doc): Promise<void> {
    do await after(TIDY_AFTER_MS)
    while (Date.now() - editedAtMs < TIDY_AFTER_MS && !destroyed)
    whenIdle(() => {
      if (!destroyed && current.doc === doc && offline.rows() > ROWS_AT_OPEN_MAX) tidy(doc)
    })
  }

  /** Without it, for whatever reason, the connection brings all of the content. */
  async function takeBody({ updates, provider }: Generation): Promise<number | undefined> {
    if (!board.startsWith('brd_')) return undefined
    const { credential } = options
    const body = await (platform.body ?? ((of) => loadBody(of, credential?.token ?? null)))(board).read(
      arrived.set,
    )
    if (body === undefined || destroyed || current.provider !== provider) return undefined
    try {
      updates.apply([body.update], FROM_SERVER)
    } catch {
      // What of it is in the document is known by its state vector.
      return undefined
    }
    await nextTask()
    if (destroyed || current.provider !== provider) return undefined
    provider.dispatch({ is: 'cache_read', found: true, changes: 0 })
    return body.seq
  }

  function confirm(doc: Y.Doc): void {
    offline.confirmAll()
    if (offline.rows() > ROWS_MAX) tidy(doc)
  }

  function tidy(doc: Y.Doc): void {
    offline.replaceAll(Y.encodeStateAsUpdate(doc))
  }

  function replace(refusal: Refusal): void {
    const old = current
    keepAside(old.doc, refusal)
    offline.forget()
    current = begin()
    current.provider.dispatch({ is: 'start' })
    generation.set(generation.get() + 1)
    end(old)
  }

  function keepAside(doc: Y.Doc, refusal: Refusal): void {
    const aside = { at: Date.now(), ...refusal, update: Y.encodeStateAsUpdate(doc) }
    const shown: SetAside = { id: 0, board, ...aside }
    setAside.set([...setAside.get(), shown])
    void (async () => {
      await offline.setAside(aside)
      const listed = await offline.listAside()
      // Nothing is kept on this device: what is shown lives as long as the page.
      if (listed.length > 0 && !destroyed) setAside.set(listed)
    })()
  }

  function show(state: SyncState): void {
    role.set(state.role)
    const before = status.get()
    const phase = phaseOf(state)
    const unsaved = unsavedOf(state)
    const detail = state.detail ?? undefined
    const slow = state.route.way === 'stream' && state.link.at === 'open'
    const over = phase === 'gone' || phase === 'refused' || phase === 'shut_out'
    if (over && before.phase !== phase && unsaved > 0) {
      keepAside(current.doc, { code: phase, reason: detail ?? 'The board can no longer be written to.' })
    }
    // What somebody may not see any more does not stay in their browser.
    if (phase === 'shut_out' && before.phase !== phase) offline.forget()
    if (
      before.phase === phase &&
      before.unsaved === unsaved &&
      before.detail === detail &&
      before.kept === kept &&
      before.slow === slow
    ) {
      return
    }
    const since = before.phase === phase ? before.since : Date.now()
    status.set({ phase, unsaved, since, kept, slow, ...(detail !== undefined && { detail }) })
  }

  function refreshStatus(): void {
    if (!destroyed) show(current.provider.state())
  }

  function presenceOf(): SessionPresence {
    if (presence === null) throw new Error('the first generation makes the presence')
    return presence
  }

  const unwatch = watchPage({
    wake: () => current.provider.dispatch({ is: 'wake' }),
    network: (online) => current.provider.dispatch({ is: 'network', online }),
    hide() {
      shownPresence.flush()
      current.provider.flush()
      void offline.flush()
    },
  })
  void start(current)

  return {
    board,
    get ydoc() {
      return current.doc
    },
    generation,
    presence: shownPresence,
    status,
    role,
    arrived,
    setAside,
    setUser: (user) => shownPresence.setUser(user),
    downloadSetAside() {
      const newest = setAside.get().at(-1)
      if (newest !== undefined) downloadUpdate(newest)
    },
    dismissSetAside() {
      for (const aside of setAside.get()) void offline.dropAside(aside.id)
      setAside.set([])
    },
    retryNow: () => current.provider.dispatch({ is: 'wake' }),
    destroy() {
      if (destroyed) return
      destroyed = true
      unwatch()
      end(current)
      shownPresence.destroy()
      offline.close()
    },
  }
}

function isConnected({ link }: SyncState): boolean {
  return link.at === 'open' && link.loaded
}

/** A connection was lost, or an attempt at one failed. */
function lostServer(before: SyncState, now: SyncState): boolean {
  return now.link.at === 'waiting' && before.link.at !== 'waiting'
}

function end({ doc, provider, tabs }: Generation): void {
  provider.destroy()
  tabs?.close()
  doc.destroy()
}

/** Raw documents are not known to REST. */
async function look(board: string): Promise<Found> {
  if (!board.startsWith('brd_')) return 'unknown'
  switch (await findBoard(board, AbortSignal.timeout(5_000)).catch(() => 'unknown' as const)) {
    case 'open':
      return 'there'
    case 'missing':
    case 'trashed':
      return 'missing'
    case 'unknown':
      return 'unknown'
  }
}

function streamOf({ url, streamUrl }: SessionOptions): { streamUrl?: (node?: string) => string } {
  if (streamUrl !== undefined) return { streamUrl: (node) => placed(streamUrl, node) }
  const path = url.replace(/\/sync\/(?=[^/]*$)/, '/api/v1/boards/')
  return url.startsWith('/') ? { streamUrl: (node) => placed(path, node) } : {}
}

export function syncAddress(url: string, node?: string): string {
  if (/^wss?:/.test(url)) return url
  const address = new URL(placed(url, node), location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  return address.href
}

/** A large board is read in a task of its own; until then it is still being opened. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve)
  })
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms)
  })
}
