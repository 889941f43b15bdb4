/**
 * The life of one board's connection, decided: a pure step over closed events, with no clock, socket
 * or document in it. `provider.ts` feeds it and performs what it asks.
 *
 * What it guards above all is the word "saved". A change is a local transaction; it leaves in a
 * frame (an update, or the step 2 that answers the server's step 1), and the server counts frames of
 * this connection as they become durable. A lost connection takes its count with it: everything not
 * counted is then unsaved again, until the next connection's step 2, which carries it all, is counted.
 */

import type { Role } from '../api/role'
import { isAtLeast } from '../api/role'
import type { Incoming } from './messages'
import type { Route, Way } from './way'
import { answered, failed, firstRoute, heard, patienceMs, returnAfterMs, returned, stayed } from './way'

/** The number of this client's protocol, against `hello.min_client`. */
export const CLIENT_VERSION = 1

export type Phase =
  | 'loading'
  | 'connecting'
  | 'saved'
  | 'saving'
  | 'offline'
  | 'reconnecting'
  | 'refused'
  /** This person has no business with the board any more. */
  | 'shut_out'
  | 'gone'
  | 'set_aside'
  | 'outdated'

/** A frame that the server has not counted as durable, and how many changes are in it. */
interface Flight {
  readonly frame: number
  readonly changes: number
}

export type Link =
  /** Nothing was tried yet. */
  | { readonly at: 'idle' }
  | { readonly at: 'waiting' }
  | { readonly at: 'opening' }
  | {
      readonly at: 'open'
      /** Something came over it. */
      readonly heard: boolean
      /** Frames sent on this connection that the server counts. */
      readonly sent: number
      readonly durable: number
      readonly flights: readonly Flight[]
      /** Our step 2 went out: from here on changes travel as updates. */
      readonly answered: boolean
      /** The server's step 1, as long as our role kept us from answering it. */
      readonly unanswered: Uint8Array | null
      /** The server's step 2 is here: the document is complete. */
      readonly loaded: boolean
      readonly probed: boolean
      /** Another node is looked for. */
      readonly scouting: boolean
      /** The node has lost touch with the others; so many looks at the silence ago. */
      readonly lostFor: number | null
      /** Looks since this connection was loaded at which it was not silent for too long. */
      readonly calm: number
      readonly retryAfterMs: number | null
      /** What the server said before refusing us. */
      readonly refusal: Refusal | null
    }
  /** Over for good; another link takes another machine. */
  | { readonly at: 'ended'; readonly phase: 'refused' | 'shut_out' | 'gone' | 'set_aside' }

export interface Refusal {
  readonly code: string
  readonly reason: string
}

export interface SyncState {
  readonly link: Link
  readonly route: Route
  /** Attempts since the document was last complete on a connection. */
  readonly failures: number
  readonly everLoaded: boolean
  /** There is something to show from the offline store. */
  readonly cached: boolean
  /** Changes in no frame of this connection. */
  readonly buffered: number
  readonly browserOnline: boolean
  readonly role: Role
  readonly outdated: boolean
  /** How often a node was left for being silent, without much time in between. */
  readonly moves: number
  readonly detail: string | null
}

export const initialState: SyncState = {
  link: { at: 'idle' },
  route: firstRoute,
  failures: 0,
  everLoaded: false,
  cached: false,
  buffered: 0,
  browserOnline: true,
  role: 'editor',
  outdated: false,
  moves: 0,
  detail: null,
}

