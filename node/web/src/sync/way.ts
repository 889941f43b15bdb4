/**
 * Which way the messages go: over a WebSocket or, where something in between lets none through, as
 * events down and posts up (`stream`). Decided here without a clock or a network.
 */

export type Way = 'socket' | 'stream'

export interface Route {
  readonly way: Way
  /** Attempts of this way, one after another, that failed although the server could be reached. */
  readonly strikes: number
  /** Vain attempts to get back to a WebSocket since it was left. */
  readonly returns: number
  /** HTTP was slow to answer as well: a late WebSocket proves nothing, and is given more time. */
  readonly slow: boolean
}

export const firstRoute: Route = { way: 'socket', strikes: 0, returns: 0, slow: false }

/** After so many strikes the other way is taken. One alone may be a server that just restarted. */
const STRIKES_MAX = 2
/** The first WebSocket of a page: something that swallows the handshake must not keep a board shut for long. */
const FIRST_SOCKET_MS_MAX = 4_000
export const OPEN_MS_MAX = 10_000
/** HTTP takes no longer on a line on which a handshake is done within `FIRST_SOCKET_MS_MAX`. */
const ANSWER_MS_MAX = 1_000
/** A WebSocket is tried again after so long, then after twice as long, and so on. */
const RETURN_MS_MIN = 5_000
const RETURN_MS_MAX = 300_000

/** For how long an attempt may hear nothing. */
export function patienceMs({ way, strikes, slow }: Route): number {
  return way === 'socket' && strikes === 0 && !slow ? FIRST_SOCKET_MS_MAX : OPEN_MS_MAX
}

/** Something came: this way is open. */
export function heard(route: Route): Route {
  return route.strikes === 0 ? route : { ...route, strikes: 0 }
}

/**
 * An attempt ended before anything came; `late` if it was given up for that. Whether the way or the
 * server was at fault is not known yet (`answered` tells), except that a stream is HTTP itself.
 */
export function failed(route: Route, late: boolean): Route {
  if (route.way === 'stream') return struck({ ...route, strikes: route.strikes + 1 })
  // A refused handshake takes no time. One that gets no answer is clear enough the first time.
  return late ? { ...route, strikes: Math.max(route.strikes, STRIKES_MAX - 1) } : route
}

/** After a failed attempt by WebSocket the server answered over HTTP, within `ms`. */
export function answered(route: Route, ms: number): Route {
  if (route.way !== 'socket') return route
  if (ms > ANSWER_MS_MAX && !route.slow) return { ...route, slow: true }
  return struck({ ...route, strikes: route.strikes + 1 })
}

/** A WebSocket was opened beside the stream, and something came. */
export function returned(): Route {
  return firstRoute
}

export function stayed(route: Route): Route {
  return { ...route, returns: route.returns + 1 }
}

/** When to try a WebSocket again. `random` is between 0 and 1. */
export function returnAfterMs({ returns }: Route, random: number): number {
  const longest = Math.min(RETURN_MS_MAX, RETURN_MS_MIN * 2 ** Math.min(returns, 10))
  return Math.round(longest / 2 + (longest / 2) * random)
}

function struck(route: Route): Route {
  if (route.strikes < STRIKES_MAX) return route
  return { ...route, way: route.way === 'socket' ? 'stream' : 'socket', strikes: 0 }
}
