/** Which entries answer to what is typed, best first: every letter in order, better at the start of words and together. */

export interface Ranked<T> {
  readonly entry: T
  readonly score: number
}

/** Entries that were used lately come first among their like; with nothing typed before all others. */
export function rank<T>(
  query: string,
  entries: readonly T[],
  labelOf: (entry: T) => string,
  recencyOf: (entry: T) => number,
): readonly T[] {
  const wanted = folded(query).replaceAll(' ', '')
  const scored: Ranked<T>[] = []
  for (const entry of entries) {
    const score = wanted === '' ? 0 : scoreOf(wanted, folded(labelOf(entry)))
    if (score !== null) scored.push({ entry, score: score + recencyOf(entry) * RECENT })
  }
  // Sorting is stable: entries of the same worth stay in the order of the table.
  return scored.sort((a, b) => b.score - a.score).map(({ entry }) => entry)
}

/** Without case and accents. */
export function folded(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
}

const START = 8
const WORD = 5
const TOGETHER = 3
const RECENT = 2

/** Null when not all of the letters are there in this order. */
function scoreOf(wanted: string, label: string): number | null {
  const whole = label.replaceAll(' ', '').indexOf(wanted)
  let at = -1
  let score = 0
  for (const letter of wanted) {
    const next = nextPlace(label, letter, at)
    if (next === -1) return null
    if (next === 0) score += START
    else if (label[next - 1] === ' ') score += WORD
    else if (next === at + 1) score += TOGETHER
    else score -= 1
    at = next
  }
  // All of it in one piece beats letters picked from here and there.
  if (whole !== -1) score += TOGETHER * wanted.length
  return score - label.length / 100
}

/** The next letter of the word under way, else the start of a later word, else anywhere. */
function nextPlace(label: string, letter: string, after: number): number {
  if (label[after + 1] === letter && after >= 0) return after + 1
  const first = label.startsWith(letter) && after < 0 ? 0 : -1
  if (first === 0) return 0
  const word = label.indexOf(` ${letter}`, Math.max(after, 0))
  return word === -1 ? label.indexOf(letter, after + 1) : word + 1
}