export type Event =
  /** The offline store was read; `changes` of it were never counted as durable. */
  | { readonly is: 'cache_read'; readonly found: boolean; readonly changes: number }
  | { readonly is: 'start' }
  /** A transaction made here, or heard from another tab. */
  | { readonly is: 'edited' }
  /** The moment to send what has gathered. */
  | { readonly is: 'flush' }
  | { readonly is: 'opened' }
  | { readonly is: 'received'; readonly message: Incoming }
  /** What came cannot be read or applied: the connection is of no use. */
  | { readonly is: 'garbled' }
  | {
      readonly is: 'closed'
      readonly code: number
      readonly reason: string
      readonly random: number
      /** Given up since nothing came within the time for it. */
      readonly late: boolean
    }
  | { readonly is: 'retry' }
  /** Something suggests that now is a good time: the page came to the front, the network is back. */
  | { readonly is: 'wake' }
  | { readonly is: 'network'; readonly online: boolean }
  /**
   * The regular look at how long nothing was received; and how long what waits for an answer has none, where another
   * node could be asked.
   */
  | { readonly is: 'silent'; readonly ms: number; readonly unansweredMs: number }
  /** Of several nodes this one answers. */
  | { readonly is: 'found'; readonly node: string }
  /** REST says that the board cannot be opened. */
  | { readonly is: 'missing' }
  /** REST says that the board is there, and took so long to say it; messages could go over a stream. */
  | { readonly is: 'there'; readonly ms: number }
  /** A WebSocket that was tried beside the stream works. */
  | { readonly is: 'socket_works' }
  | { readonly is: 'socket_fails'; readonly random: number }

export type Effect =
  /** Instead of the connection there is, if there is one. */
  | { readonly do: 'connect'; readonly way: Way; readonly patienceMs: number }
  | { readonly do: 'disconnect' }
  | { readonly do: 'retry'; readonly afterMs: number }
  /** Our step 1 and who we are. */
  | { readonly do: 'greet' }
  /** Everything the server lacks, what has gathered included. */
  | { readonly do: 'answer'; readonly vector: Uint8Array }
  | { readonly do: 'send_gathered' }
  | { readonly do: 'apply'; readonly update: Uint8Array }
  | { readonly do: 'apply_awareness'; readonly update: Uint8Array }
  | { readonly do: 'send_awareness' }
  /** Ask for anything at all; silence then means that the connection is dead. */
  | { readonly do: 'probe' }
  /** Look for a node that answers. `lost`: this one is there, but of no use. */
  | { readonly do: 'scout'; readonly lost: boolean }
  | { readonly do: 'stop_scouting' }
  /** From here on that node is asked, and the connection there is to be let go. */
  | { readonly do: 'move'; readonly node: string }
  /** The others are no longer known to be here. */
  | { readonly do: 'forget_peers' }
  /** Keep this document aside and begin an empty one. */
  | { readonly do: 'set_aside'; readonly refusal: Refusal }
  /** The attempt failed without a word: REST may know why. */
  | { readonly do: 'ask_why' }
  /** See beside the stream whether a WebSocket works by now. */
  | { readonly do: 'try_socket'; readonly afterMs: number }

export interface Step {
  readonly state: SyncState
  readonly effects: readonly Effect[]
}

const RETRY_MS_MIN = 200
const RETRY_MS_MAX = 10_000
/** A server that is overloaded or counts our rate is not asked again sooner. */
const RETRY_BUSY_MS_MIN = 1_500
/** A server sends something at least every 15 s. */
export const SILENCE_MS_MAX = 30_000
export const PROBE_MS_MAX = 10_000
/**
 * What was sent and has no answer within this, nor anything else came, may lie with a node that stands still: another one
 * is looked for. Whoever left one for that waits twice as long the next time, and so on: where all are slow, going from
 * one to the next is no help.
 */
export const ELSEWHERE_MS_MIN = 1_000
const ELSEWHERE_MS_MAX = 8_000
/** The look at the silence comes so often. */
export const LOOK_EVERY_MS = 250
/** After so many good looks it is as patient as in the beginning. */
const CALM_LOOKS = 120
/** A node is back in touch within moments, mostly; who draws need not hear of it. */
const LOST_LOOKS = 8
/** The browser says that there is no network. It may be wrong (a server on this machine), so it is asked, briefly. */
export const PROBE_OFFLINE_MS_MAX = 2_000
/**
 * A load comes as one message of any size, of which nothing is seen before it is whole: until it is here, an answer to
 * a probe would stand in line behind it, and giving up would begin it again. A connection that is dead is given up
 * after this long.
 */
