/** A note of paper: always filled, its text shrinks to fit. */
import type { Kind } from './kind'
import { readText } from './read'
import { boxHasPoint, outlineTouches } from './solid'
import type { StickyElement } from './types'
import { wordsOf } from './words'

export const sticky: Kind<StickyElement> = {
  read: (base, get) => ({ ...base, type: 'sticky', text: readText(get('text')) }),
  write: (e) => (e.text === '' ? [] : [['text', e.text]]),
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
