/**
 * The connection between a document and the server: a thin shell that feeds `machine.ts` with what
 * happens and performs what it decides. It owns the carrier, the timers and the updates that wait to
 * be sent; it decides nothing.
 */

import * as awarenessProtocol from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Carrier, CarrierListener, Credential, SocketClass } from './carrier'
import { CLOSED_ABNORMALLY, openSocket, openWhenKnown } from './carrier'
import type { Effect, Event, Refusal, SyncState } from './machine'
import { initialState, LOOK_EVERY_MS, step } from './machine'
import {
  writeAwareness,
  writeAwarenessQuery,
  writeControl,
  writeStepOne,
  writeStepTwo,
  writeUpdate,
} from './messages'
import { onNextFrame } from './page'
import type { Scouts } from './scouts'
import { sendScouts } from './scouts'
import { openStream } from './stream'
import type { Updates } from './updates'
import type { Way } from './way'
import { OPEN_MS_MAX } from './way'

/** Where a transaction comes from, as its origin. Every other origin is an edit made here. */
export const FROM_SERVER = Symbol('from the server')
export const FROM_CACHE = Symbol('from the offline store')
export const FROM_TABS = Symbol('from another tab')

export interface ProviderOptions {
  /** `ws:` or `wss:`, at that node or the one that is asked just now; asked before each attempt. */
  readonly url: (node?: string) => string
  /** The board's address in REST, for where no WebSocket comes through. */
  readonly streamUrl?: (node?: string) => string
  /** Which of several nodes is tried, and what is known of them. */
  readonly nodes?: Nodes
  readonly doc: Y.Doc
  /** Of `doc`. */
  readonly updates: Updates
  readonly awareness: awarenessProtocol.Awareness
  readonly onState: (state: SyncState) => void
  readonly onSetAside: (refusal: Refusal) => void
  /** Speaks for whom the document belongs to; without it, nobody is asked who they are. */
  readonly credential?: Credential
  /** Asks REST for the board: one that is missing ends the connection, one that is there may be had another way. */
  readonly look?: () => Promise<Found>
  readonly browserOnline?: boolean
  readonly WebSocket?: SocketClass
}

export interface Nodes {
  readonly current: () => string
  /** It was of no use; the next attempt may be at another one. */
  readonly leave: (node: string) => void
  /** Who may be asked instead. */
  readonly others: () => readonly string[]
  readonly goTo: (node: string) => void
  readonly learn: (urls: readonly string[]) => void
}

/** `unknown`: there was no clear answer. */
export type Found = 'there' | 'missing' | 'unknown'

export interface Provider {
  readonly state: () => SyncState
  dispatch(event: Event): void
  /**
   * Asks the server for nothing before `loading` has settled, by when the body of the number it tells is in the
   * document: then only what came after is asked for. Connecting goes on meanwhile.
   */
  greetAfter(loading: Promise<number | undefined>): void
  /** Sends what has gathered, without waiting for the frame. */
  flush(): void
  /** Says goodbye and ends. Neither the document nor the awareness is destroyed. */
  destroy(): void
}

/** The server heard nothing from here. */
const CLOSED_TIMED_OUT = 4508
/** With more than this unsent in the carrier, updates gather (and merge) instead of queueing there. */
const CARRIER_BYTES_MAX = 1 << 20
const CARRIER_FULL_WAIT_MS = 50
/** Parts of a load that come one right after the other are read together. */
const LOAD_GATHER_MS = 10
/** A WebSocket that is tried beside a stream is given up after so long. */
const TRY_MS_MAX = 10_000
/** An update that holds nothing: sent when what was counted turned out to be known already. */
const EMPTY_UPDATE = new Uint8Array([0, 0])

