/** What carries messages between this page and the server, whichever way. */

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

export type SocketClass = new (url: string, protocols: string[]) => WebSocket

/** What a browser reports for a connection that ended without a word. */
export const CLOSED_ABNORMALLY = 1006

const SUBPROTOCOL = 'easel.v1'
/** The same number in every implementation of WebSocket. */
const SOCKET_OPEN = 1

export function openSocket(url: string, Socket: SocketClass, listener: CarrierListener): Carrier {
  const socket = new Socket(url, [SUBPROTOCOL])
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
