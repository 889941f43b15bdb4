/**
 * A connection without a WebSocket: events down in a response that does not end, posts up.
 *
 * When the response is cut off it is asked for again with the id of the last event, and the same
 * seat goes on with nothing lost and nothing twice; the machine above hears of none of it. Where
 * that cannot be, the connection is closed as a WebSocket would be.
 */

import { bytesFromBase64 } from '../core/base64'
import type { Carrier, CarrierListener } from './carrier'
import { CLOSED_ABNORMALLY } from './carrier'
import type { StreamEvent } from './event-stream'
import { createEventReader } from './event-stream'
import { readControl, readMessage } from './messages'
import { onPageGone } from './page'
import type { Post } from './posts'
import { createPosts } from './posts'
import { takeSlot } from './slots'

export interface StreamPlatform {
  readonly fetch: typeof fetch
}

/** Between attempts to go on. A server that is away longer is away, and the machine must know. */
const RESUME_AFTER_MS = [0, 300, 1_000]
const RESUME_ANSWER_MS_MAX = 5_000
/** A post that brought no answer is repeated after so long each; then the connection is given up. */
const POST_AGAIN_MS = [200, 500, 1_000, 2_000, 4_000]
const POST_MS_MAX = 30_000
/** A large post is given longer, as a line of 64 kbit/s needs. */
const POST_BYTES_PER_MS = 8
/** The server lets go of a page that says nothing for a minute. */
const SIGN_EVERY_MS = 20_000
/** What browsers let a page send that is going away. */
const KEEPALIVE_BYTES_MAX = 60 << 10
/** Nothing waits longer for the server to know of a good-bye. */
const GOODBYE_MS_MAX = 1_000
/** As a server would say it that has no room just now: the reason is shown, and it is tried again. */
const CLOSED_BUSY = 1013

