/** Reading what REST answers: strict in what is used and blind to the rest. */

export type Members = Readonly<Record<string, unknown>>

/** The server answered with success and something else than was agreed. */
export class MalformedAnswer extends Error {
  constructor(expected: string) {
    super(`The server's answer is not ${expected}.`)
    this.name = 'MalformedAnswer'
  }
}

export function isRecord(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function recordOf(value: unknown, what: string): Members {
  if (!isRecord(value)) throw new MalformedAnswer(what)
  return value
}

/** The members of `{ data: […] }`. */
export function dataOf<T>(value: unknown, what: string, read: (one: unknown) => T): readonly T[] {
  const data = isRecord(value) ? value['data'] : undefined
  if (!Array.isArray(data)) throw new MalformedAnswer(what)
  return data.map(read)
}

export function nextCursorOf(value: unknown): string | null {
  return isRecord(value) ? optionalText(value, 'next_cursor') : null
}

export function text(from: Members, key: string): string {
  const value = from[key]
  if (typeof value !== 'string') throw new MalformedAnswer(`something with "${key}"`)
  return value
}

export function optionalText(from: Members, key: string): string | null {
  const value = from[key]
  return typeof value === 'string' ? value : null
}

/** Milliseconds since 1970. */
export function time(from: Members, key: string): number {
  const ms = Date.parse(text(from, key))
  if (Number.isNaN(ms)) throw new MalformedAnswer(`something with a time in "${key}"`)
  return ms
}

export function optionalTime(from: Members, key: string): number | null {
  const value = from[key]
  return value === null || value === undefined ? null : time(from, key)
}

export function countOf(from: Members, key: string): number {
  const value = from[key]
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0
}

export function optionalCount(from: Members, key: string): number | null {
  return typeof from[key] === 'number' ? countOf(from, key) : null
}

/** Only addresses of this very server are followed. */
export function ownPath(value: unknown): string | null {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : null
}
