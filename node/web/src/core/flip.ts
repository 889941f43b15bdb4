/** Mirroring elements about the middle of what is selected. A mirror turns a slant the other way. */
import { mapFreeEnds } from './connectors/ends'
import { frameOf } from './elements'
import type { Element } from './elements/types'
import { boxCentre, rectCentre, type Point } from './geometry/box'
import { boundsOf, type Handled } from './handling'
import { mirrored, type Mirror } from './mirror'

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
  return { ...mirrored(e, mirror), box: { ...e.box, x, y, angle: -e.box.angle } }
}
