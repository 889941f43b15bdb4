/**
 * What `public/boot.js` asked for before this code had arrived: the answer about the page's board, its content, and a
 * WebSocket to it; or the list of boards. Each is taken once; whoever finds nothing here asks for itself.
 */

interface Early {
  readonly path: string
  readonly answer: Promise<Response>
  readonly body: Promise<Response>
  /** Ends what `body` is loading. */
  readonly stop: AbortController
  readonly url: string
  readonly socket: WebSocket
  /** Messages that came before anybody listened. */
  readonly heard: readonly unknown[]
  readonly hear: (event: MessageEvent) => void
}

/** A connection that nobody has taken by then is closed: the page shows something else than this board. */
const TAKEN_WITHIN_MS = 10_000

const early = earlyOfPage()
let answer = early?.answer
let body = early?.body
let socket = early?.socket
if (early !== undefined) setTimeout(() => letGo(early), TAKEN_WITHIN_MS)

/** `path` is all of it, from the root. */
export function takeEarlyAnswer(path: string): Promise<Response> | undefined {
  if (early?.path !== path) return undefined
  const taken = answer
  answer = undefined
  return taken
}

/** The content that was asked for; `path` is the board's, from the root. */
export function takeEarlyBody(path: string): { asked: Promise<Response>; stop: AbortController } | undefined {
  if (early?.path !== path || body === undefined) return undefined
  const taken = { asked: body, stop: early.stop }
  body = undefined
  return taken
}

/**
 * To be used as `WebSocket`: the first one to the page's board is the one that is open already, or opening. What it
 * heard is told as soon as the caller has put its listeners on.
 */
export function earlyWebSocket(): new (url: string, protocols: string[]) => WebSocket {
  return new Proxy(WebSocket, {
    construct(Socket, [url, protocols]: [string, string[]]) {
      const taken = early?.url === url ? takeSocket(early) : undefined
      return taken ?? new Socket(url, protocols)
    },
  })
}

function letGo(early: Early): void {
  takeSocket(early)?.close(1000)
  takeEarlyBody(early.path)?.stop.abort()
}

/** Undefined once it is taken, and when it has failed. */
function takeSocket({ heard, hear }: Early): WebSocket | undefined {
  const taken = socket
  socket = undefined
  if (taken === undefined || taken.readyState > WebSocket.OPEN) return undefined
  const wasOpen = taken.readyState === WebSocket.OPEN
  queueMicrotask(() => {
    taken.removeEventListener('message', hear)
    if (wasOpen) taken.dispatchEvent(new Event('open'))
    for (const data of heard) taken.dispatchEvent(new MessageEvent('message', { data }))
  })
  return taken
}

function earlyOfPage(): Early | undefined {
  return (globalThis as { easelEarly?: Early }).easelEarly
}

let returning = (globalThis as { easelReturning?: Promise<Response> }).easelReturning

/** The answer to the first question of a page where somebody was signed in: whether they still are. */
export function takeEarlyRefresh(): Promise<Response> | undefined {
  const taken = returning
  returning = undefined
  return taken
}

interface EarlyList {
  readonly path: string
  /** Null when nobody is signed in any more. */
  readonly asked: Promise<{ readonly token: string | null; readonly answer: Response } | null>
}

let list = (globalThis as { easelList?: EarlyList }).easelList

/** The first boards of the list; undefined when they were asked for otherwise, or on somebody else's behalf. */
export function takeEarlyList(
  path: string,
  bearer: string | null,
): Promise<Response | undefined> | undefined {
  if (list?.path !== path) return undefined
  const { asked } = list
  list = undefined
  return asked.then((found) => (found?.token === bearer ? found.answer : undefined))
}
