/** A visit by a share link: what speaks for this tab on one board, kept as long as the tab. */

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
  readonly role: Role
  /** How the guest is called, once they have said. */
  readonly name: string | null
}

const KEY_BEFORE = 'easel.visit.'

/** Storage may be blocked: then a visit lasts as long as the page. */
const inMemory = new Map<string, Visit>()

export function visitOf(board: string): Visit | null {
  const held = inMemory.get(board)
  if (held !== undefined) return held
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY_BEFORE + board) ?? 'null')
    return readVisit(kept)
  } catch {
    return null
  }
}

export function keepVisit(visit: Visit): void {
  inMemory.set(visit.board, visit)
  try {
    sessionStorage.setItem(KEY_BEFORE + visit.board, JSON.stringify(visit))
  } catch {
    // As above.
  }
}

export function dropVisit(board: string): void {
  inMemory.delete(board)
  try {
    sessionStorage.removeItem(KEY_BEFORE + board)
  } catch {
    // There was none.
  }
}

/** The board that a path below `/api/v1` is about. */
export function boardOfPath(path: string): string | null {
  return /^\/boards\/(brd_[a-z0-9]+)(?:[/?]|$)/.exec(path)?.[1] ?? null
}

function readVisit(value: unknown): Visit | null {
  if (!isRecord(value)) return null
  const { id, link, board, token, name } = value
  if (typeof id !== 'string' || typeof link !== 'string') return null
  if (typeof board !== 'string' || typeof token !== 'string') return null
  return {
    id,
    link,
    board,
    token,
    role: readRole(value['role']),
    name: typeof name === 'string' ? name : null,
  }
}
