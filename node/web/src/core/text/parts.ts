/** A text that is longer than one element holds, in parts that each are held: cut where a reader would pause. */
import { TEXT_LENGTH_MAX } from '../schema.gen'

export interface Part {
  readonly from: number
  readonly to: number
}

/** Where the text could be cut best, best first. */
const PAUSES = ['\n\n', '\n', ' '] as const

/** A text that fits is one part. What stands at a cut, a line break or a space, is in neither part. */
export function partsOf(text: string, longest = TEXT_LENGTH_MAX): readonly Part[] {
  const parts: Part[] = []
  let from = 0
  while (text.length - from > longest) {
    const { to, next } = cutIn(text, from, longest)
    parts.push({ from, to })
    from = next
  }
  return [...parts, { from, to: text.length }]
}

function cutIn(text: string, from: number, longest: number): { readonly to: number; readonly next: number } {
  // Not so near to the beginning that the parts become small.
  const least = from + longest / 2
  for (const pause of PAUSES) {
    const at = text.lastIndexOf(pause, from + longest)
    if (at >= least) return { to: at, next: at + pause.length }
  }
  const to = wholeBefore(text, from + longest)
  return { to, next: to }
}

/** The place, or the one before it when it lies within a surrogate pair. */
export function wholeBefore(text: string, place: number): number {
  const unit = text.charCodeAt(place)
  return place > 0 && unit >= 0xdc00 && unit < 0xe000 ? place - 1 : place
}
