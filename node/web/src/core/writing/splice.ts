/**
 * A change of a text as "here, so many units out, these in", and what becomes of places and other changes when such
 * changes come before them. Units are UTF-16 code units, as everywhere in the browser.
 */

export interface Splice {
  readonly at: number
  readonly removed: number
  readonly inserted: string
}

/** What lies between the common start and the common end; never cuts a surrogate pair. */
export function spliceBetween(before: string, after: string): Splice | null {
  return spliceEndingAt(before, after, after.length)
}

/**
 * The change that made `after` of `before` and left the caret at `caret`: of several that would do, the one that ends
 * there. A caret that cannot be where it is said to be is ignored.
 */
export function spliceEndingAt(before: string, after: string, caret: number): Splice | null {
  if (before === after) return null
  const told = after.length - caret
  const kept = told > 0 && told <= before.length && before.endsWith(after.slice(caret)) ? told : 0
  const shorter = Math.min(before.length, after.length) - kept
  let start = 0
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++
  if (start > 0 && isHighSurrogate(before.charCodeAt(start - 1))) start--
  let end = kept
  const most = shorter + kept - start
  while (
    end < most &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  ) {
    end++
  }
  if (end > 0 && isLowSurrogate(before.charCodeAt(before.length - end))) end--
  return { at: start, removed: before.length - start - end, inserted: after.slice(start, after.length - end) }
}

/** What is inserted just at a place comes after it, or before it. */
export type Side = 'stays' | 'gives-way'

/** Where a place is after the change; one that lay in what is gone comes after what came instead. */
export function placeAfter(place: number, { at, removed, inserted }: Splice, side: Side = 'stays'): number {
  if (place < at || (place === at && side === 'stays')) return place
  return place < at + removed ? at + inserted.length : place + inserted.length - removed
}

export function placeAfterAll(place: number, splices: readonly Splice[]): number {
  return splices.reduce((now, splice) => placeAfter(now, splice), place)
}

/**
 * Two lists of changes made to the same text, each as it is to be made after the other. Both ways give one text, in
 * which nothing is taken out that its own list did not mean. At the same place what `ours` inserts comes first.
 */
export function crossed(
  ours: readonly Splice[],
  theirs: readonly Splice[],
): { readonly ours: readonly Splice[]; readonly theirs: readonly Splice[] } {
  const [our, ...ourRest] = ours
  const [their, ...theirRest] = theirs
  if (our === undefined || their === undefined) return { ours, theirs }
  const first = { ours: moved(our, their, 'stays'), theirs: moved(their, our, 'gives-way') }
  const down = crossed(first.ours, theirRest)
  const right = crossed(ourRest, [...first.theirs, ...down.theirs])
  return { ours: [...down.ours, ...right.ours], theirs: right.theirs }
}

/** One change after another that was made to the same text: in two parts where the other inserted in its middle. */
function moved(splice: Splice, other: Splice, side: Side): readonly Splice[] {
  const { at, removed } = splice
  const end = other.at + other.removed
  const by = other.inserted.length - other.removed
  const place = placeAfter(at, other, side)
  const parts = [
    { from: at, to: Math.min(at + removed, other.at) },
    { from: Math.max(at, end) + by, to: at + removed + by },
  ].filter(({ from, to }) => from < to)
  const [first, second] = parts
  if (first && second && first.to === second.from) parts.splice(0, 2, { from: first.from, to: second.to })
  // From behind, so that the places of those before still hold.
  const out = parts.toReversed().map(({ from, to }) => ({ at: from, removed: to - from, inserted: '' }))
  if (splice.inserted === '') return out
  const last = out.at(-1)
  if (last?.at !== place) return [...out, { at: place, removed: 0, inserted: splice.inserted }]
  return [...out.slice(0, -1), { ...last, inserted: splice.inserted }]
}

export function spliced(text: string, splices: readonly Splice[]): string {
  return splices.reduce(
    (now, { at, removed, inserted }) => now.slice(0, at) + inserted + now.slice(at + removed),
    text,
  )
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