/** `url` is the board's, of which `/stream` and `/updates` are parts. */
export function openStream(url: string, listener: CarrierListener, platform: StreamPlatform): Carrier {
  const ended = new AbortController()
  const posts = createPosts()
  let name: string | null = null
  /** Of the last event taken: its id, and the number in it. */
  let lastId: string | null = null
  let lastNumber = 0
  let posting = false
  let saidAtMs = 0

  async function read(): Promise<void> {
    if (!(await takeSlot(ended.signal))) {
      return fail(CLOSED_BUSY, 'Too many tabs of this browser have no WebSocket. Close one of them.')
    }
    let misses = 0
    while (!ended.signal.aborted) {
      const before = lastId
      const answer = await readResponse()
      if (ended.signal.aborted) return
      if (answer === 'over' || lastId === null) return fail(CLOSED_ABNORMALLY, '')
      // A response that brought something is as good as the first.
      misses = lastId === before && answer === 'none' ? misses + 1 : 0
      const waitMs = RESUME_AFTER_MS[misses]
      if (waitMs === undefined) return fail(CLOSED_ABNORMALLY, '')
      await after(waitMs)
    }
  }

  /** `none`: there was no answer. `cut`: there was one and it ended. `over`: asking again is of no use. */
  async function readResponse(): Promise<'none' | 'cut' | 'over'> {
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    if (lastId !== null) headers['last-event-id'] = lastId
    const noAnswer = new AbortController()
    const timer = setTimeout(() => noAnswer.abort(), RESUME_ANSWER_MS_MAX)
    try {
      const response = await platform.fetch(`${url}/stream`, {
        headers,
        cache: 'no-store',
        credentials: 'same-origin',
        // The first answer is waited for by the machine.
        signal: lastId === null ? ended.signal : AbortSignal.any([ended.signal, noAnswer.signal]),
      })
      clearTimeout(timer)
      if (response.status >= 500) return 'none'
      if (response.status !== 200 || response.body === null) return 'over'
      await readEvents(response.body)
      return 'cut'
    } catch {
      return lastId === null ? 'over' : 'none'
    } finally {
      clearTimeout(timer)
    }
  }

  async function readEvents(body: ReadableStream<Uint8Array>): Promise<void> {
    const events = createEventReader()
    const text = new TextDecoder()
    const reader = body.getReader()
    for (;;) {
      const piece = await reader.read()
      if (piece.done) return
      const whole = events.read(text.decode(piece.value, { stream: true }))
      // A large board is one event, whose pieces show that it is on its way.
      if (whole.length === 0 && name !== null) listener.alive()
      for (const event of whole) {
        if (ended.signal.aborted) return
        take(event)
      }
    }
  }

  function take(event: StreamEvent): void {
    if (event.kind === 'ping') return listener.alive()
    const number = Number(event.id.slice(event.id.indexOf('.') + 1))
    const notice = event.kind === 'notice' ? readNotice(event.data) : null
    if (notice?.t === 'stream') return begin(event.id, notice)
    if (number <= lastNumber) return
    if (number !== lastNumber + 1) return fail(CLOSED_ABNORMALLY, '')
    lastId = event.id
    lastNumber = number
    if (notice?.t === 'close') return fail(countOf(notice.code), textOf(notice.reason))
    if (notice !== null) {
      return listener.received({ is: 'control', control: readControl(event.data) })
    }
    const bytes = bytesOf(event.data)
    listener.received(bytes === null ? null : readMessage(bytes))
  }

  /** The first event of every response. */
  function begin(id: string, notice: Notice): void {
    const opening = lastId === null
    if (!opening && notice.resumed !== true) {
      // Another seat: what the machine knows of the last one does not hold for it.
      void goodbye(textOf(notice.stream))
      return fail(CLOSED_ABNORMALLY, '')
    }
    if (!opening) return listener.alive()
    name = textOf(notice.stream)
    lastId = id
    saidAtMs = Date.now()
    listener.opened()
  }

  async function post(): Promise<void> {
    if (posting) return
    posting = true
    let misses = 0
    for (let next = posts.next(); next !== null && !ended.signal.aborted; next = posts.next()) {
      saidAtMs = Date.now()
      const status = await send(next, [ended.signal, AbortSignal.timeout(postMsMax(next))])
      if (ended.signal.aborted) return
      if (status >= 200 && status < 300) {
        posts.arrived()
        misses = 0
        continue
      }
      if (status === 413) return fail(CLOSED_BUSY, 'A proxy on the way takes no change of this size.')
      const waitMs = isPassing(status) ? POST_AGAIN_MS[misses++] : undefined
      // Refused, or the numbers do not fit: another connection begins with a sync.
      if (waitMs === undefined) return fail(CLOSED_ABNORMALLY, '')
      await after(waitMs)
    }
    posting = false
  }

  /** The status of the answer; 0 if there was none. */
  async function send({ number, body }: Post, until: AbortSignal[], keepalive = false): Promise<number> {
    try {
      const response = await platform.fetch(`${url}/updates`, {
        method: 'POST',
        headers: {
          'content-type': 'application/octet-stream',
          'easel-stream': name ?? '',
          'easel-seq': String(number),
        },
        body: body as Uint8Array<ArrayBuffer>,
        credentials: 'same-origin',
        keepalive: keepalive && body.length < KEEPALIVE_BYTES_MAX,
        signal: AbortSignal.any(until),
      })
      // An answer that is not read keeps its connection from the next post.
      await response.arrayBuffer()
      return response.status
    } catch {
      return 0
    }
  }

  async function goodbye(stream: string | null): Promise<void> {
    if (stream === null) return
    const leaving = platform.fetch(`${url}/stream`, {
      method: 'DELETE',
      headers: { 'easel-stream': stream },
      credentials: 'same-origin',
      keepalive: true,
      signal: AbortSignal.timeout(GOODBYE_MS_MAX),
    })
    await leaving.catch(() => {})
  }

  function end(): void {
    ended.abort()
    clearInterval(signs)
    unwatch()
  }

  function fail(code: number, reason: string): void {
    if (ended.signal.aborted) return
    end()
    // The server may not know, and a seat that lingers would keep our cursor from the next one.
    void goodbye(name)
    listener.closed(code, reason)
  }

  async function sendRest(until: AbortSignal): Promise<void> {
    for (let rest = posts.next(); rest !== null; rest = posts.next()) {
      if ((await send(rest, [until], true)) !== 204) return
      posts.arrived()
    }
  }

  /** There is no later here: both leave at once, and the server lets a post that came first be taken first. */
  function leavePage(): void {
    if (ended.signal.aborted) return
    const rest = name === null ? null : posts.next()
    if (rest !== null) void send(rest, [AbortSignal.timeout(POST_MS_MAX)], true)
    fail(CLOSED_ABNORMALLY, '')
  }

  const signs = setInterval(() => {
    if (name === null || posting || Date.now() - saidAtMs < SIGN_EVERY_MS) return
    posts.addNothing()
    void post()
  }, SIGN_EVERY_MS / 4)
  const unwatch = onPageGone(leavePage)
  void read()

  return {
    send(message) {
      if (ended.signal.aborted) return
      posts.add(message)
      void post()
    },
    waiting: () => posts.waiting(),
    async close() {
      if (ended.signal.aborted) return
      end()
      if (name !== null) await sendRest(AbortSignal.timeout(GOODBYE_MS_MAX))
      await goodbye(name)
    },
  }
}

function postMsMax({ body }: Post): number {
  return POST_MS_MAX + Math.ceil(body.length / POST_BYTES_PER_MS)
}

/** What may be well a moment later. */
function isPassing(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500
}

interface Notice {
  readonly t?: unknown
  readonly stream?: unknown
  readonly resumed?: unknown
  readonly code?: unknown
  readonly reason?: unknown
}

function readNotice(json: string): Notice {
  try {
    const said: unknown = JSON.parse(json)
    return typeof said === 'object' && said !== null ? said : {}
  } catch {
    return {}
  }
}

function countOf(value: unknown): number {
  return typeof value === 'number' ? value : CLOSED_ABNORMALLY
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Newer browsers do it themselves, and a whole board may come as one event. */
function bytesOf(base64: string): Uint8Array | null {
  const native = (Uint8Array as { fromBase64?: (text: string) => Uint8Array }).fromBase64
  if (native === undefined) return bytesFromBase64(base64)
  try {
    return native.call(Uint8Array, base64)
  } catch {
    return null
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
