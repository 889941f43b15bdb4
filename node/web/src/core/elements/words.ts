/** The text of an element laid out, and as words to draw. */
import { layoutText, textInsets, type TextBlock, type TextHolder } from '../text'
import type { Box, Point } from '../geometry/box'
import type { PaintText } from './kind'
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
    holder: holderOf(e),
    w: e.box.w,
    h: e.box.h,
    fontSize: e.style.font_size,
    align: e.type === 'connector' ? 'center' : e.style.align,
    valign: e.style.valign,
  })
  return look.block
}

export function wordsOf(e: TextualElement): PaintText | null {
  return placedWords(e, { x: 0, y: 0 })
}

/** The same with the block's top left somewhere else in the element's frame. */
export function placedWords(e: TextualElement, at: Point): PaintText | null {
  if (e.text === '') return null
  const block = blockOf(e)
  const words = block.lines.flatMap((line) =>
    line.words.map((word) => ({ text: word.text, x: at.x + word.x, y: at.y + line.baseline })),
  )
  return words.length === 0 ? null : { fontSize: block.fontSize, color: e.style.text_color, words }
}

/** The part of a box that text may fill, in the same coordinates as the box. */
export function textAreaOf(e: TextualElement, b: Box): Box {
  const [left, top, right, bottom] = textInsets(holderOf(e), b.w, b.h)
  return { x: b.x + left, y: b.y + top, w: b.w - (left + right), h: b.h - (top + bottom), angle: b.angle }
}
