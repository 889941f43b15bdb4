/**
 * Text on the board. With `auto_width` it is as wide as its lines; otherwise it wraps at the box's
 * width. Either way its height follows from the lines and the stored one is ignored, as is the
 * stored width with `auto_width`: what is measured is never stored.
 */
import type { Box } from '../geometry/box'
import type { Kind } from './kind'
import { boxHasPoint, outlineTouches } from './solid'
import type { TextElement } from './types'
import { blockOf, readFormatted, wordsOf, writeText } from './words'

export const text: Kind<TextElement> = {
  read: (base, get) => ({ ...base, type: 'text', ...readFormatted(get('text')) }),
  write: writeText,
  frame: textBox,
  hit: (e, p, slack) => boxHasPoint(textBox(e), p, slack),
  touches: (e, rect) => outlineTouches('rectangle', textBox(e), rect),
  paint: (e) => ({
    form: { is: 'none' },
    fill: 'none',
    stroke: 'none',
    strokeWidth: 0,
    dash: 'solid',
    text: wordsOf(e),
  }),
}

/** The box as it is shown. */
function textBox(e: TextElement): Box {
  const block = blockOf(e)
  return { x: e.box.x, y: e.box.y, w: block.w, h: block.h, angle: e.box.angle }
}
