/** Making a Y.Text hold another string by the smallest change, so that what others type survives. */
import type * as Y from 'yjs'

export interface Splice {
  readonly at: number
  readonly removed: number
  readonly inserted: string
}

/** What lies between the common start and the common end; never cuts a surrogate pair. */
export function spliceBetween(before: string, after: string): Splice | null {
  if (before === after) return null
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++
  if (start > 0 && isHighSurrogate(before.charCodeAt(start - 1))) start--
  let end = 0
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  ) {
    end++
  }
  if (end > 0 && isLowSurrogate(before.charCodeAt(before.length - end))) end--
  return { at: start, removed: before.length - start - end, inserted: after.slice(start, after.length - end) }
}

export function setYText(text: Y.Text, after: string): void {
  const splice = spliceBetween(text.toString(), after)
  if (!splice) return
  const places = placesOf(text)
  const at = places[splice.at] ?? text.length
  // One by one from behind, only where embeds stand in between; otherwise this is one deletion.
  for (const run of runs(places.slice(splice.at, splice.at + splice.removed)).toReversed()) {
    text.delete(run.from, run.count)
  }
  if (splice.inserted !== '') text.insert(at, splice.inserted)
}

/** For each character of the plain text its index in the Y.Text, which counts embeds too. */
function placesOf(text: Y.Text): number[] {
  const places: number[] = []
  let at = 0
  for (const op of text.toDelta() as { insert: unknown }[]) {
    if (typeof op.insert === 'string') {
      for (let i = 0; i < op.insert.length; i++) places.push(at++)
    } else {
      at++
    }
  }
  return places
}

function runs(places: readonly number[]): { from: number; count: number }[] {
  const out: { from: number; count: number }[] = []
  for (const place of places) {
    const last = out.at(-1)
    if (last && last.from + last.count === place) last.count++
    else out.push({ from: place, count: 1 })
  }
  return out
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
