/** All element types behind one set of functions. */
import { growRect, rectContains, rectOfBox, type Box, type Point, type Rect } from '../geometry/box'
import { connector, connectorBounds } from './connector'
import { headSize } from './heads'
import type { Kind, Paint } from './kind'
import { lookOf, shareLook } from './look'
import { image } from './image'
import { frame, FRAME_EDGE } from './frame'
import { group } from './group'
import { highlighter } from './highlighter'
import { line } from './line'
import { pen } from './pen'
import { pressureWidth } from './ink'
import { shape } from './shape'
import { sticky } from './sticky'
import { text } from './text'
import { unknown } from './unknown'
import { textAreaOf } from './words'
import type { Element, InkElement, ShapeElement, StickyElement, TextualElement } from './types'

/** Calls `act` with the element and what its type says about itself. */
function withKind<R>(e: Element, act: <E extends Element>(kind: Kind<E>, element: E) => R): R {
  switch (e.type) {
    case 'shape':
      return act(shape, e)
    case 'sticky':
      return act(sticky, e)
    case 'text':
      return act(text, e)
    case 'pen':
      return act(pen, e)
    case 'highlighter':
      return act(highlighter, e)
    case 'line':
      return act(line, e)
    case 'connector':
      return act(connector, e)
    case 'image':
      return act(image, e)
    case 'frame':
      return act(frame, e)
    case 'group':
      return act(group, e)
    case 'unknown':
      return act(unknown, e)
  }
}

/** Where the element stands: its box, or for text what its lines measure. */
export function frameOf(e: Element): Box {
  return withKind(e, (kind, own) => kind.frame(own))
}

export function hitElement(e: Element, p: Point, slack: number): boolean {
  return withKind(e, (kind, own) => kind.hit(own, p, slack))
}

export type MarqueeMode = 'touching' | 'enclosing'

export function inMarquee(e: Element, rect: Rect, mode: MarqueeMode): boolean {
  switch (mode) {
    case 'touching':
      return withKind(e, (kind, own) => kind.touches(own, rect))
    case 'enclosing':
      return rectContains(rect, rectOfBox(frameOf(e)))
  }
}

/** What to draw; computed once for each version of an element. */
export function paintOf(e: Element): Paint {
  const look = lookOf(e)
  look.paint ??= withKind(e, (kind, own) => kind.paint(own))
  return look.paint
}

/** Everything the element may colour, strokes, heads, overflowing text and shadow included. */
export function paintBounds(e: Element): Rect {
  const bounds = rectOfBox(frameOf(e))
  switch (e.type) {
    case 'shape':
    case 'sticky':
      return textBounds(e, growRect(bounds, e.type === 'sticky' ? STICKY_SHADOW : e.style.stroke_width))
    case 'text':
      return growRect(bounds, e.style.font_size / 4)
    case 'pen':
    case 'highlighter':
      return growRect(bounds, (e.style.stroke_width / 2) * pressureWidth(1))
    case 'line':
      return growRect(bounds, headSize(e.style.stroke_width))
    case 'connector':
      return connectorBounds(e)
    case 'image':
      return bounds
    case 'frame':
      return growRect(bounds, FRAME_EDGE)
    case 'group':
      return bounds
    case 'unknown':
      return growRect(bounds, 1)
  }
}

export const STICKY_SHADOW = 12

/**
 * Text may be taller than what it is in. Laying it out to know would make a large board slow to open,
 * so this is a guess on the large side.
 */
function textBounds(e: ShapeElement | StickyElement, around: Rect): Rect {
  if (e.text === '') return around
  const look = lookOf(e)
  look.over ??= textOver(e)
  // Turned text may reach out on any side.
  return look.over > 0 ? growRect(around, look.over) : around
}

function textOver(e: TextualElement): number {
  const area = textAreaOf(e, e.box)
  const size = e.type === 'sticky' ? STICKY_FONT_SIZE_LEAST : e.style.font_size
  const linesIfWide = (e.text.length * size * 1.2) / Math.max(size, area.w)
  const breaks = e.text.includes('\n') ? e.text.split('\n').length : 1
  return (linesIfWide + breaks) * size * 1.25 - e.box.h
}

/** The last size that the text of a note shrinks to. */
const STICKY_FONT_SIZE_LEAST = 10

/** The element with another box. */
export function withBox(e: Element, box: Box): Element {
  const other = { ...e, box }
  if (box.w === e.box.w && box.h === e.box.h) shareLook(e, other)
  return other
}

export function isInk(e: Element): e is InkElement {
  return e.type === 'pen' || e.type === 'highlighter'
}

export function hasText(e: Element): e is TextualElement {
  return e.type === 'shape' || e.type === 'sticky' || e.type === 'text' || e.type === 'connector'
}