export const LOAD_MS_MAX = 60_000
/** After so many failed attempts it is called offline. */
const FAILURES_OFFLINE = 3

export function step(state: SyncState, event: Event): Step {
  switch (event.is) {
    case 'cache_read':
      return only({ ...state, cached: event.found, buffered: state.buffered + event.changes })
    case 'start':
      return state.link.at === 'idle' ? connect(state) : only(state)
    case 'edited':
      return only({ ...state, buffered: state.buffered + 1 })
    case 'flush':
      return flush(state)
    case 'opened':
      return opened(state)
    case 'received':
      return state.link.at === 'open' ? answers(state, state.link, event.message) : only(state)
    case 'garbled':
      return state.link.at === 'open' ? { state, effects: [{ do: 'disconnect' }] } : only(state)
    case 'closed':
      return closed(state, event)
    case 'retry':
      return state.link.at === 'waiting' ? connect(state) : only(state)
    case 'wake':
      return wake(state)
    case 'network':
      return event.online
        ? wake({ ...state, browserOnline: true })
        : probe({ ...state, browserOnline: false })
    case 'silent':
      return silent(state, event.ms, event.unansweredMs)
    case 'found':
      return found(state, event.node)
    case 'missing':
      return missing(state)
    case 'there':
      return there(state, event.ms)
    case 'socket_works':
      return socketWorks(state)
    case 'socket_fails':
      return socketFails(state, event.random)
  }
}

/** Changes made here that no server has confirmed as durable. */
export function unsavedOf(state: SyncState): number {
  if (state.link.at !== 'open') return state.buffered
  return state.link.flights.reduce((sum, flight) => sum + flight.changes, state.buffered)
}

export function phaseOf(state: SyncState): Phase {
  const { link } = state
  switch (link.at) {
    case 'ended':
      return link.phase
    case 'idle':
      return 'loading'
    case 'waiting':
    case 'opening':
      if (state.outdated) return 'outdated'
      if (state.failures === 0) return state.everLoaded || state.cached ? 'connecting' : 'loading'
      return !state.browserOnline || state.failures >= FAILURES_OFFLINE ? 'offline' : 'reconnecting'
    case 'open':
      if (state.outdated) return 'outdated'
      if ((link.lostFor ?? 0) >= LOST_LOOKS) return 'reconnecting'
      if (!link.loaded) return state.everLoaded ? 'saving' : 'loading'
      return isSaved(state) ? 'saved' : 'saving'
  }
}

/** Whether edits may leave: not after a newer server asked for a newer client, nor of who may only look. */
function mayWrite(state: SyncState): boolean {
  return !state.outdated && isAtLeast(state.role, 'editor')
}

function isSaved(state: SyncState): boolean {
  const { link } = state
  if (link.at !== 'open' || !link.loaded || state.buffered > 0) return false
  // Who may only look sends nothing, so nothing is counted; without changes there is nothing to be unsaved.
  if (!isAtLeast(state.role, 'editor') && link.sent === 0) return true
  return link.answered && link.durable === link.sent
}

function connect(state: SyncState): Step {
  const { route } = state
  return {
    state: { ...state, link: { at: 'opening' } },
    effects: [{ do: 'connect', way: route.way, patienceMs: patienceMs(route) }],
  }
}

function opened(state: SyncState): Step {
  if (state.link.at !== 'opening') return only(state)
  const link: Link = {
    at: 'open',
    heard: false,
    sent: 0,
    durable: 0,
    flights: [],
    answered: false,
    unanswered: null,
    loaded: false,
    probed: false,
    scouting: false,
    lostFor: null,
    calm: 0,
    retryAfterMs: null,
    refusal: null,
  }
  const effects: Effect[] = [{ do: 'greet' }]
  if (state.route.way === 'stream') effects.push(trySocket(state, 1))
  return { state: { ...state, link }, effects }
}

