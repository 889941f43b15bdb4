/**
 * Text and a width to lines of words, each with its x; everything in whole font units. The twin of
 * `node/board/src/text/lines.rs`, which states the rules; `node/board/fixtures/text.json` holds the
 * two together.
 */
import { classOf, IS_NEWLINE, IS_RTL, IS_SPACE } from './advances'
import { clusters, codeAt } from './clusters'
import type { Clusters } from './clusters'

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

/** A text cut into clusters: what is the same for every width and size. */
export interface PreparedText {
  readonly text: string
  readonly paragraphs: readonly Paragraph[]
}

interface Paragraph extends Clusters {
  readonly start: number
  readonly end: number
}

/** Breaks `text` into lines no wider than `widthMax` font units, or at newlines only. */
export function breakLines(text: string, widthMax: number | null): BrokenText {
  return breakPrepared(prepareText(text), widthMax)
}

export function prepareText(text: string): PreparedText {
  const paragraphs: Paragraph[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x0a && at > 0 && text.charCodeAt(at - 1) === 0x0d) {
      start = at + 1
    } else if ((classOf(code) & IS_NEWLINE) !== 0) {
      paragraphs.push(paragraphOf(text, start, at))
      start = at + 1
    }
  }
  paragraphs.push(paragraphOf(text, start, text.length))
  return { text, paragraphs }
}

function paragraphOf(text: string, start: number, end: number): Paragraph {
  return { start, end, ...clusters(text, start, end) }
}

export function breakPrepared(prepared: PreparedText, widthMax: number | null): BrokenText {
  const lines: Line[] = []
  const ends: number[] = []
  let cutWords = false
  for (const paragraph of prepared.paragraphs) {
    ends.length = 0
    if (fill(paragraph, widthMax ?? Infinity, Infinity, ends) === 'cut') cutWords = true
    let from = 0
    for (const end of ends) {
      lines.push(lineOf(prepared.text, paragraph, from, end))
      from = end
    }
  }
  let width = 0
  for (const line of lines) width = Math.max(width, line.width)
  return { lines, width, cutWords }
}

/** Whether the text takes no more than `linesMax` lines of this width, and if a word is cut for it. */
export function fitLines(prepared: PreparedText, widthMax: number, linesMax: number): Fit {
  const ends: number[] = []
  let fit: Fit = 'whole'
  for (const paragraph of prepared.paragraphs) {
    const part = fill(paragraph, widthMax, linesMax, ends)
    if (part === 'too-long') return part
    if (part === 'cut') fit = part
  }
  return fit
}

export type Fit = 'whole' | 'cut' | 'too-long'

/**
 * Fills lines greedily and pushes the end of each, as an index of a cluster; stops when they are more
 * than `linesMax`. `line` is the first cluster of the line being filled, `turn` the last place on it
 * where it may break, `x` the width from `line` up to the cluster in hand.
 */
function fill(paragraph: Paragraph, widthMax: number, linesMax: number, ends: number[]): Fit {
  const { count, advances, classes, mayBreak } = paragraph
  let line = 0
  let turn = 0
  let x = 0
  let fit: Fit = 'whole'
  for (let at = 0; at < count; at++) {
    const advance = advances[at] ?? 0
    if (((classes[at] ?? 0) & IS_SPACE) !== 0) {
      x += advance
      turn = at + 1
      continue
    }
    if (mayBreak[at] === 1) turn = at
    if (x + advance > widthMax && turn > line) {
      ends.push(turn)
      if (ends.length >= linesMax) return 'too-long'
      line = turn
      x = 0
      for (let moved = line; moved < at; moved++) x += advances[moved] ?? 0
    }
    if (x + advance > widthMax && at > line) {
      ends.push(at)
      if (ends.length >= linesMax) return 'too-long'
      fit = 'cut'
      line = at
      turn = at
      x = 0
    }
    x += advance
  }
  ends.push(count)
  return ends.length > linesMax ? 'too-long' : fit
}

interface OpenWord {
  readonly start: number
  end: number
  readonly x: number
  width: number
}

function lineOf(text: string, paragraph: Paragraph, from: number, to: number): Line {
  const { starts, advances, classes } = paragraph
  let words: OpenWord[] = []
  let word: OpenWord | undefined
  let isRtl = false
  let x = 0
  for (let at = from; at < to; at++) {
    const advance = advances[at] ?? 0
    const own = classes[at] ?? 0
    if ((own & IS_SPACE) !== 0) {
      word = undefined
    } else if (word !== undefined) {
      word.end = starts[at + 1] ?? word.end
      word.width += advance
    } else {
      word = { start: starts[at] ?? 0, end: starts[at + 1] ?? 0, x, width: advance }
      words.push(word)
    }
    isRtl ||= (own & IS_RTL) !== 0
    x += advance
  }
  if (isRtl) words = mergeRtl(text, words)
  const last = words.at(-1)
  return {
    start: starts[from] ?? paragraph.start,
    end: starts[to] ?? paragraph.end,
    width: last === undefined ? 0 : last.x + last.width,
    words,
  }
}

/** Joins right-to-left words with their like, across words that have no direction of their own. */
function mergeRtl(text: string, words: OpenWord[]): OpenWord[] {
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
    if ((classOf(code) & IS_RTL) !== 0) return 'rtl'
    if (code > 0x40 && (code < 0x2000 || code > 0x206f)) direction = 'ltr'
    if (code > 0xffff) at++
  }
  return direction
}
