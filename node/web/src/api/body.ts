/**
 * A board's stored content over plain HTTP. There it comes compressed, at a quarter of what it is over a WebSocket,
 * which brings only what has changed since. Everything that goes wrong with it means: without it.
 */

import { address } from '../base'
import { placed } from '../nodes'
import { takeEarlyBody } from './early'

export interface Body {
  /** A Yjs update (v1). */
  readonly update: Uint8Array
  /** Names this content: how many updates were put together in it. */
  readonly seq: number
}

/** With nothing new for so long, the WebSocket is the better way. */
export const STALLED_MS = 4_000

/** A body that is on its way. */
export interface Loading {
  /** Told how many bytes of it are there, as they come. */
  readonly read: (onBytes?: (bytes: number) => void) => Promise<Body | undefined>
  readonly stop: () => void
}

/** Asks for the content of `board` on behalf of whom `token` speaks for, or takes what the page asked for already. */
export function loadBody(board: string, token: (() => Promise<string>) | null): Loading {
  const path = address(`/api/v1/boards/${board}`)
  const early = token === null ? takeEarlyBody(path) : undefined
  const stop = early?.stop ?? new AbortController()
  const asked = early?.asked ?? ask(placed(`${path}/ydoc?part=body`), token, stop.signal)
  // Whoever reads it hears of a failure as well.
  asked.catch(() => undefined)
  return { read: (onBytes) => readBody(asked, stop, onBytes), stop: () => stop.abort() }
}

/** The board is known without: what the page asked for already is not wanted. */
export function leaveBody(board: string): void {
  takeEarlyBody(address(`/api/v1/boards/${board}`))?.stop.abort()
}

async function ask(
  path: string,
  token: (() => Promise<string>) | null,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${await token()}` }
  return fetch(path, { headers, credentials: 'same-origin', signal })
}

/** Undefined when there is none that is worth it, or it failed or stopped coming. */
export async function readBody(
  asked: Promise<Response>,
  stop: AbortController,
  onBytes: (bytes: number) => void = () => {},
  stalledMs = STALLED_MS,
): Promise<Body | undefined> {
  let timer = setTimeout(() => stop.abort(), stalledMs)
  const heard = (bytes: number): void => {
    onBytes(bytes)
    clearTimeout(timer)
    timer = setTimeout(() => stop.abort(), stalledMs)
  }
  // A body that is stopped ends its stream by an error, but one that was cut from the start may never settle.
  const stopped = new Promise<undefined>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(undefined))
  })
  try {
    return await Promise.race([read(asked, heard), stopped])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

async function read(asked: Promise<Response>, heard: (bytes: number) => void): Promise<Body | undefined> {
  const response = await asked
  const seq = Number(response.headers.get('easel-body-seq'))
  if (response.status !== 200 || response.body === null || !Number.isSafeInteger(seq) || seq < 1)
    return undefined
  const parts: Uint8Array[] = []
  let bytes = 0
  const reader = response.body.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    bytes += next.value.length
    heard(bytes)
    parts.push(next.value)
  }
  return { update: joined(parts), seq }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
