/**
 * The text of one element placed in its box: the twin of `node/board/src/text/block.rs`.
 *
 * Lengths become whole 64ths of a pixel before anything is decided, and pixels again only for
 * drawing, by a division by a power of two, which is exact.
 */
import { SHAPE_FORMS, SHAPE_PADDING, type ShapeKind } from '../schema.gen'
import { ASCENT, DESCENT, UNITS_PER_EM } from './advances.gen'
import { breakLines, breakPrepared, fitLines, MARKER_GAP, prepareText } from './lines'
import type { BrokenText, Line, PreparedText } from './lines'
import { BOLD, ITALIC, type TextRun } from './runs'

/** The family, made by `scripts/fonts.mjs`, that has no kerning and no ligatures. */
export const TEXT_FAMILY = 'Easel Text'
/** What to set as `ctx.font` before drawing words of this size and style. */
export function canvasFont(fontSizePx: number, style = 0): string {
  const slant = (style & ITALIC) === 0 ? '' : 'italic '
  const weight = (style & BOLD) === 0 ? '' : 'bold '
  return `${slant}${weight}${fontSizePx}px "${TEXT_FAMILY}", sans-serif`
}

/** From one baseline to the next, in font units: 1.25 em. */
export const LINE_HEIGHT = (UNITS_PER_EM * 5) / 4
/** From the top of a line to its baseline; ascent and descent are centred in the line. */
export const BASELINE = (LINE_HEIGHT - ASCENT - DESCENT) / 2 + ASCENT

/** Sizes that the text of a sticky note may shrink to, in pixels. */
export const LADDER = [96, 72, 64, 56, 48, 40, 36, 32, 28, 24, 20, 18, 16, 14, 12, 10] as const
export const FONT_SIZE_MIN = 1
export const FONT_SIZE_MAX = 1024

/** Space around the text of a sticky note; never more than a quarter of a side. */
export const STICKY_PADDING = 16

/**
 * What the text stands in, which decides how much of the box is its own. `sticky` shrinks its text
 * until it fits; `text` has a set width and is as high as its lines; `auto_text` never wraps, and is
 * as wide and as high as its lines.
 */
export type TextHolder = ShapeKind | 'sticky' | 'text' | 'auto_text'

export interface TextBox {
  readonly text: string
  readonly runs?: readonly TextRun[]
  readonly holder: TextHolder
  readonly w: number
  readonly h: number
  readonly fontSize: number
  readonly align: 'left' | 'center' | 'right'
  readonly valign: 'top' | 'middle' | 'bottom'
}

/** A word at its place: left end of its baseline, in pixels from the top left of the unrotated box. */
export interface PlacedWord {
  /** Where it begins in the text; -1 of what is not in it. */
  readonly start: number
  readonly text: string
  readonly x: number
  readonly width: number
  /** Bits of `runs.ts`. */
  readonly style: number
  /** Drawn from right to left. */
  readonly rtl: boolean
}

export interface PlacedLine {
  /** UTF-16 code units of the text: hanging spaces included, the newline not. */
  readonly start: number
  readonly end: number
  readonly rtl: boolean
  /** Of the words of the text. `words` has it as well, before them. */
  readonly marker: PlacedWord | null
  readonly x: number
  readonly baseline: number
  readonly width: number
  readonly words: readonly PlacedWord[]
}

export interface TextBlock {
  /** In pixels, after shrinking. */
  readonly fontSize: number
  readonly lines: readonly PlacedLine[]
  /** Of the element: measured for text elements, the box itself for all others. */
  readonly w: number
  readonly h: number
}

/** Places the text of an element. Never fails: sizes out of bounds are brought within them. */
export function layoutText(input: TextBox): TextBlock {
  const inner = innerRect(input)
  switch (input.holder) {
    case 'sticky':
      return shrinkToFit(input, inner)
    case 'auto_text':
      return place(input, inner, size64(input.fontSize), breakLines(input.text, null, input.runs))
    default: {
      const size = size64(input.fontSize)
      return place(input, inner, size, breakLines(input.text, unitsIn(inner.w, size), input.runs))
    }
  }
}

