/** The text of an element laid out, and as words to draw. */
import { layoutText, textInsets, type RichText, type TextBlock, type TextHolder } from '../text'
import { LINK, readRich, STRIKE, UNDERLINE } from '../text/runs'
import type { Box, Point } from '../geometry/box'
import type { PaintRule, PaintText, RawValue } from './kind'
import { lookOf } from './look'
import type { TextualElement } from './types'

export function holderOf(e: TextualElement): TextHolder {
  switch (e.type) {
    case 'shape':
      return e.kind
    case 'sticky':
      return 'sticky'
    case 'text':
      return e.style.auto_width ? 'auto_text' : 'text'
    case 'connector':
      return 'auto_text'
  }
}

/** Laid out once for each version of an element. */
export function blockOf(e: TextualElement): TextBlock {
  const look = lookOf(e)
  look.block ??= layoutText({
    text: e.text,
    ...(e.runs && { runs: e.runs }),
    holder: holderOf(e),
    w: e.box.w,
    h: e.box.h,
    fontSize: e.style.font_size,
    align: e.type === 'connector' ? 'center' : e.style.align,
    valign: e.style.valign,
  })
  return look.block
}

/** The text of an element from its stored value; `runs` only where there are formats. */
export function readFormatted(value: unknown): { text: string; runs?: RichText['runs'] } {
  const { text, runs } = readRich(value)
  return runs.length > 0 ? { text, runs } : { text }
}

export function writeText(e: TextualElement): readonly (readonly [string, RawValue])[] {
  if (e.text === '') return []
  if (!e.runs) return [['text', e.text]]
  const runs = e.runs.map(({ start, end, marks }) => ({ start, end, marks: { ...marks } }))
  return [['text', { text: e.text, runs }]]
}

export function wordsOf(e: TextualElement): PaintText | null {
  return placedWords(e, { x: 0, y: 0 })
}

/** The same with the block's top left somewhere else in the element's frame. */
export function placedWords(e: TextualElement, at: Point): PaintText | null {
  if (e.text === '') return null
  const block = blockOf(e)
  const words = block.lines.flatMap((line) =>
    line.words.map(({ text, x, width, style, rtl }) => ({
      text,
      x: at.x + (rtl ? x + width : x),
      y: at.y + line.baseline,
      style,
      rtl,
    })),
  )
  return words.length === 0
    ? null
    : { fontSize: block.fontSize, color: e.style.text_color, words, rules: rulesOf(block, at) }
}

/** Where lines under and through letters are, as parts of the font size: as in `node/board/src/scene.rs`. */
const UNDERLINE_BELOW = 0.14
const STRIKE_ABOVE = 0.28
const RULE_WIDTH = 0.07

/** On from word to word where both have one. */
function rulesOf(block: TextBlock, at: Point): readonly PaintRule[] {
  const size = block.fontSize
  const out: PaintRule[] = []
  for (const line of block.lines) {
    for (const [bits, below] of [
      [UNDERLINE | LINK, UNDERLINE_BELOW],
      [STRIKE, -STRIKE_ABOVE],
    ] as const) {
      let open: { x: number; y: number; w: number; h: number } | undefined
      for (const word of line.words) {
        if ((word.style & bits) === 0) open = undefined
        else if (open && at.x + word.x >= open.x) open.w = at.x + word.x + word.width - open.x
        else {
          const h = RULE_WIDTH * size
          open = { x: at.x + word.x, y: at.y + line.baseline + below * size - h / 2, w: word.width, h }
          out.push(open)
        }
      }
    }
  }
  return out
}

/** The part of a box that text may fill, in the same coordinates as the box. */
export function textAreaOf(e: TextualElement, b: Box): Box {
  const [left, top, right, bottom] = textInsets(holderOf(e), b.w, b.h)
  return { x: b.x + left, y: b.y + top, w: b.w - (left + right), h: b.h - (top + bottom), angle: b.angle }
}