function flush(state: SyncState): Step {
  const { link, buffered } = state
  if (link.at !== 'open' || !link.answered || buffered === 0 || !mayWrite(state)) return only(state)
  return { state: sentFrame(state, link), effects: [{ do: 'send_gathered' }] }
}

/** One more counted frame, carrying every change that waited. */
function sentFrame(state: SyncState, link: Extract<Link, { at: 'open' }>): SyncState {
  const frame = link.sent + 1
  const flights = [...link.flights, { frame, changes: state.buffered }]
  return { ...state, buffered: 0, link: { ...link, sent: frame, flights } }
}

/** Something came. Unless it is only there, and has lost touch, there is no need for another node. */
function answers(state: SyncState, link: Extract<Link, { at: 'open' }>, message: Incoming): Step {
  const scouting = link.scouting && link.lostFor !== null
  const after = received(
    { ...state, route: heard(state.route), link: { ...link, heard: true, probed: false, scouting } },
    message,
  )
  if (scouting === link.scouting) return after
  return { ...after, effects: [{ do: 'stop_scouting' }, ...after.effects] }
}

function received(state: SyncState, message: Incoming): Step {
  const { link } = state
  if (link.at !== 'open') return only(state)
  switch (message.is) {
    case 'step_one':
      return mayWrite(state)
        ? answer(state, link, message.vector)
        : only({ ...state, link: { ...link, unanswered: message.vector } })
    case 'step_two':
      return {
        state: { ...state, failures: 0, everLoaded: true, link: { ...link, loaded: true } },
        effects: [{ do: 'apply', update: message.update }],
      }
    case 'update':
      return { state, effects: [{ do: 'apply', update: message.update }] }
    case 'awareness':
      return { state, effects: [{ do: 'apply_awareness', update: message.update }] }
    case 'awareness_query':
      return { state, effects: [{ do: 'send_awareness' }] }
    case 'control':
      return told(state, link, message.control)
    case 'ignored':
      return only(state)
  }
}

function answer(state: SyncState, link: Extract<Link, { at: 'open' }>, vector: Uint8Array): Step {
  return {
    state: sentFrame(state, { ...link, answered: true, unanswered: null }),
    effects: [{ do: 'answer', vector }],
  }
}

function told(
  state: SyncState,
  link: Extract<Link, { at: 'open' }>,
  control: Extract<Incoming, { is: 'control' }>['control'],
): Step {
  switch (control.says) {
    case 'hello':
      return changeRole({ ...state, outdated: control.minClient > CLIENT_VERSION }, control.role)
    case 'saved': {
      // A count beyond what was sent is the server's mistake and confirms nothing more.
      const durable = Math.max(link.durable, Math.min(control.frames, link.sent))
      const flights = link.flights.filter((flight) => flight.frame > durable)
      return only({ ...state, detail: null, link: { ...link, durable, flights } })
    }
    case 'role':
      return changeRole(state, control.role)
    case 'out_of_touch':
      return {
        state: { ...state, link: { ...link, scouting: true, lostFor: link.lostFor ?? 0 } },
        effects: [{ do: 'scout', lost: true }],
      }
    case 'in_touch':
      return {
        state: { ...state, link: { ...link, scouting: false, lostFor: null } },
        effects: [{ do: 'stop_scouting' }],
      }
    case 'draining':
      return only({ ...state, link: { ...link, retryAfterMs: control.retryAfterMs } })
    case 'set_aside':
      return only({ ...state, link: { ...link, refusal: { code: control.code, reason: control.reason } } })
    // The shell's affair.
    case 'nodes':
    case 'ignored':
      return only(state)
  }
}

