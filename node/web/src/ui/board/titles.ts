/** The titles of boards opened in this browser, for when the server does not answer. Each person has their own. */

import { isVisit } from '../../api/visit'

export const TITLE_CHARS_MAX = 200

const KEY = 'easel.titles'
const TITLES_MAX = 200

function keyOf(owner: string): string {
  return owner === '' ? KEY : `${KEY}.${owner}`
}

function read(owner: string): [string, string][] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(owner)) ?? '[]')
    return Array.isArray(kept) ? kept.filter(isTitle) : []
  } catch {
    return []
  }
}

function isTitle(value: unknown): value is [string, string] {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'string'
}

export function keptTitle(owner: string, board: string): string | null {
  return read(owner).find(([id]) => id === board)?.[1] ?? null
}

/** Keeps the latest ones; the oldest go. A guest's go with their visit, so none are kept. */
export function keepTitle(owner: string, board: string, title: string): void {
  if (isVisit(owner)) return
  const kept = read(owner)
  if (kept[0]?.[0] === board && kept[0][1] === title) return
  const next = [[board, title], ...kept.filter(([id]) => id !== board)].slice(0, TITLES_MAX)
  try {
    localStorage.setItem(keyOf(owner), JSON.stringify(next))
  } catch {
    // Storage is blocked or full: offline, the board goes without its title.
  }
}

export function forgetTitles(owner: string): void {
  try {
    localStorage.removeItem(keyOf(owner))
  } catch {
    // There were none.
  }
}
