/** What carries messages between this page and the server, whichever way. */

import type { Store } from '../core/store'
import type { Incoming } from './messages'
import { readMessage } from './messages'

export interface Carrier {
  /** Only after `opened`. */
  send(message: Uint8Array): void
  /** Bytes given to `send` that have not left. */
  waiting(): number
  /** Ends it; its listener hears nothing more. Settles when the server knows, or cannot be told. */
  close(): Promise<void>
}

export interface CarrierListener {
  opened(): void
  /** `null`: it cannot be understood. */
  received(message: Incoming | null): void
  /** A sign of life that says nothing. */
  alive(): void
  /** Called once, if the other side or the way in between ended it. */
  closed(code: number, reason: string): void
}

export type OpenCarrier = (listener: CarrierListener) => Carrier

/** Speaks for somebody whenever it is asked. */
export interface Credential {
  /** The newest token there is; null while there is none. */
  readonly held: Store<string | null>
  /** One that is good. Throws while there is none to be had. */
  token(): Promise<string>
}

export type SocketClass = new (url: string, protocols: string[]) => WebSocket

/** What a browser reports for a connection that ended without a word. */
export const CLOSED_ABNORMALLY = 1006

const SUBPROTOCOL = 'easel.v1'
/** The same number in every implementation of WebSocket. */
const SOCKET_OPEN = 1

/** A browser lets a page say who it is with a WebSocket only here. */
const BEARER_BEFORE = 'bearer.'

/** On behalf of whoever `bearer` speaks for, or of nobody. */
export function openSocket(
  url: string,
  Socket: SocketClass,
  bearer: string | null,
  listener: CarrierListener,
): Carrier {
  const protocols = bearer === null ? [SUBPROTOCOL] : [SUBPROTOCOL, BEARER_BEFORE + bearer]
  const socket = new Socket(url, protocols)
  let closed = false
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('open', () => {
    if (!closed) listener.opened()
  })
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (closed) return
    if (data instanceof ArrayBuffer) listener.received(readMessage(new Uint8Array(data)))
    else listener.alive()
  })
  socket.addEventListener('close', ({ code, reason }) => {
    if (closed) return
    closed = true
    listener.closed(code, reason)
  })
  // A failed connection says so twice; `close` follows.
  socket.addEventListener('error', () => {})

  return {
    send(message) {
      if (socket.readyState === SOCKET_OPEN) socket.send(message as Uint8Array<ArrayBuffer>)
    },
    waiting: () => socket.bufferedAmount,
    async close() {
      closed = true
      socket.close(1000)
    },
  }
}

/** Opens when it is known how; if that cannot be known, it ends as one that was lost. */
export function openWhenKnown(how: Promise<OpenCarrier>, listener: CarrierListener): Carrier {
  let carrier: Carrier | null = null
  let closed = false
  void (async () => {
    try {
      const open = await how
      if (!closed) carrier = open(listener)
    } catch {
      if (closed) return
      closed = true
      listener.closed(CLOSED_ABNORMALLY, '')
    }
  })()
  return {
    send: (message) => carrier?.send(message),
    waiting: () => carrier?.waiting() ?? 0,
    async close() {
      closed = true
      await carrier?.close()
    },
  }
}
