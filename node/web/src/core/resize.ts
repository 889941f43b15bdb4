/** Resizing elements by a handle of the frame around them: element in, element out. */
import { mapFreeEnds } from './connectors/ends'
import { frameOf, withBox } from './elements'
import { FONT_SIZE_MAX, FONT_SIZE_MIN } from './elements/style'
import type { Element, TextElement } from './elements/types'
import type { Box } from './geometry/box'
import { isSlanted, mapBox, mapPoint, sidesOf, type Handle, type Resized } from './geometry/transform'
import { withStyle } from './handling'
import { mirrored } from './mirror'

/** Shift keeps proportions, and lets go of those that a picture keeps by itself. What cannot be stretched keeps them always. */
export function keepsAspect(elements: readonly Element[], handle: Handle, shift: boolean): boolean {
  const [sx, sy] = sidesOf(handle)
  const corner = sx !== 0 && sy !== 0
  const [only] = elements
  if (elements.length === 1) {
    if (only?.type === 'text') return corner || shift
    return (only?.type === 'image') !== shift
  }
  if (elements.some((e) => e.type === 'text' || isSlanted(e.box))) return true
  return elements.some((e) => e.type === 'image') !== shift
}

/** A handle that comes out on the other side mirrors them. */
export function resizeElements(
  elements: readonly Element[],
  from: Box,
  to: Resized,
  handle: Handle,
): Element[] {
  const [only] = elements
  const resized =
    only && elements.length === 1
      ? [resizeOne(only, from, to.frame, handle)]
      : elements.map((e) => resizeInGroup(e, from, to))
  return resized.map((e) => {
    const turned = to.across ? mirrored(e, 'across') : e
    return to.down ? mirrored(turned, 'down') : turned
  })
}

function resizeOne(e: Element, from: Box, to: Box, handle: Handle): Element {
  if (e.type !== 'text') return withBox(e, to)
  const [, sy] = sidesOf(handle)
  if (sy !== 0) return scaleText(e, to, from.w > 0 ? to.w / from.w : to.h / Math.max(1, from.h))
  // Pulling a side sets the width at which the text wraps; its height follows.
  return withStyle({ ...e, box: { ...to, h: from.h } }, { auto_width: false })
}

function resizeInGroup(e: Element, from: Box, to: Resized): Element {
  if (e.type === 'connector') return mapFreeEnds(e, (p) => mapPoint(p, from, to))
  if (e.type !== 'text') return withBox(e, mapBox(e.box, from, to))
  const { w, h } = to.frame
  const scale = from.w > 0 ? w / from.w : from.h > 0 ? h / from.h : 1
  return scaleText(e, mapBox(frameOf(e), from, to), scale)
}

/** Bigger text rather than a bigger box around it. */
function scaleText(e: TextElement, frame: Box, scale: number): TextElement {
  const size = Math.round(e.style.font_size * scale * 10) / 10
  const font_size = Math.max(FONT_SIZE_MIN, Math.min(FONT_SIZE_MAX, size))
  const { x, y, angle } = frame
  const box = e.style.auto_width ? { ...e.box, x, y, angle } : { ...frame, h: e.box.h }
  return withStyle({ ...e, box }, { font_size })
}