interface Inner {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

function innerRect(input: TextBox): Inner {
  const w = side(input.w)
  const h = side(input.h)
  const [left, top, right, bottom] = textInsets(input.holder, w, h)
  return { x: left, y: top, w: w - (left + right), h: h - (top + bottom) }
}

export type Insets = readonly [left: number, top: number, right: number, bottom: number]

/** What each side of the box is kept free of text. */
export function textInsets(holder: TextHolder, w: number, h: number): Insets {
  switch (holder) {
    case 'sticky': {
      const dx = Math.min(STICKY_PADDING, w / 4)
      const dy = Math.min(STICKY_PADDING, h / 4)
      return [dx, dy, dx, dy]
    }
    case 'text':
    case 'auto_text':
      return [0, 0, 0, 0]
    default: {
      const [left, top, right, bottom] = SHAPE_FORMS[holder].text
      return [margin(left, w), margin(top, h), margin(right, w), margin(bottom, h)]
    }
  }
}

function margin(share: number, side: number): number {
  return share > 0 ? side * share : Math.min(SHAPE_PADDING, side / 4)
}

/** A side of a box: finite and not negative, whatever the document says. */
function side(length: number): number {
  return length > 0 ? Math.min(length, 1e7) : 0
}

/** A font size in 64ths of a pixel, within bounds. */
function size64(fontSize: number): number {
  const bounded = fontSize > FONT_SIZE_MIN ? Math.min(fontSize, FONT_SIZE_MAX) : FONT_SIZE_MIN
  return Math.floor(bounded * 64 + 0.5)
}

/**
 * How many font units fit into a length. The length is rounded up, so that a box made as wide as its
 * measured text holds that text.
 */
function unitsIn(length: number, size: number): number {
  return Math.floor((Math.ceil(length * 64) * UNITS_PER_EM) / size)
}

function pixels(units: number, size: number): number {
  return (units * size) / (UNITS_PER_EM * 64)
}

/**
 * The largest step, from the size set downwards, at which everything fits. Down to half the size set,
 * a step that cuts words does not count as fitting: smaller text reads better than cut text, but a
 * long address must not make all the rest tiny.
 */
function shrinkToFit(input: TextBox, inner: Inner): TextBlock {
  const prepared = prepareText(input.text, input.runs)
  const size = sizeThatFits(prepared, size64(input.fontSize), inner)
  return place(input, inner, size, breakPrepared(prepared, unitsIn(inner.w, size)))
}

function sizeThatFits(prepared: PreparedText, full: number, inner: Inner): number {
  const steps = [full, ...LADDER.map((px) => px * 64).filter((step) => step < full)]
  let cut: number | undefined
  for (const size of steps) {
    // Once cut words have to do anyway, the largest size that cuts them is the best.
    if (size * 2 < full && cut !== undefined) break
    const linesMax = Math.floor(unitsIn(inner.h, size) / LINE_HEIGHT)
    const fit = fitLines(prepared, unitsIn(inner.w, size), linesMax)
    if (fit === 'whole') return size
    if (fit === 'cut') cut ??= size
  }
  return cut ?? steps.at(-1) ?? full
}

function place(input: TextBox, inner: Inner, size: number, broken: BrokenText): TextBlock {
  const height = pixels(broken.lines.length * LINE_HEIGHT, size)
  const measured = input.holder === 'text' || input.holder === 'auto_text'
  const innerW = input.holder === 'auto_text' ? pixels(broken.width, size) : inner.w
  const innerH = measured ? height : inner.h
  const top = inner.y + share(input.valign, innerH - height)
  const lines = broken.lines.map((line, index): PlacedLine => {
    const width = pixels(line.width, size)
    const indent = pixels(line.indent, size)
    const align = line.rtl ? MIRRORED[input.align] : input.align
    const x = inner.x + (line.rtl ? 0 : indent) + share(align, innerW - indent - width)
    const marker = markerOf(line, x, width, size)
    const words = line.words.map((word) => ({
      start: word.start,
      text: input.text.slice(word.start, word.end),
      x: x + pixels(word.x, size),
      width: pixels(word.width, size),
      style: word.style,
      rtl: word.rtl,
    }))
    return {
      start: line.start,
      end: line.end,
      rtl: line.rtl,
      marker,
      x,
      baseline: top + pixels(index * LINE_HEIGHT + BASELINE, size),
      width,
      words: marker === null ? words : [marker, ...words],
    }
  })
  return {
    fontSize: size / 64,
    lines,
    w: measured ? innerW : side(input.w),
    h: measured ? height : side(input.h),
  }
}

/** What is written from right to left begins at the right. */
const MIRRORED = { left: 'right', center: 'center', right: 'left' } as const

function markerOf(line: Line, x: number, width: number, size: number): PlacedWord | null {
  if (line.marker === null) return null
  const gap = pixels(MARKER_GAP, size)
  const own = pixels(line.marker.width, size)
  const at = line.rtl ? x + width + gap : x - gap - own
  return { start: -1, text: line.marker.text, x: at, width: own, style: 0, rtl: line.rtl }
}

/** How much of the room that is left comes before the text. */
function share(align: TextBox['align'] | TextBox['valign'], room: number): number {
  switch (align) {
    case 'left':
    case 'top':
      return 0
    case 'center':
    case 'middle':
      return room / 2
    case 'right':
    case 'bottom':
      return room
  }
}
