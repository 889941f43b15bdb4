/**
 * Who is using this browser: the account that is signed in here, and the access token that speaks for it.
 *
 * The token lives in memory, for minutes; what brings the next one is a cookie that no script can read. One tab at a
 * time asks for it and tells the others. Where nothing was ever asked of anybody (`open`), nothing is asked here
 * either: a node without accounts is used as it always was, without one request more.
 */

import type { Store } from '../core/store'
import { createStore } from '../core/store'
import { ApiError } from './problem'
import type { Members } from './read'
import { countOf, isRecord, ownPath, recordOf, text, time } from './read'

export interface Me {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly admin: boolean
  readonly avatarUrl: string | null
  readonly createdAt: number
}

export type Standing =
  /** As far as is known, this server asks nobody who they are. */
  | { readonly at: 'open' }
  /** This person was signed in here, and the server has not said yet that they still are. */
  | { readonly at: 'returning'; readonly user: string }
  | { readonly at: 'in'; readonly me: Me }
  | { readonly at: 'out' }

/** What a tab tells the others. */
export type Note =
  | { readonly t: 'in'; readonly session: Session }
  | { readonly t: 'out' }
  | { readonly t: 'profile'; readonly me: Me }

export interface Session {
  readonly token: string
  /** By this machine's clock: tabs share it, and servers do not. */
  readonly endsAtMs: number
  readonly me: Me
}

export interface SessionPlatform {
  /** Throws what `exchange` throws. */
  readonly post: (path: string, body: unknown, bearer: string | null) => Promise<unknown>
  readonly nowMs: () => number
  /** Calls once, later; the answer calls it off. */
  readonly later: (run: () => void, afterMs: number) => () => void
  /** Runs while no other tab does. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
  readonly tell: (note: Note) => void
  readonly onNote: (listener: (note: Note) => void) => void
  /** The id of who was signed in here last, or `SIGNED_OUT`; null in a browser that never was. */
  readonly hint: { read(): string | null; write(hint: string | null): void }
}

export interface Account {
  readonly standing: Store<Standing>
  /** The newest access token, for whatever passes it on by itself. */
  readonly token: Store<string | null>
  /** What a request carries; null where there is nothing to carry. Waits for a token that is on its way. */
  bearer(): Promise<string | null>
  /** The server did not take `refused`: another one to try again with, or null if there is none. */
  challenged(refused: string | null): Promise<string | null>
  /** Takes the answer that signed somebody in. */
  begin(answer: unknown): void
  /** The profile was changed. */
  know(me: Me): void
  /** The server said that it has no accounts. */
  opened(): void
  /** Throws when the server cannot be told: then nothing has changed. */
  signOut(of: 'this' | 'all'): Promise<void>
}

export const SIGNED_OUT = '-'
/** A token with less left than this is not sent any more. */
const SPARE_MS = 20_000
/** The next one is asked for this long before the end. */
const AHEAD_MS = 60_000
/** After a refresh that brought no answer. */
const AGAIN_MS = 15_000

