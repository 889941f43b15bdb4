/**
 * Moving, resizing and turning elements: element in, element out. What others see while it happens and
 * what is written when it is done both follow from the pair of before and after.
 */
import { frameOf, isInk, withBox } from './elements'
import { dataOf } from './elements/connector'
import { mapFreeEnds } from './connectors/ends'
import { lineBetween, lineEnds } from './elements/line'
import { FONT_SIZE_MAX, FONT_SIZE_MIN } from './elements/style'
import type { Element, LineElement, StyleProps, TextElement } from './elements/types'
import {
  boxOfRect,
  EMPTY_RECT,
  moveBox,
  rectOfBox,
  rotateAbout,
  sameBox,
  unionRect,
  type Box,
  type Point,
  type Rect,
} from './geometry/box'
import { isSlanted, mapBox, mapPoint, sidesOf, turnBox, type Handle } from './geometry/transform'
import type { Intent, LivePreview } from './ports'

export interface Handled {
  readonly before: Element
  readonly after: Element
}

export function boundsOf(elements: readonly Element[]): Rect {
  return elements.reduce<Rect>((all, e) => unionRect(all, rectOfBox(frameOf(e))), EMPTY_RECT)
}

/** One element's own, turned frame; around several an upright one. */
export function frameAround(elements: readonly Element[]): Box | null {
  const [first] = elements
  if (!first) return null
  return elements.length === 1 ? frameOf(first) : boxOfRect(boundsOf(elements))
}

export function moveElement(e: Element, dx: number, dy: number): Element {
  if (e.type === 'connector') return mapFreeEnds(e, (p) => ({ x: p.x + dx, y: p.y + dy }))
  return withBox(e, moveBox(e.box, dx, dy))
}

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

export function resizeElements(elements: readonly Element[], from: Box, to: Box, handle: Handle): Element[] {
  const [only] = elements
  if (only && elements.length === 1) return [resizeOne(only, from, to, handle)]
  return elements.map((e) => resizeInGroup(e, from, to))
}

function resizeOne(e: Element, from: Box, to: Box, handle: Handle): Element {
  if (e.type !== 'text') return withBox(e, to)
  const [, sy] = sidesOf(handle)
  if (sy !== 0) return scaleText(e, to, from.w > 0 ? to.w / from.w : to.h / Math.max(1, from.h))
  // Pulling a side sets the width at which the text wraps; its height follows.
  return withStyle({ ...e, box: { ...to, h: from.h } }, { auto_width: false })
}

function resizeInGroup(e: Element, from: Box, to: Box): Element {
  if (e.type === 'connector') return mapFreeEnds(e, (p) => mapPoint(p, from, to))
  if (e.type !== 'text') return withBox(e, mapBox(e.box, from, to))
  const frame = frameOf(e)
  const scale = from.w > 0 ? to.w / from.w : from.h > 0 ? to.h / from.h : 1
  return scaleText(e, mapBox(frame, from, to), scale)
}

/** Bigger text rather than a bigger box around it. */
function scaleText(e: TextElement, frame: Box, scale: number): TextElement {
  const size = Math.round(e.style.font_size * scale * 10) / 10
  const font_size = Math.max(FONT_SIZE_MIN, Math.min(FONT_SIZE_MAX, size))
  const box = e.style.auto_width ? { ...e.box, x: frame.x, y: frame.y } : { ...frame, h: e.box.h }
  return withStyle({ ...e, box }, { font_size })
}

export function turnElement(e: Element, centre: Point, by: number): Element {
  if (e.type === 'connector') return mapFreeEnds(e, (p) => rotateAbout(p, centre, by))
  const turned = turnBox(frameOf(e), centre, by)
  return withBox(e, { ...e.box, x: turned.x, y: turned.y, angle: turned.angle })
}

export type LineEnd = 'from' | 'to'

export function moveLineEnd(e: LineElement, end: LineEnd, to: Point): LineElement {
  const [from, other] = lineEnds(e)
  const { box, ends } = end === 'from' ? lineBetween(to, other, e.ends) : lineBetween(from, to, e.ends)
  return { ...e, box, ends }
}

export function withStyle<E extends Element>(e: E, patch: Partial<StyleProps>): E {
  return { ...e, style: { ...e.style, ...patch } }
}

export function intentsOf(handled: readonly Handled[]): Intent[] {
  return handled.flatMap(({ before, after }) => {
    const intents: Intent[] = []
    if (!sameBox(before.box, after.box)) intents.push({ do: 'setBox', id: before.id, box: after.box })
    if (after.type === 'line' && before.type === 'line' && after.ends !== before.ends) {
      const { from, to } = after.ends
      intents.push({ do: 'setLine', id: before.id, data: { from, to } })
    }
    if (after.type === 'connector' && before.type === 'connector' && after.ends !== before.ends) {
      const { from, to } = dataOf(after.ends)
      intents.push({ do: 'setConnector', id: before.id, data: { from, to } })
    }
    if (after.type === 'shape' && before.type === 'shape' && after.kind !== before.kind) {
      intents.push({ do: 'setKind', id: before.id, kind: after.kind })
    }
    if (isInk(after) && isInk(before) && after.data !== before.data) {
      intents.push({ do: 'setInk', id: before.id, data: after.data })
    }
    if (after.type === 'image' && before.type === 'image' && after.picture !== before.picture) {
      intents.push({ do: 'setPicture', id: before.id, picture: after.picture })
    }
    if (before.style !== after.style) {
      const { font_size, auto_width } = after.style
      intents.push({ do: 'setStyle', id: before.id, patch: { font_size, auto_width } })
    }
    return intents
  })
}

export function liveOf(handled: readonly Handled[]): LivePreview {
  // A connector follows its elements by itself.
  const moved = handled.filter(
    ({ before, after }) => after.type !== 'connector' && onlyBoxDiffers(before, after),
  )
  const changed = handled.filter(({ before, after }) => !onlyBoxDiffers(before, after))
  return { boxes: moved.map(({ after }) => [after.id, after.box]), drafts: changed.map(({ after }) => after) }
}

function onlyBoxDiffers(before: Element, after: Element): boolean {
  if (before.style !== after.style) return false
  if (before.type === 'image' && after.type === 'image') return before.picture === after.picture
  if (before.type === 'connector' && after.type === 'connector') return before.ends === after.ends
  return !(before.type === 'line' && after.type === 'line' && before.ends !== after.ends)
}
