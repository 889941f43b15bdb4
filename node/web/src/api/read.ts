/** Reading what REST answers: strict in what is used and blind to the rest. */

export type Members = Readonly<Record<string, unknown>>

/** The members that the interface's description promises, none of them looked at yet. */
export type Unread<T> = { readonly [Member in KeysOf<T>]?: unknown }

/** Those of every kind that it may be. */
type KeysOf<T> = T extends unknown ? keyof T : never

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

export function recordOf<T = Members>(value: unknown, what: string): Unread<T> {
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

export function text<From extends object>(from: From, key: keyof From): string {
  const value = from[key]
  if (typeof value !== 'string') throw new MalformedAnswer(`something with "${String(key)}"`)
  return value
}

export function optionalText<From extends object>(from: From, key: keyof From): string | null {
  const value = from[key]
  return typeof value === 'string' ? value : null
}

/** Milliseconds since 1970. */
export function time<From extends object>(from: From, key: keyof From): number {
  const ms = Date.parse(text(from, key))
  if (Number.isNaN(ms)) throw new MalformedAnswer(`something with a time in "${String(key)}"`)
  return ms
}

export function optionalTime<From extends object>(from: From, key: keyof From): number | null {
  const value = from[key]
  return value === null || value === undefined ? null : time(from, key)
}

export function countOf<From extends object>(from: From, key: keyof From): number {
  const value = from[key]
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0
}

export function optionalCount<From extends object>(from: From, key: keyof From): number | null {
  return typeof from[key] === 'number' ? countOf(from, key) : null
}

/** Only addresses of this very server are followed. */
export function ownPath(value: unknown): string | null {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : null
}