export function openProvider(options: ProviderOptions): Provider {
  const { doc, updates, awareness } = options
  const Socket = options.WebSocket ?? WebSocket
  let state: SyncState = { ...initialState, browserOnline: options.browserOnline ?? true }
  let carrier: Carrier | null = null
  /** A WebSocket beside the stream. */
  let tried: Carrier | null = null
  let gathered: Uint8Array[] = []
  /** Parts of the load that are not in the document. */
  let arrived: Uint8Array[] = []
  let arrivedTimer: ReturnType<typeof setTimeout> | null = null
  /** On its way over HTTP: part of what the server would send. */
  let loading: Promise<number | undefined> | null = null
  /** The newest token that the server was shown over the connection there is. */
  let shownToken: string | null = null
  let heardAtMs = 0
  /** Since when something waits for an answer. */
  let waitsSinceMs: number | null = null
  /** Where another node is looked for. */
  let scouts: Scouts | null = null
  /** Whose connection it is. */
  let node = ''
  let destroyed = false
  let cancelFlush: (() => void) | null = null
  let retryTimer: ReturnType<typeof setTimeout> | null = null
  let openTimer: ReturnType<typeof setTimeout> | null = null
  let tryTimer: ReturnType<typeof setTimeout> | null = null
  const events: Event[] = []
  let running = false

  /** Events raised while one is being handled wait for their turn. */
  function dispatch(event: Event): void {
    events.push(event)
    if (running) return
    running = true
    for (let next = events.shift(); next !== undefined && !destroyed; next = events.shift()) {
      const { state: after, effects } = step(state, next)
      state = after
      for (const effect of effects) perform(effect)
      waitsSinceMs = waitsForAnswer(state) ? (waitsSinceMs ?? Date.now()) : null
      options.onState(state)
    }
    running = false
    if (hasWork()) scheduleFlush()
  }

  function perform(effect: Effect): void {
    switch (effect.do) {
      case 'connect':
        return connect(effect.way, effect.patienceMs)
      case 'disconnect':
        return drop(false)
      case 'retry':
        return retryAfter(effect.afterMs)
      case 'greet':
        return greet()
      case 'answer':
        return answer(effect.vector)
      case 'send_gathered':
        return sendGathered()
      case 'apply':
        return apply(effect.update)
      case 'apply_awareness':
        return applyAwareness(effect.update)
      case 'send_awareness':
        return sendAwareness()
      case 'probe':
        heardAtMs = Date.now()
        return send(writeAwarenessQuery())
      case 'scout':
        return scout(effect.lost)
      case 'stop_scouting':
        return stopScouting()
      case 'move':
        return move(effect.node)
      case 'forget_peers':
        return forgetPeers()
      case 'set_aside':
        return options.onSetAside(effect.refusal)
      case 'ask_why':
        return askWhy()
      case 'try_socket':
        return trySocketAfter(effect.afterMs)
    }
  }

  function connect(way: Way, patienceMs: number): void {
    if (retryTimer !== null) clearTimeout(retryTimer)
    retryTimer = null
    if (way === 'socket') stopTrying()
    stopScouting()
    gathered = []
    heardAtMs = Date.now()
    const before = carrier
    carrier = null
    applyArrived()
    if (before === null) open(way, patienceMs)
    // Until the old seat is gone, what the new one says of our cursor would not be believed.
    else void before.close().then(() => open(way, patienceMs))
  }

  function open(way: Way, patienceMs: number): void {
    if (destroyed) return
    const ours: { carrier: Carrier | null } = { carrier: null }
    node = options.nodes?.current() ?? ''
    const isOurs = () => carrier !== null && carrier === ours.carrier
    const listener: CarrierListener = {
      opened() {
        if (!isOurs()) return
        heardAtMs = Date.now()
        // The handshake came through; what follows may wait for a large board to be opened.
        if (openTimer !== null) clearTimeout(openTimer)
        openTimer = setTimeout(() => drop(true), OPEN_MS_MAX)
        dispatch({ is: 'opened' })
        // While it opened, the next may have come.
        renew()
      },
      received(message) {
        if (!isOurs()) return
        heard()
        if (message?.is === 'control' && message.control.says === 'nodes') {
          options.nodes?.learn(message.control.urls)
        }
        dispatch(message === null ? { is: 'garbled' } : { is: 'received', message })
      },
      alive() {
        if (isOurs()) heard()
      },
      closed(code, reason) {
        if (isOurs()) ended(code, reason, false)
      },
    }
    const opening = openBy(way, listener, undefined)
    ours.carrier = opening
    carrier = opening
    openTimer = setTimeout(() => drop(true), patienceMs)
  }

  function openBy(way: Way, listener: CarrierListener, at: string | undefined): Carrier {
    const { streamUrl, credential } = options
    // A stream is asked for with the token that is held; that it is told of it once more does no harm.
    if (at === undefined) shownToken = null
    const note = (token: string) => {
      if (at === undefined) shownToken = token
    }
    if (way === 'socket' || streamUrl === undefined) return openSocketAs(listener, note, at)
    return openStream(streamUrl(at), listener, { fetch: fetchAs(credential) })
  }

  function openSocketAs(listener: CarrierListener, note: (token: string) => void, at?: string): Carrier {
    const { url, credential } = options
    if (credential === undefined) return openSocket(url(at), Socket, null, listener)
    const how = credential.token().then((token) => (its: CarrierListener) => {
      note(token)
      return openSocket(url(at), Socket, token, its)
    })
    return openWhenKnown(how, listener)
  }

  /** At an address that leads to several nodes, asking for it once more may lead to another one. */
  function scout(lost: boolean): void {
    const others = options.nodes?.others() ?? []
    if (lost && others.length > 0) send(writeControl({ t: 'stays' }))
    const nodes = lost ? [...others, node] : others
    if (nodes.length === 0) return
    const { way } = state.route
    scouts ??= sendScouts(
      nodes,
      (at, listener) => openBy(way, listener, at),
      (at) => dispatch({ is: 'found', node: at }),
    )
  }

  function stopScouting(): void {
    scouts?.stop()
    scouts = null
  }

  /** The node that is left may not even answer a good-bye; nobody waits for it. */
  function move(to: string): void {
    options.nodes?.goTo(to)
    const left = carrier
    carrier = null
    if (openTimer !== null) clearTimeout(openTimer)
    openTimer = null
    void left?.close()
  }

  /** Whatever opened it, a connection over which nothing comes is not open. */
  function heard(): void {
    heardAtMs = Date.now()
    if (openTimer !== null) clearTimeout(openTimer)
    openTimer = null
  }

  /** The carrier is of no use any more, whatever it says. */
  function drop(late: boolean): void {
    const dropped = carrier
    if (dropped === null) return
    ended(CLOSED_ABNORMALLY, '', late)
    void dropped.close()
  }

  function ended(code: number, reason: string, late: boolean): void {
    if (openTimer !== null) clearTimeout(openTimer)
    openTimer = null
    carrier = null
    gathered = []
    stopScouting()
    applyArrived()
    if (isOfTheNode(code)) options.nodes?.leave(node)
    dispatch({ is: 'closed', code, reason, random: Math.random(), late })
  }

  function trySocketAfter(afterMs: number): void {
    if (tried !== null) return
    if (tryTimer !== null) clearTimeout(tryTimer)
    tryTimer = setTimeout(trySocket, afterMs)
  }

  /** It works if something comes over it. What comes is left: the way is changed by connecting anew. */
  function trySocket(): void {
    const done = (works: boolean) => {
      stopTrying()
      dispatch(works ? { is: 'socket_works' } : { is: 'socket_fails', random: Math.random() })
    }
    tryTimer = setTimeout(() => done(false), TRY_MS_MAX)
    tried = openSocketAs(
      {
        opened() {},
        received: () => done(true),
        alive() {},
        closed: () => done(false),
      },
      () => {},
    )
  }

  function stopTrying(): void {
    if (tryTimer !== null) clearTimeout(tryTimer)
    tryTimer = null
    void tried?.close()
    tried = null
  }

  function retryAfter(afterMs: number): void {
    if (retryTimer !== null) clearTimeout(retryTimer)
    retryTimer = setTimeout(() => {
      retryTimer = null
      dispatch({ is: 'retry' })
    }, afterMs)
  }

  function greet(): void {
    if (loading === null) ask()
    else void greetWith(loading)
  }

  async function greetWith(body: Promise<number | undefined>): Promise<void> {
    const greeted = carrier
    const seq = await body
    if (greeted !== carrier || destroyed) return
    // Once: later the state vector says it better.
    if (seq !== undefined) send(writeControl({ t: 'has_body', seq }))
    loading = null
    ask()
  }

  function ask(): void {
    send(writeStepOne(Y.encodeStateVector(doc)))
    sendAwareness()
  }

  function answer(vector: Uint8Array): void {
    // What has gathered is in the document, and so in this.
    gathered = []
    send(writeStepTwo(encodeFor(doc, vector)))
  }

  function sendGathered(): void {
    const update = gathered.length > 1 ? Y.mergeUpdates(gathered) : (gathered[0] ?? EMPTY_UPDATE)
    gathered = []
    send(writeUpdate(update))
  }

  function apply(update: Uint8Array): void {
    arrived.push(update)
    if (state.link.at === 'open' && state.link.loaded) applyArrived()
    else arrivedTimer ??= setTimeout(applyArrived, LOAD_GATHER_MS)
  }

  function applyArrived(): void {
    if (arrivedTimer !== null) clearTimeout(arrivedTimer)
    arrivedTimer = null
    if (arrived.length === 0) return
    const received = arrived
    arrived = []
    try {
      updates.apply(received, FROM_SERVER)
    } catch (failure) {
      globalThis.reportError?.(failure)
      dispatch({ is: 'garbled' })
    }
  }

  function applyAwareness(update: Uint8Array): void {
    try {
      awarenessProtocol.applyAwarenessUpdate(awareness, update, FROM_SERVER)
    } catch {
      // Nothing depends on it; the next one may be well.
    }
  }

  function sendAwareness(): void {
    if (awareness.getLocalState() === null) return
    send(writeAwareness(awarenessProtocol.encodeAwarenessUpdate(awareness, [awareness.clientID])))
  }

  function forgetPeers(): void {
    const others = [...awareness.getStates().keys()].filter((id) => id !== awareness.clientID)
    awarenessProtocol.removeAwarenessStates(awareness, others, FROM_SERVER)
    // Their clocks too: after reconnecting they say the same again, which must not look old.
    for (const id of others) awareness.meta.delete(id)
  }

  function askWhy(): void {
    const { look } = options
    if (look === undefined) return
    void (async () => {
      const askedAtMs = Date.now()
      const found = await look().catch(() => 'unknown')
      if (destroyed) return
      if (found === 'missing') dispatch({ is: 'missing' })
      if (found === 'there' && options.streamUrl !== undefined) {
        dispatch({ is: 'there', ms: Date.now() - askedAtMs })
      }
    })()
  }

  function send(bytes: Uint8Array): void {
    if (state.link.at === 'open') carrier?.send(bytes)
  }

  function hasWork(): boolean {
    return !destroyed && state.buffered > 0 && state.link.at === 'open' && state.link.answered
  }

  function scheduleFlush(): void {
    if (cancelFlush !== null) return
    cancelFlush = onNextFrame(flush)
  }

  function flush(): void {
    cancelFlush?.()
    cancelFlush = null
    if (!hasWork()) return
    if ((carrier?.waiting() ?? 0) > CARRIER_BYTES_MAX) {
      const timer = setTimeout(flush, CARRIER_FULL_WAIT_MS)
      cancelFlush = () => clearTimeout(timer)
      return
    }
    dispatch({ is: 'flush' })
  }

  function onUpdates(made: readonly Uint8Array[], origin: unknown): void {
    if (origin === FROM_SERVER) return
    const { link } = state
    const answered = link.at === 'open' && link.answered
    // Before our step 2 the document itself is what will be sent.
    if (answered) gathered.push(...made)
    if (answered || origin !== FROM_CACHE) dispatch({ is: 'edited' })
  }

  function onAwareness(change: Record<'added' | 'updated' | 'removed', number[]>): void {
    const own = awareness.clientID
    if (![change.added, change.updated, change.removed].some((ids) => ids.includes(own))) return
    if (state.link.at === 'open') {
      send(writeAwareness(awarenessProtocol.encodeAwarenessUpdate(awareness, [own])))
    }
  }

  /** Tells the server of the next token before the one that it knows ends. */
  function renew(): void {
    const token = options.credential?.held.get() ?? null
    if (token === null || token === shownToken || state.link.at !== 'open') return
    shownToken = token
    send(writeControl({ t: 'token', token }))
  }

  const unsubscribe = updates.subscribe(onUpdates)
  const unsubscribeToken = options.credential?.held.subscribe(renew)
  awareness.on('update', onAwareness)
  let waitedBytes = 0
  const silence = setInterval(() => {
    // What we send leaves piece by piece; the answer to a probe can only come after it.
    const waitingBytes = carrier?.waiting() ?? 0
    if (waitingBytes < waitedBytes) heardAtMs = Date.now()
    waitedBytes = waitingBytes
    const now = Date.now()
    const hasOthers = (options.nodes?.others().length ?? 0) > 0
    const unansweredMs = hasOthers && waitsSinceMs !== null ? now - Math.max(waitsSinceMs, heardAtMs) : 0
    dispatch({ is: 'silent', ms: now - heardAtMs, unansweredMs })
  }, LOOK_EVERY_MS)

  return {
    state: () => state,
    dispatch,
    greetAfter(body) {
      loading = body
    },
    flush,
    destroy() {
      if (destroyed) return
      applyArrived()
      flush()
      awarenessProtocol.removeAwarenessStates(awareness, [awareness.clientID], 'leaving')
      destroyed = true
      clearInterval(silence)
      if (retryTimer !== null) clearTimeout(retryTimer)
      if (openTimer !== null) clearTimeout(openTimer)
      stopTrying()
      stopScouting()
      cancelFlush?.()
      unsubscribe()
      unsubscribeToken?.()
      awareness.off('update', onAwareness)
      const last = carrier
      carrier = null
      void last?.close()
    },
  }
}

function waitsForAnswer({ link }: SyncState): boolean {
  return link.at === 'open' && (link.probed || link.flights.length > 0)
}

/** It went away or has no room: another node may do. The others are about this client, and the same everywhere. */
function isOfTheNode(code: number): boolean {
  return code < 4000 || code === CLOSED_TIMED_OUT
}

function fetchAs(credential: Credential | undefined): typeof fetch {
  if (credential === undefined) return (...of) => fetch(...of)
  return async (address, init) => {
    // A page that is going away can wait for nothing.
    const token = credential.held.get() ?? (await credential.token())
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${token}`)
    return fetch(address, { ...init, headers })
  }
}

function encodeFor(doc: Y.Doc, vector: Uint8Array): Uint8Array {
  try {
    return Y.encodeStateAsUpdate(doc, vector)
  } catch {
    // An unreadable state vector: everything is more than what is lacking.
    return Y.encodeStateAsUpdate(doc)
  }
}
