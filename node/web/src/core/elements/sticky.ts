/** A note of paper: always filled, its text shrinks to fit. */
import type { Kind } from './kind'
import { boxHasPoint, outlineTouches } from './solid'
import type { StickyElement } from './types'
import { readFormatted, wordsOf, writeText } from './words'

export const sticky: Kind<StickyElement> = {
  read: (base, get) => ({ ...base, type: 'sticky', ...readFormatted(get('text')) }),
  write: writeText,
  frame: (e) => e.box,
  hit: (e, p, slack) => boxHasPoint(e.box, p, slack),
  touches: (e, rect) => outlineTouches('rectangle', e.box, rect),
  paint: (e) => ({
    form: { is: 'note' },
    fill: e.style.fill,
    stroke: 'none',
    strokeWidth: 0,
    dash: 'solid',
    text: wordsOf(e),
  }),
}
