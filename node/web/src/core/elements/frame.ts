/** An area that holds others and shows of them what lies in it; taken hold of by its edge or its name. */
import { readOrder, readText } from './read'
import type { Kind } from './kind'
import { hitOutline } from './solid'
import type { FrameElement } from './types'
import { rectContains, rectOfBox } from '../geometry/box'

/** Width of the line around a frame, on screen as in the world. */
export const FRAME_EDGE = 1

export const frame: Kind<FrameElement> = {
  read: (base, get) => ({
    ...base,
    type: 'frame',
    text: readText(get('text')),
    order: readOrder(get('order')),
  }),
  write: (e) => [
    ...(e.text === '' ? [] : [['text', e.text] as const]),
    ...(e.order === null ? [] : [['order', e.order] as const]),
  ],
  frame: (e) => e.box,
  // What lies in it stays within reach.
  hit: (e, p, slack) => hitOutline('rectangle', e.box, 'is-hollow', FRAME_EDGE, p, slack),
  // A marquee that begins in it is about what it holds.
  touches: (e, rect) => rectContains(rect, rectOfBox(e.box)),
  paint: (e) => ({
    form: { is: 'sheet' },
    fill: e.style.fill,
    stroke: 'grey',
    strokeWidth: FRAME_EDGE,
    dash: 'solid',
    text: null,
  }),
}
