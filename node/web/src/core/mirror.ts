/** What lies inside an element's own frame, as a mirror shows it. Words stay readable, as they do elsewhere. */
import { flippedInk } from './elements/pen'
import type { Element, LineElement, Picture, ShapeKind } from './elements/types'

/** `across` swaps left and right, `down` top and bottom. */
export type Mirror = 'across' | 'down'

/** In the same box. */
export function mirrored(e: Element, mirror: Mirror): Element {
  switch (e.type) {
    case 'line':
      return { ...e, ends: flipEnds(e, mirror) }
    case 'pen':
    case 'highlighter':
      return { ...e, data: flippedInk(e.data, mirror) }
    case 'shape': {
      const kind = MIRRORED[mirror][e.kind]
      return kind === undefined ? e : { ...e, kind }
    }
    case 'image':
      return { ...e, picture: flippedPicture(e.picture, mirror) }
    case 'connector':
    case 'sticky':
    case 'text':
    case 'frame':
    case 'group':
    case 'unknown':
      return e
  }
}

/** Shapes that point to a side; the others look alike in a mirror, or there is no kind that looks like it. */
const MIRRORED: Readonly<Record<Mirror, Partial<Record<ShapeKind, ShapeKind>>>> = {
  across: {
    arrow_right: 'arrow_left',
    arrow_left: 'arrow_right',
    brace_right: 'brace_left',
    brace_left: 'brace_right',
  },
  down: { arrow_up: 'arrow_down', arrow_down: 'arrow_up' },
}

/** The part that is shown stays the same. */
function flippedPicture(picture: Picture, mirror: Mirror): Picture {
  return mirror === 'across' ? { ...picture, flipX: !picture.flipX } : { ...picture, flipY: !picture.flipY }
}

function flipEnds({ ends }: LineElement, mirror: Mirror): LineElement['ends'] {
  const flipped = ([x, y]: readonly [number, number]): readonly [number, number] =>
    mirror === 'across' ? [1 - x, y] : [x, 1 - y]
  const via = ends.via && { via: ends.via.map(flipped) }
  return { ...ends, from: flipped(ends.from), ...via, to: flipped(ends.to) }
}