export function createAccount(platform: SessionPlatform): Account {
  const { nowMs, hint } = platform
  const standing = createStore<Standing>(standingOf(hint.read()))
  const token = createStore<string | null>(null)
  let session: Session | null = null
  let refreshing: Promise<string | null> | null = null
  let cancelTimer = () => {}

  function take(next: Session): void {
    session = next
    const now = standing.get()
    // The same person stays the same value, so that nothing is drawn anew for a token.
    if (now.at !== 'in' || !sameMe(now.me, next.me)) standing.set({ at: 'in', me: next.me })
    token.set(next.token)
    hint.write(next.me.id)
    plan(refreshAfterMs(next.endsAtMs - nowMs()))
  }

  function lose(to: 'out' | 'open'): void {
    cancelTimer()
    session = null
    token.set(null)
    hint.write(to === 'out' ? SIGNED_OUT : null)
    if (standing.get().at !== to) standing.set({ at: to })
  }

  function plan(afterMs: number): void {
    cancelTimer()
    cancelTimer = platform.later(() => void refresh().catch(() => plan(AGAIN_MS)), afterMs)
  }

  function fresh(): string | null {
    return session !== null && session.endsAtMs - nowMs() > SPARE_MS ? session.token : null
  }

  /** The one under way, if there is one: a page asks once, however much of it waits. */
  function refresh(): Promise<string | null> {
    refreshing ??= platform.alone(renew).finally(() => (refreshing = null))
    return refreshing
  }

  async function renew(): Promise<string | null> {
    // While this tab waited for its turn another one may have asked, and told.
    const told = session
    if (told !== null && told.endsAtMs - nowMs() > AHEAD_MS) return told.token
    try {
      const next = sessionOf(await platform.post('/auth/refresh', {}, null), nowMs())
      take(next)
      platform.tell({ t: 'in', session: next })
      return next.token
    } catch (failure) {
      const to = lostBy(failure)
      if (to === null) throw failure
      lose(to)
      return null
    }
  }

  platform.onNote((note) => {
    switch (note.t) {
      case 'in':
        return take(note.session)
      case 'out':
        return lose('out')
      case 'profile':
        return know(note.me)
    }
  })

  function know(me: Me): void {
    if (session !== null && session.me.id === me.id) take({ ...session, me })
  }

  if (standing.get().at === 'returning') void refresh().catch(() => plan(AGAIN_MS))

  return {
    standing,
    token,
    async bearer() {
      const { at } = standing.get()
      return at === 'open' || at === 'out' ? null : (fresh() ?? refresh())
    },
    async challenged(refused) {
      if (standing.get().at === 'out') return null
      const held = fresh()
      if (held !== null && held !== refused) return held
      // What was refused is of no use, whatever its time.
      session = null
      return refresh()
    },
    begin(answer) {
      const next = sessionOf(answer, nowMs())
      take(next)
      platform.tell({ t: 'in', session: next })
    },
    know(me) {
      know(me)
      platform.tell({ t: 'profile', me })
    },
    opened: () => lose('open'),
    async signOut(of) {
      try {
        await platform.post('/auth/logout', { all: of === 'all' }, fresh())
      } catch (failure) {
        if (lostBy(failure) === null) throw failure
      }
      lose('out')
      platform.tell({ t: 'out' })
    },
  }
}

function standingOf(hint: string | null): Standing {
  if (hint === null) return { at: 'open' }
  return hint === SIGNED_OUT ? { at: 'out' } : { at: 'returning', user: hint }
}

/** Where a refused refresh leaves us; null if it says nothing of us. */
export function lostBy(failure: unknown): 'out' | 'open' | null {
  if (!(failure instanceof ApiError)) return null
  if (failure.status === 409 && failure.code === 'no-accounts') return 'open'
  return failure.status === 401 || failure.status === 403 ? 'out' : null
}

/** Well before the end, and never at once. */
export function refreshAfterMs(leftMs: number): number {
  return Math.max(1_000, leftMs > 2 * AHEAD_MS ? leftMs - AHEAD_MS : leftMs / 2)
}

export function sessionOf(value: unknown, nowMs: number): Session {
  const from = recordOf(value, 'a session')
  return {
    token: text(from, 'access_token'),
    endsAtMs: nowMs + countOf(from, 'expires_in') * 1_000,
    me: readMe(from['user']),
  }
}

export function readMe(value: unknown): Me {
  const from: Members = recordOf(value, 'an account')
  return {
    id: text(from, 'id'),
    email: text(from, 'email'),
    name: text(from, 'name'),
    admin: from['admin'] === true,
    avatarUrl: ownPath(from['avatar_url']),
    createdAt: time(from, 'created_at'),
  }
}

function sameMe(a: Me, b: Me): boolean {
  return (
    a.id === b.id &&
    a.email === b.email &&
    a.name === b.name &&
    a.admin === b.admin &&
    a.avatarUrl === b.avatarUrl
  )
}

/** Another version of this client may be speaking. */
export function readNote(value: unknown): Note | null {
  if (!isRecord(value)) return null
  try {
    if (value['t'] === 'out') return { t: 'out' }
    if (value['t'] === 'profile') return { t: 'profile', me: meOfNote(value['me']) }
    if (value['t'] !== 'in') return null
    const session = recordOf(value['session'], 'a session')
    return {
      t: 'in',
      session: {
        token: text(session, 'token'),
        endsAtMs: countOf(session, 'endsAtMs'),
        me: meOfNote(session['me']),
      },
    }
  } catch {
    return null
  }
}

function meOfNote(value: unknown): Me {
  const from = recordOf(value, 'an account')
  return {
    id: text(from, 'id'),
    email: text(from, 'email'),
    name: text(from, 'name'),
    admin: from['admin'] === true,
    avatarUrl: ownPath(from['avatarUrl']),
    createdAt: countOf(from, 'createdAt'),
  }
}
