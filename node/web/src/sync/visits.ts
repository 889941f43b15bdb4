/** What was kept for visits by a share link goes when nobody has come back for long. */

import { ownerOfVisit } from '../api/visit'
import { deleteOffline } from './unsent'

const KEY = 'easel.visits'
const KEPT_MS = 7 * 24 * 60 * 60 * 1000

/** A visit is used now. */
export function noteVisit(visit: string, nowMs: number): void {
  const { kept, over } = sweep({ ...read(), [visit]: nowMs }, nowMs)
  try {
    localStorage.setItem(KEY, JSON.stringify(kept))
  } catch {
    // Storage is blocked, and so nothing was kept either.
    return
  }
  for (const one of over) void deleteOffline(ownerOfVisit(one))
}

export function sweep(
  used: Readonly<Record<string, number>>,
  nowMs: number,
): { readonly kept: Readonly<Record<string, number>>; readonly over: readonly string[] } {
  const all = Object.entries(used)
  const isOver = ([, atMs]: readonly [string, number]) => nowMs - atMs > KEPT_MS
  return {
    kept: Object.fromEntries(all.filter((one) => !isOver(one))),
    over: all.filter(isOver).map(([visit]) => visit),
  }
}

function read(): Readonly<Record<string, number>> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    if (typeof kept !== 'object' || kept === null) return {}
    return Object.fromEntries(Object.entries(kept).filter(([, atMs]) => typeof atMs === 'number'))
  } catch {
    return {}
  }
}
