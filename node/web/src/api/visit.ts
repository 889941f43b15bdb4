/** A visit by a share link: what speaks for this tab on one board, kept as long as the tab. */

import type { WritableStore } from '../core/store'
import { createStore } from '../core/store'
import { isRecord } from './read'
import type { Role } from './role'
import { readRole } from './role'

export interface Visit {
  /** Made here: what this tab keeps offline goes under it. */
  readonly id: string
  /** The link's secret, which leads back when the visit has ended. */
  readonly link: string
  readonly board: string
  readonly token: string
  /** The token's end. While it holds, it brings the next one. */
  readonly endsAtMs: number
  readonly role: Role
  /** How the guest is called, once they have said. */
  readonly name: string | null
}

const KEY_BEFORE = 'easel.visit.'

/** One for each board that was asked for. Where storage is blocked a visit lasts as long as the page. */
const visits = new Map<string, WritableStore<Visit | null>>()

export function visitStore(board: string): WritableStore<Visit | null> {
  const held = visits.get(board)
  if (held !== undefined) return held
  const store = createStore(readKept(board))
  visits.set(board, store)
  return store
}

export function visitOf(board: string): Visit | null {
  return visitStore(board).get()
}

export function keepVisit(visit: Visit): void {
  visitStore(visit.board).set(visit)
  try {
    sessionStorage.setItem(KEY_BEFORE + visit.board, JSON.stringify(visit))
  } catch {
    // As above.
  }
}

export function dropVisit(board: string): void {
  visitStore(board).set(null)
  try {
    sessionStorage.removeItem(KEY_BEFORE + board)
  } catch {
    // There was none.
  }
}

/** Whom what a tab keeps of the board belongs to. */
export function ownerOfVisit(visit: string): string {
  return `visit.${visit}`
}

export function isVisit(owner: string): boolean {
  return owner.startsWith(ownerOfVisit(''))
}

/** The board that a path below `/api/v1` is about. */
export function boardOfPath(path: string): string | null {
  return /^\/boards\/(brd_[a-z0-9]+)(?:[/?]|$)/.exec(path)?.[1] ?? null
}

function readKept(board: string): Visit | null {
  try {
    return readVisit(JSON.parse(sessionStorage.getItem(KEY_BEFORE + board) ?? 'null'))
  } catch {
    return null
  }
}

function readVisit(value: unknown): Visit | null {
  if (!isRecord(value)) return null
  const { id, link, board, token, endsAtMs, name } = value
  if (typeof id !== 'string' || typeof link !== 'string') return null
  if (typeof board !== 'string' || typeof token !== 'string' || typeof endsAtMs !== 'number') return null
  return {
    id,
    link,
    board,
    token,
    endsAtMs,
    role: readRole(value['role']),
    name: typeof name === 'string' ? name : null,
  }
}
