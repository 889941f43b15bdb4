/** Changes of a Y.Text in the units of its plain text, so small that what others type survives. */
import type * as Y from 'yjs'
import type { RichText } from '../core/text'
import { MARK_NAMES, richFromDelta } from '../core/text/runs'
import type { MarkedSplice, MarksPatch } from '../core/writing/marks'
import { spliceBetween, type Splice } from '../core/writing/splice'

/** The letters, with the formats that this version knows where there are any. */
export function readYText(text: Y.Text): string | RichText {
  const rich = richFromDelta(text.toDelta() as unknown[])
  return rich.runs.length > 0 ? rich : rich.text
}

export function setYText(text: Y.Text, after: string): void {
  const splice = spliceBetween(text.toString(), after)
  if (splice) spliceYText(text, splice)
}

export function spliceYText(text: Y.Text, splice: MarkedSplice): void {
  const places = placesOf(text)
  const at = places[splice.at] ?? text.length
  // One by one from behind, only where embeds stand in between; otherwise this is one deletion.
  for (const run of runs(places.slice(splice.at, splice.at + splice.removed)).toReversed()) {
    text.delete(run.from, run.count)
  }
  if (splice.inserted === '') return
  // Formats of a later version go on from the letter before.
  text.insert(at, splice.inserted)
  if (splice.marks) text.format(at, splice.inserted.length, { ...NO_MARKS, ...splice.marks })
}

const NO_MARKS = Object.fromEntries(MARK_NAMES.map((name) => [name, null]))

export function formatYText(text: Y.Text, from: number, to: number, marks: MarksPatch): void {
  for (const run of runs(placesOf(text).slice(from, to))) text.format(run.from, run.count, { ...marks })
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

/** What an event did to the plain text, one after the other; null where it cannot be told because of embeds. */
export function splicesOf(event: Y.YTextEvent): readonly Splice[] | null {
  const out: Splice[] = []
  let at = 0
  for (const op of event.delta) {
    if (op.retain !== undefined) at += op.retain
    else if (op.delete !== undefined) out.push({ at, removed: op.delete, inserted: '' })
    else if (typeof op.insert === 'string') {
      const last = out.at(-1)
      if (last?.at === at && last.inserted === '') out[out.length - 1] = { ...last, inserted: op.insert }
      else out.push({ at, removed: 0, inserted: op.insert })
      at += op.insert.length
    } else return null
  }
  const { target } = event
  return target.length === target.toString().length ? out : null
}
