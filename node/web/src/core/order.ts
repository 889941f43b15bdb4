/**
 * Z-order: fractional indexes as text, lowest first; equal ones are ordered by id.
 *
 * Keys come from any client, so a key here may be one the library refuses; then a key is made by
 * plain string arithmetic, which needs nothing but the alphabet's order.
 */
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing'
import type { ElementId } from './elements/types'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export interface Place {
  readonly z: string
  readonly id: ElementId
}

export function comparePlaces(a: Place, b: Place): number {
  // Code unit order, which for the alphabet of `z` is also its order as bytes on the server.
  if (a.z !== b.z) return a.z < b.z ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** `count` rising keys strictly between two keys; null stands for the open end. */
export function keysBetween(below: string | null, above: string | null, count: number): string[] {
  if (count === 0) return []
  if (below !== null && above !== null && below >= above) return keysBetween(below, null, count)
  try {
    const keys = generateNKeysBetween(below, above, count)
    if (keys.every((key) => (below === null || key > below) && (above === null || key < above))) return keys
  } catch {
    // A key that the library did not make; fall through to plain arithmetic.
  }
  const keys: string[] = []
  let last = below
  for (let i = 0; i < count; i++) {
    // Nothing lies below `0` and the like; what came out above goes on from there.
    last = plainBetween(last ?? '', last !== null && above !== null && last >= above ? null : above)
    keys.push(last)
  }
  return keys
}

/** Keys for so many elements above everything there is. */
export function keysOnTop(board: { highestKey(): string | null }, count: number): string[] {
  return keysBetween(board.highestKey(), null, count)
}

export function keyAbove(below: string | null): string {
  try {
    return generateKeyBetween(below, null)
  } catch {
    return plainBetween(below ?? '', null)
  }
}

/** A string between two, read as fractions in base 62. `below` < `above`. */
function plainBetween(below: string, above: string | null): string {
  let prefix = ''
  let free = above === null
  for (let i = 0; ; i++) {
    // Nothing lies between a key and the same key with zeros behind it: then above both.
    if (above !== null && !free && i >= above.length) return above + DIGITS.charAt(DIGITS.length / 2)
    const low = i < below.length ? DIGITS.indexOf(below.charAt(i)) : 0
    const high = free || above === null ? DIGITS.length : DIGITS.indexOf(above.charAt(i))
    if (high - low > 1) return prefix + DIGITS.charAt(Math.floor((low + high) / 2))
    prefix += DIGITS.charAt(low)
    if (high > low) free = true
  }
}
