/**
 * Text and a width to lines of words, each with its x; everything in whole font units. The twin of
 * `node/board/src/text/lines.rs`, which states the rules; `node/board/fixtures/text.json` holds the
 * two together.
 */
import { isNewline, isRtl } from './advances'
import { BREAK_AFTER, NO_BREAK_AFTER, NO_BREAK_BEFORE } from './advances.gen'
import { clusters, codeAt } from './clusters'
import type { Cluster } from './clusters'

export interface Word {
  /** UTF-16 code units of the text. */
  readonly start: number
  readonly end: number
  /** From the start of the line, in font units. */
  readonly x: number
  /** What the table says the word takes, in font units. */
  readonly width: number
}

export interface Line {
  /** UTF-16 code units of the text: hanging spaces included, the newline not. */
  readonly start: number
  readonly end: number
  /** Without hanging spaces, in font units. */
  readonly width: number
  readonly words: readonly Word[]
}

export interface BrokenText {
  /** At least one, also of an empty text. */
  readonly lines: readonly Line[]
  /** Of the widest line, in font units. */
  readonly width: number
  /** Whether a word had to be cut in two. */
  readonly cutWords: boolean
}

/** Breaks `text` into lines no wider than `widthMax` font units, or at newlines only. */
export function breakLines(text: string, widthMax: number | null): BrokenText {
  const lines: Line[] = []
  let cutWords = false
  for (const [start, end] of paragraphs(text)) {
    if (breakParagraph(text, start, end, widthMax ?? Infinity, lines)) cutWords = true
  }
  let width = 0
  for (const line of lines) width = Math.max(width, line.width)
  return { lines, width, cutWords }
}

function paragraphs(text: string): [start: number, end: number][] {
  const out: [number, number][] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x0a && at > 0 && text.charCodeAt(at - 1) === 0x0d) {
      start = at + 1
    } else if (isNewline(code)) {
      out.push([start, at])
      start = at + 1
    }
  }
  out.push([start, text.length])
  return out
}

/**
 * Fills lines greedily. `line` is the first cluster of the line being filled, `turn` the last place
 * on it where it may break, `x` the width from `line` up to the cluster in hand. True when a word
 * had to be cut.
 */
function breakParagraph(text: string, start: number, end: number, widthMax: number, lines: Line[]): boolean {
  const all = clusters(text, start, end)
  let line = 0
  let turn = 0
  let x = 0
  let cut = false
  all.forEach((cluster, at) => {
    if (cluster.kind === 'space') {
      x += cluster.advance
      turn = at + 1
      return
    }
    if (mayBreakBefore(all, at)) turn = at
    if (x + cluster.advance > widthMax && turn > line) {
      lines.push(lineOf(text, all.slice(line, turn)))
      line = turn
      x = 0
      for (const moved of all.slice(line, at)) x += moved.advance
    }
    if (x + cluster.advance > widthMax && at > line) {
      lines.push(lineOf(text, all.slice(line, at)))
      cut = true
      line = at
      turn = at
      x = 0
    }
    x += cluster.advance
  })
  if (line < all.length) lines.push(lineOf(text, all.slice(line)))
  else lines.push({ start, end, width: 0, words: [] })
  return cut
}

interface OpenWord {
  readonly start: number
  end: number
  readonly x: number
  width: number
}

function lineOf(text: string, line: readonly Cluster[]): Line {
  let words: OpenWord[] = []
  let word: OpenWord | undefined
  let x = 0
  for (const cluster of line) {
    if (cluster.kind === 'space') {
      word = undefined
    } else if (word !== undefined) {
      word.end = cluster.end
      word.width += cluster.advance
    } else {
      word = { start: cluster.start, end: cluster.end, x, width: cluster.advance }
      words.push(word)
    }
    x += cluster.advance
  }
  words = mergeRtl(text, words)
  const last = words.at(-1)
  return {
    start: line[0]?.start ?? 0,
    end: line.at(-1)?.end ?? 0,
    width: last === undefined ? 0 : last.x + last.width,
    words,
  }
}

/** Joins right-to-left words with their like, across words that have no direction of their own. */
function mergeRtl(text: string, words: OpenWord[]): OpenWord[] {
  if (!words.some((word) => directionOf(text, word) === 'rtl')) return words
  const out: OpenWord[] = []
  // The right-to-left word that a later one may join, and its place in `out`.
  let open: { readonly word: OpenWord; readonly index: number } | undefined
  for (const word of words) {
    const direction = directionOf(text, word)
    if (direction === 'rtl' && open !== undefined) {
      out.length = open.index + 1
      open.word.end = word.end
      open.word.width = word.x + word.width - open.word.x
      continue
    }
    if (direction === 'rtl') open = { word, index: out.length }
    else if (direction === 'ltr') open = undefined
    out.push(word)
  }
  return out
}

function directionOf(text: string, word: OpenWord): 'ltr' | 'rtl' | 'neutral' {
  let direction: 'ltr' | 'neutral' = 'neutral'
  for (let at = word.start; at < word.end; at++) {
    const code = codeAt(text, at)
    if (isRtl(code)) return 'rtl'
    if (code > 0x40 && (code < 0x2000 || code > 0x206f)) direction = 'ltr'
    if (code > 0xffff) at++
  }
  return direction
}

const noBreakBefore = new Set(NO_BREAK_BEFORE)
const noBreakAfter = new Set(NO_BREAK_AFTER)
const breakAfter = new Set(BREAK_AFTER)

/**
 * Whether a line may break between the cluster at `at`, which is no space, and the one before it.
 * After spaces it may in any case; that is not asked here.
 */
function mayBreakBefore(all: readonly Cluster[], at: number): boolean {
  const next = all[at]
  const before = all[at - 1]
  if (next === undefined || before === undefined || before.kind === 'space') return false
  if (noBreakBefore.has(next.base) || noBreakAfter.has(before.base)) return false
  if (before.kind === 'wide' || next.kind === 'wide') return true
  if (!breakAfter.has(before.base) || breakAfter.has(next.base)) return false
  if (next.base >= 0x30 && next.base <= 0x39) return false
  const earlier = all[at - 2]
  return earlier !== undefined && earlier.kind !== 'space' && !breakAfter.has(earlier.base)
}