/** Who may no longer write keeps what was not yet accepted, aside; who now may gives the answer they owe. */
function changeRole(state: SyncState, role: Role): Step {
  if (!isAtLeast(role, 'editor') && unsavedOf(state) > 0) {
    return setAside(
      { ...state, role },
      { code: 'read-only', reason: 'You may now look at this board but not change it.' },
    )
  }
  const after = { ...state, role }
  const { link } = after
  if (link.at !== 'open' || link.unanswered === null || !mayWrite(after)) return only(after)
  return answer(after, link, link.unanswered)
}

function closed(state: SyncState, event: Extract<Event, { is: 'closed' }>): Step {
  const { code, random } = event
  const { link } = state
  if (link.at !== 'open' && link.at !== 'opening') return only(state)
  const effects: Effect[] = link.at === 'open' ? [{ do: 'forget_peers' }] : []
  const lost: SyncState = {
    ...state,
    route: wasHeard(link) ? state.route : failed(state.route, event.late),
    buffered: unsavedOf(state),
    link: { at: 'waiting' },
  }
  const refusal = link.at === 'open' ? link.refusal : null
  switch (code) {
    case 4403:
      return end(lost, 'shut_out', refusal, effects)
    case 4410:
      return end(lost, 'gone', refusal, effects)
    case 4422:
      return refused(lost, refusal, effects)
    default:
      // Busy is the server's own word, and says why; it stands until something is saved again.
      return retryLater(isBusy(code) ? { ...lost, detail: event.reason } : lost, link, code, random, effects)
  }
}

function retryLater(
  lost: SyncState,
  link: Link,
  code: number,
  random: number,
  before: readonly Effect[],
): Step {
  const failures = lost.failures + 1
  const told = link.at === 'open' ? link.retryAfterMs : null
  const afterMs = told === null ? backOff(failures, code, random) : told * (1 + random / 2)
  const effects: Effect[] = [...before, { do: 'retry', afterMs: Math.round(afterMs) }]
  // A board that is not there is refused before the upgrade, which a page cannot tell from silence.
  if (!wasHeard(link)) effects.push({ do: 'ask_why' })
  return { state: { ...lost, failures, link: { at: 'waiting' } }, effects }
}

function wasHeard(link: Link): boolean {
  return link.at === 'open' && link.heard
}

function isBusy(code: number): boolean {
  return code === 1013 || code === 4529
}

function backOff(failures: number, code: number, random: number): number {
  const longest = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(failures, 10))
  const jittered = longest / 2 + (longest / 2) * random
  return isBusy(code) ? Math.max(RETRY_BUSY_MS_MIN, jittered) : jittered
}

/**
 * The gate refused something of ours: it would refuse it again, so it is set aside. Refused without
 * anything unsaved, setting aside would change nothing and the next attempt would end the same way.
 */
function refused(lost: SyncState, refusal: Refusal | null, effects: readonly Effect[]): Step {
  const why = refusal ?? { code: 'refused', reason: 'The server did not accept the changes.' }
  if (lost.buffered === 0) return end(lost, 'refused', why, effects)
  const aside = setAside(lost, why)
  return { state: aside.state, effects: [...effects, ...aside.effects] }
}

function setAside(state: SyncState, refusal: Refusal): Step {
  return {
    state: {
      ...state,
      buffered: unsavedOf(state),
      link: { at: 'ended', phase: 'set_aside' },
      detail: refusal.reason,
    },
    effects: [{ do: 'disconnect' }, { do: 'set_aside', refusal }],
  }
}

function end(
  state: SyncState,
  phase: 'refused' | 'shut_out' | 'gone',
  why: Refusal | null,
  effects: readonly Effect[],
): Step {
  return { state: { ...state, link: { at: 'ended', phase }, detail: why?.reason ?? null }, effects }
}

function missing(state: SyncState): Step {
  if (state.link.at !== 'waiting' && state.link.at !== 'opening') return only(state)
  return end(state, 'gone', null, [{ do: 'disconnect' }])
}

