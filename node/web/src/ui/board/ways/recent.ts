/** What was chosen from the palette lately, the latest first. Nothing of a guest is kept. */

import { ACTION_IDS, type ActionId } from '../../../core/actions/table'
import { isVisit } from '../../../api/visit'

const KEY = 'easel.recent'
const RECENT_MAX = 6

const keyOf = (owner: string) => (owner === '' ? KEY : `${KEY}.${owner}`)

export function recentActions(owner: string): readonly ActionId[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(owner)) ?? '[]')
    return Array.isArray(kept) ? ACTION_IDS.filter((id) => kept.includes(id)).toSorted(by(kept)) : []
  } catch {
    return []
  }
}

export function keepRecent(owner: string, action: ActionId): void {
  if (isVisit(owner)) return
  const next = [action, ...recentActions(owner).filter((one) => one !== action)].slice(0, RECENT_MAX)
  try {
    localStorage.setItem(keyOf(owner), JSON.stringify(next))
  } catch {
    // Storage is blocked or full: the palette goes without.
  }
}

function by(kept: readonly unknown[]): (a: ActionId, b: ActionId) => number {
  return (a, b) => kept.indexOf(a) - kept.indexOf(b)
}
