/**
 * The connection between a document and the server: a thin shell that feeds `machine.ts` with what
 * happens and performs what it decides. It owns the socket, the timers and the updates that wait to
 * be sent; it decides nothing.
 */

import * as awarenessProtocol from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Effect, Event, Refusal, SyncState } from './machine'
import { initialState, step } from './machine'
import {
  readMessage,
  writeAwareness,
  writeAwarenessQuery,
  writeStepOne,
  writeStepTwo,
  writeUpdate,
} from './messages'
import { onNextFrame } from './page'

/** Where a transaction comes from, as its origin. Every other origin is an edit made here. */
export const FROM_SERVER = Symbol('from the server')
export const FROM_CACHE = Symbol('from the offline store')
export const FROM_TABS = Symbol('from another tab')

export interface ProviderOptions {
  /** `ws:` or `wss:`. */
  readonly url: string
  readonly doc: Y.Doc
  readonly awareness: awarenessProtocol.Awareness
  readonly onState: (state: SyncState) => void
  readonly onSetAside: (refusal: Refusal) => void
  /** Asks REST whether the board can be opened at all; `false` ends the connection. */
  readonly stillThere?: () => Promise<boolean>
  readonly browserOnline?: boolean
  readonly WebSocket?: new (url: string, protocols: string[]) => WebSocket
}

export interface Provider {
  readonly state: () => SyncState
  dispatch(event: Event): void
  /** Sends what has gathered, without waiting for the frame. */
  flush(): void
  /** Says goodbye and ends. Neither the document nor the awareness is destroyed. */
  destroy(): void
}

const SUBPROTOCOL = 'easel.v1'
const OPEN_MS_MAX = 10_000
const SILENCE_CHECK_EVERY_MS = 1_000
/** With more than this unsent in the socket, updates gather (and merge) instead of queueing there. */
const SOCKET_BYTES_MAX = 1 << 20
const SOCKET_FULL_WAIT_MS = 50
/** What a browser reports for a connection that ended without a close frame. */
const CLOSED_ABNORMALLY = 1006
/** An update that holds nothing: sent when what was counted turned out to be known already. */
const EMPTY_UPDATE = new Uint8Array([0, 0])

export function openProvider(options: ProviderOptions): Provider {
  const { doc, awareness } = options
  const Socket = options.WebSocket ?? WebSocket
  let state: SyncState = { ...initialState, browserOnline: options.browserOnline ?? true }
  let socket: WebSocket | null = null
  let gathered: Uint8Array[] = []
  let heardAtMs = 0
  let destroyed = false
  let cancelFlush: (() => void) | null = null
  let retryTimer: ReturnType<typeof setTimeout> | null = null
  let openTimer: ReturnType<typeof setTimeout> | null = null
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
      options.onState(state)
    }
    running = false
    if (hasWork()) scheduleFlush()
  }

  function perform(effect: Effect): void {
    switch (effect.do) {
      case 'connect':
        return connect()
      case 'disconnect':
        return drop()
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
      case 'forget_peers':
        return forgetPeers()
      case 'set_aside':
        return options.onSetAside(effect.refusal)
      case 'ask_why':
        return askWhy()
    }
  }

  function connect(): void {
    if (retryTimer !== null) clearTimeout(retryTimer)
    retryTimer = null
    gathered = []
    heardAtMs = Date.now()
    const opening = new Socket(options.url, [SUBPROTOCOL])
    opening.binaryType = 'arraybuffer'
    opening.addEventListener('open', () => {
      if (socket !== opening) return
      if (openTimer !== null) clearTimeout(openTimer)
      heardAtMs = Date.now()
      dispatch({ is: 'opened' })
    })
    opening.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (socket === opening) receive(event.data)
    })
    opening.addEventListener('close', (event) => {
      if (socket === opening) ended(event.code, event.reason)
    })
    // A failed connection says so twice; `close` follows.
    opening.addEventListener('error', () => {})
    socket = opening
    openTimer = setTimeout(() => drop(), OPEN_MS_MAX)
  }

  function receive(data: unknown): void {
    heardAtMs = Date.now()
    if (!(data instanceof ArrayBuffer)) return
    const message = readMessage(new Uint8Array(data))
    dispatch(message === null ? { is: 'garbled' } : { is: 'received', message })
  }

  /** The socket is of no use any more, whatever it says. */
  function drop(): void {
    const dropped = socket
    if (dropped === null) return
    ended(CLOSED_ABNORMALLY, '')
    dropped.close()
  }

  function ended(code: number, reason: string): void {
    if (openTimer !== null) clearTimeout(openTimer)
    socket = null
    gathered = []
    dispatch({ is: 'closed', code, reason, random: Math.random() })
  }

  function retryAfter(afterMs: number): void {
    if (retryTimer !== null) clearTimeout(retryTimer)
    retryTimer = setTimeout(() => {
      retryTimer = null
      dispatch({ is: 'retry' })
    }, afterMs)
  }

  function greet(): void {
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
    try {
      Y.applyUpdate(doc, update, FROM_SERVER)
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
    const { stillThere } = options
    if (stillThere === undefined) return
    void (async () => {
      const there = await stillThere().catch(() => true)
      if (!there && !destroyed) dispatch({ is: 'missing' })
    })()
  }

  function send(bytes: Uint8Array): void {
    if (socket === null || socket.readyState !== SOCKET_OPEN) return
    socket.send(bytes as Uint8Array<ArrayBuffer>)
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
    if ((socket?.bufferedAmount ?? 0) > SOCKET_BYTES_MAX) {
      const timer = setTimeout(flush, SOCKET_FULL_WAIT_MS)
      cancelFlush = () => clearTimeout(timer)
      return
    }
    dispatch({ is: 'flush' })
  }

  function onUpdate(update: Uint8Array, origin: unknown): void {
    if (origin === FROM_SERVER) return
    const { link } = state
    const answered = link.at === 'open' && link.answered
    // Before our step 2 the document itself is what will be sent.
    if (answered) gathered.push(update)
    if (answered || origin !== FROM_CACHE) dispatch({ is: 'edited' })
  }

  function onAwareness(change: Record<'added' | 'updated' | 'removed', number[]>): void {
    const own = awareness.clientID
    if (![change.added, change.updated, change.removed].some((ids) => ids.includes(own))) return
    if (state.link.at === 'open') {
      send(writeAwareness(awarenessProtocol.encodeAwarenessUpdate(awareness, [own])))
    }
  }

  doc.on('update', onUpdate)
  awareness.on('update', onAwareness)
  const silence = setInterval(() => {
    dispatch({ is: 'silent', ms: Date.now() - heardAtMs })
  }, SILENCE_CHECK_EVERY_MS)

  return {
    state: () => state,
    dispatch,
    flush,
    destroy() {
      if (destroyed) return
      flush()
      awarenessProtocol.removeAwarenessStates(awareness, [awareness.clientID], 'leaving')
      destroyed = true
      clearInterval(silence)
      if (retryTimer !== null) clearTimeout(retryTimer)
      if (openTimer !== null) clearTimeout(openTimer)
      cancelFlush?.()
      doc.off('update', onUpdate)
      awareness.off('update', onAwareness)
      const last = socket
      socket = null
      last?.close(1000)
    },
  }
}

/** The same number in every implementation of WebSocket. */
const SOCKET_OPEN = 1

function encodeFor(doc: Y.Doc, vector: Uint8Array): Uint8Array {
  try {
    return Y.encodeStateAsUpdate(doc, vector)
  } catch {
    // An unreadable state vector: everything is more than what is lacking.
    return Y.encodeStateAsUpdate(doc)
  }
}