/** The server can be reached. If WebSockets alone cannot reach it, there is another way, and no need to wait. */
function there(state: SyncState, ms: number): Step {
  if (state.link.at !== 'waiting' && state.link.at !== 'opening') return only(state)
  const after = { ...state, route: answered(state.route, ms) }
  return after.route.way !== state.route.way && state.link.at === 'waiting' ? connect(after) : only(after)
}

function trySocket({ route }: SyncState, random: number): Effect {
  return { do: 'try_socket', afterMs: returnAfterMs(route, random) }
}

/** As if the stream had been lost: what it did not count is counted anew. */
function socketWorks(state: SyncState): Step {
  const { link } = state
  if (state.route.way !== 'stream' || link.at === 'ended') return only(state)
  // The load would begin anew; afterwards there is time to change.
  if (link.at === 'open' && !link.loaded) return { state, effects: [trySocket(state, 1)] }
  const over = connect({ ...state, route: returned(), buffered: unsavedOf(state) })
  return link.at === 'open' ? { ...over, effects: [{ do: 'forget_peers' }, ...over.effects] } : over
}

function socketFails(state: SyncState, random: number): Step {
  if (state.route.way !== 'stream' || state.link.at === 'ended') return only(state)
  const after = { ...state, route: stayed(state.route) }
  return { state: after, effects: [trySocket(after, random)] }
}

function wake(state: SyncState): Step {
  if (state.link.at === 'waiting') return connect(state)
  const probed = probe(state)
  if (state.route.way !== 'stream' || state.link.at !== 'open') return probed
  return { ...probed, effects: [...probed.effects, { do: 'try_socket', afterMs: 0 }] }
}

function probe(state: SyncState): Step {
  const { link } = state
  if (link.at !== 'open' || !link.loaded || link.probed) return only(state)
  return { state: { ...state, link: { ...link, probed: true } }, effects: [{ do: 'probe' }] }
}

/** `ms` counts from the last thing received, or from the probe if that came later. */
function silent(state: SyncState, ms: number, unansweredMs: number): Step {
  const { link } = state
  if (link.at !== 'open') return only(state)
  if (link.lostFor !== null) return only({ ...state, link: { ...link, lostFor: link.lostFor + 1 } })
  if (unansweredMs >= elsewhereMs(state) && link.loaded && !link.scouting) return lookElsewhere(state, link)
  if (!link.loaded) return ms >= LOAD_MS_MAX ? { state, effects: [{ do: 'disconnect' }] } : only(state)
  const patience = state.browserOnline ? PROBE_MS_MAX : PROBE_OFFLINE_MS_MAX
  if (link.probed) return ms >= patience ? { state, effects: [{ do: 'disconnect' }] } : only(state)
  if (ms >= SILENCE_MS_MAX) return probe(state)
  if (state.moves === 0) return only(state)
  const calm = link.calm + 1
  return only({ ...state, moves: calm < CALM_LOOKS ? state.moves : 0, link: { ...link, calm } })
}

function elsewhereMs({ moves }: SyncState): number {
  return Math.min(ELSEWHERE_MS_MAX, ELSEWHERE_MS_MIN * 2 ** Math.min(moves, 10))
}

/** Asks this node for anything as well: what it takes long for may be what was sent. */
function lookElsewhere(state: SyncState, link: Extract<Link, { at: 'open' }>): Step {
  const effects: Effect[] = [{ do: 'scout', lost: false }]
  if (!link.probed) effects.push({ do: 'probe' })
  return { state: { ...state, link: { ...link, scouting: true, probed: true } }, effects }
}

/** As if the connection had been lost, but that it is known where to go. */
function found(state: SyncState, node: string): Step {
  const { link } = state
  if (link.at !== 'open' || !link.scouting) return only(state)
  const moves = link.lostFor === null ? state.moves + 1 : state.moves
  const over = connect({ ...state, moves, buffered: unsavedOf(state) })
  return { ...over, effects: [{ do: 'forget_peers' }, { do: 'move', node }, ...over.effects] }
}

function only(state: SyncState): Step {
  return { state, effects: [] }
}
