/**
 * Text on the board. With `auto_width` it is as wide as its lines; otherwise it wraps at the box's
 * width. Either way its height follows from the lines and the stored one is ignored, as is the
 * stored width with `auto_width`: what is measured is never stored.
 */
import type { Box } from '../geometry/box'
import type { Kind } from './kind'
import { readText } from './read'
import { boxHasPoint, outlineTouches } from './solid'
import type { TextElement } from './types'
import { blockOf, wordsOf } from './words'

export const text: Kind<TextElement> = {
  read: (base, get) => ({ ...base, type: 'text', text: readText(get('text')) }),
  write: (e) => (e.text === '' ? [] : [['text', e.text]]),
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
