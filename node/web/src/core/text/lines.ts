/**
 * Text and a width to lines of words, each with its x; everything in whole font units. The twin of
 * `node/board/src/text/lines.rs`, which states the rules; `node/board/fixtures/text.json` holds the
 * two together.
 */
import { advance, classOf, IS_NEWLINE, IS_RTL, IS_SPACE, isLtr } from './advances'
import { UNITS_PER_EM } from './advances.gen'
import { clusters, codeAt } from './clusters'
import type { Clusters } from './clusters'
import { listOf, NO_RUNS, stylesOf, type ListKind, type TextRun } from './runs'

/** How far the items of a list are moved in, in font units. */
const INDENT: Readonly<Record<ListKind, number>> = {
  bullet: (UNITS_PER_EM * 3) / 2,
  number: UNITS_PER_EM * 2,
}
/** Between a marker and its item. */
export const MARKER_GAP = UNITS_PER_EM / 2

export interface Word {
  /** UTF-16 code units of the text. */
  readonly start: number
  readonly end: number
  /** From the start of the line, in font units. */
  readonly x: number
  /** What the table says the word takes, in font units. */
  readonly width: number
  /** Bits of `runs.ts`. */
  readonly style: number
  /** Drawn from right to left. */
  readonly rtl: boolean
}

export interface Line {
  /** UTF-16 code units of the text: hanging spaces included, the newline not. */
  readonly start: number
  readonly end: number
  /** Without hanging spaces and indent, in font units. */
  readonly width: number
  /** As they follow each other in the text. */
  readonly words: readonly Word[]
  /** Of a paragraph that is written from right to left. */
  readonly rtl: boolean
  /** Kept free before the line, in font units. */
  readonly indent: number
  /** What stands before the first line of an item. */
  readonly marker: Marker | null
}

export interface Marker {
  readonly text: string
  /** In font units. */
  readonly width: number
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
  readonly rtl: boolean
  readonly indent: number
  readonly marker: Marker | null
}

/** Breaks `text` into lines no wider than `widthMax` font units, or at newlines only. */
export function breakLines(
  text: string,
  widthMax: number | null,
  runs: readonly TextRun[] = NO_RUNS,
): BrokenText {
  return breakPrepared(prepareText(text, runs), widthMax)
}

/** Where the paragraphs of a text begin and end, without their line breaks. */
export function paragraphsOf(text: string): (readonly [start: number, end: number])[] {
  const out: (readonly [number, number])[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x0a && at > 0 && text.charCodeAt(at - 1) === 0x0d) {
      start = at + 1
    } else if ((classOf(code) & IS_NEWLINE) !== 0) {
      out.push([start, at])
      start = at + 1
    }
  }
  out.push([start, text.length])
  return out
}

export function prepareText(text: string, runs: readonly TextRun[] = NO_RUNS): PreparedText {
  const bounds = paragraphsOf(text)
  let number = 0
  const paragraphs = bounds.map(([start, end], index): Paragraph => {
    const list = runs.length === 0 ? null : listOf(runs, start, end, bounds[index + 1]?.[0] ?? null)
    number = list === 'number' ? number + 1 : 0
    const cut = clusters(text, start, end, runs.length === 0 ? null : stylesOf(runs, start, end))
    return {
      start,
      end,
      ...cut,
      rtl: isRtl(text, cut),
      indent: list === null ? 0 : INDENT[list],
      marker: list === null ? null : markerOf(list, number),
    }
  })
  return { text, paragraphs }
}

/** By its first letter that has a direction; most texts have none from right to left, which their classes say at once. */
function isRtl(text: string, { count, starts, classes }: Clusters): boolean {
  for (let at = 0; at < count; at++) {
    if (((classes[at] ?? 0) & IS_RTL) === 0) continue
    for (let unit = starts[0] ?? 0; ; unit++) {
      const code = codeAt(text, unit)
      if ((classOf(code) & IS_RTL) !== 0) return true
      if (isLtr(code)) return false
      if (code > 0xffff) unit++
    }
  }
  return false
}

function markerOf(list: ListKind, number: number): Marker {
  const text = list === 'bullet' ? '•' : `${number}.`
  let width = 0
  for (const letter of text) width += advance(letter.codePointAt(0) ?? 0)
  return { text, width }
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
  for (const line of lines) width = Math.max(width, line.indent + line.width)
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
function fill(paragraph: Paragraph, room: number, linesMax: number, ends: number[]): Fit {
  const { count, advances, classes, mayBreak, indent } = paragraph
  const widthMax = Math.max(0, room - indent)
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
  x: number
  width: number
  readonly style: number
  rtl: boolean
}

function lineOf(text: string, paragraph: Paragraph, from: number, to: number): Line {
  const { starts, advances, classes, styles, rtl } = paragraph
  const words: OpenWord[] = []
  let word: OpenWord | undefined
  let hasRtl = rtl
  let x = 0
  for (let at = from; at < to; at++) {
    const advance = advances[at] ?? 0
    const own = classes[at] ?? 0
    const style = styles === null ? 0 : (styles[at] ?? 0)
    if ((own & IS_SPACE) !== 0) {
      word = undefined
    } else if (word !== undefined && word.style === style) {
      word.end = starts[at + 1] ?? word.end
      word.width += advance
    } else {
      word = { start: starts[at] ?? 0, end: starts[at + 1] ?? 0, x, width: advance, style, rtl: false }
      words.push(word)
    }
    hasRtl ||= (own & IS_RTL) !== 0
    x += advance
  }
  const last = words.at(-1)
  const width = last === undefined ? 0 : last.x + last.width
  if (hasRtl) order(text, words, rtl, width)
  return {
    start: starts[from] ?? paragraph.start,
    end: starts[to] ?? paragraph.end,
    width,
    words,
    rtl,
    indent: paragraph.indent,
    marker: from === 0 ? paragraph.marker : null,
  }
}

/** Puts words where they stand when some of them are written from right to left. */
function order(text: string, words: readonly OpenWord[], rtl: boolean, width: number): void {
  const directions = words.map((word) => directionOf(text, word))
  const other = rtl ? 'ltr' : 'rtl'
  for (let first = 0; first < words.length;) {
    const isOther = directions[first] === other
    let last = first
    for (let at = first; isOther && (directions[at] === other || directions[at] === 'neutral'); at++) {
      if (directions[at] === other) last = at
    }
    const left = words[first]?.x ?? 0
    const right = (words[last]?.x ?? 0) + (words[last]?.width ?? 0)
    for (const word of words.slice(first, last + 1)) {
      word.rtl = rtl !== isOther
      if (rtl) word.x = isOther ? width - right + word.x - left : width - (word.x + word.width)
      else if (isOther) word.x = left + right - (word.x + word.width)
    }
    first = last + 1
  }
}

function directionOf(text: string, word: Pick<Word, 'start' | 'end'>): 'ltr' | 'rtl' | 'neutral' {
  let direction: 'ltr' | 'neutral' = 'neutral'
  for (let at = word.start; at < word.end; at++) {
    const code = codeAt(text, at)
    if ((classOf(code) & IS_RTL) !== 0) return 'rtl'
    if (code > 0x40 && (code < 0x2000 || code > 0x206f)) direction = 'ltr'
    if (code > 0xffff) at++
  }
  return direction
}
