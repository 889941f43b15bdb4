/**
 * Mirroring elements about the middle of what is selected. A mirror turns a slant the other way and swaps what lies
 * inside an element's own frame; words stay readable, as they do elsewhere.
 */
import { mapFreeEnds } from './connectors/ends'
import { frameOf } from './elements'
import { flippedInk } from './elements/pen'
import type { Element, LineElement, Picture, ShapeKind } from './elements/types'
import { boxCentre, rectCentre, type Box, type Point } from './geometry/box'
import { boundsOf, type Handled } from './handling'

/** `across` swaps left and right, `down` top and bottom. */
export type Mirror = 'across' | 'down'

export function flip(elements: readonly Element[], mirror: Mirror, around = boundsOf(elements)): Handled[] {
  const about = rectCentre(around)
  return elements.map((e) => ({ before: e, after: flipOne(e, mirror, about) }))
}

function flipOne(e: Element, mirror: Mirror, about: Point): Element {
  if (e.type === 'connector') {
    return mapFreeEnds(e, (p) =>
      mirror === 'across' ? { x: 2 * about.x - p.x, y: p.y } : { x: p.x, y: 2 * about.y - p.y },
    )
  }
  const frame = frameOf(e)
  const centre = boxCentre(frame)
  const x = mirror === 'across' ? 2 * about.x - centre.x - frame.w / 2 : frame.x
  const y = mirror === 'down' ? 2 * about.y - centre.y - frame.h / 2 : frame.y
  // What is measured of a text is not what is stored of it: only its place is taken over.
  const box: Box = { ...e.box, x, y, angle: -e.box.angle }
  switch (e.type) {
    case 'line':
      return { ...e, box, ends: flipEnds(e, mirror) }
    case 'pen':
    case 'highlighter':
      return { ...e, box, data: flippedInk(e.data, mirror) }
    case 'shape':
      return { ...e, box, kind: MIRRORED[mirror][e.kind] ?? e.kind }
    case 'image':
      return { ...e, box, picture: flippedPicture(e.picture, mirror) }
    case 'sticky':
    case 'text':
    case 'frame':
    case 'group':
    case 'unknown':
      return { ...e, box }
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
  return { ...ends, from: flipped(ends.from), to: flipped(ends.to) }
}
