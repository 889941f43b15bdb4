/** A board as REST speaks of it, read strictly in what is used and blind to the rest. */

import { isRecord } from './problem'

export interface Board {
  readonly id: string
  readonly title: string
  /** Milliseconds since 1970, as are the others. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly trashedAt: number | null
  /** Rises with every stored change to the content. */
  readonly seq: number
  /** How many have the board open now. */
  readonly present: number
  readonly syncUrl: string
  readonly previewUrl: string
}

export interface BoardPage {
  readonly boards: readonly Board[]
  readonly nextCursor: string | null
}

export function parseBoard(value: unknown): Board {
  if (!isRecord(value)) throw new MalformedAnswer('a board')
  const id = text(value, 'id')
  const trashedAt = value['trashed_at']
  return {
    id,
    title: text(value, 'title'),
    createdAt: time(value, 'created_at'),
    updatedAt: time(value, 'updated_at'),
    trashedAt: trashedAt === null || trashedAt === undefined ? null : time(value, 'trashed_at'),
    seq: countOf(value, 'seq'),
    present: countOf(value, 'present'),
    syncUrl: ownPath(value['sync_url']) ?? `/sync/${id}`,
    previewUrl: ownPath(value['preview_url']) ?? `/api/v1/boards/${id}/preview.svg`,
  }
}

export function parseBoardPage(value: unknown): BoardPage {
  if (!isRecord(value) || !Array.isArray(value['data'])) throw new MalformedAnswer('a list of boards')
  const next = value['next_cursor']
  return { boards: value['data'].map(parseBoard), nextCursor: typeof next === 'string' ? next : null }
}

/** The server answered with success and something else than was agreed. */
export class MalformedAnswer extends Error {
  constructor(expected: string) {
    super(`The server's answer is not ${expected}.`)
    this.name = 'MalformedAnswer'
  }
}

function text(from: Readonly<Record<string, unknown>>, key: string): string {
  const value = from[key]
  if (typeof value !== 'string') throw new MalformedAnswer(`a board with "${key}"`)
  return value
}

function time(from: Readonly<Record<string, unknown>>, key: string): number {
  const ms = Date.parse(text(from, key))
  if (Number.isNaN(ms)) throw new MalformedAnswer(`a board with a time in "${key}"`)
  return ms
}

function countOf(from: Readonly<Record<string, unknown>>, key: string): number {
  const value = from[key]
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0
}

/** Only addresses of this very server are followed. */
function ownPath(value: unknown): string | null {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : null
}
