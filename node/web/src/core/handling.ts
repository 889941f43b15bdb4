/**
 * Moving and turning elements: element in, element out. What others see while it happens and what is written when it is
 * done both follow from the pair of before and after. `resize.ts` has what a handle does.
 */
import { frameOf, isInk, withBox } from './elements'
import { dataOf } from './elements/connector'
import { mapFreeEnds } from './connectors/ends'
import { linePoints, lineThrough } from './elements/line'
import type { Element, LineElement, StyleProps } from './elements/types'
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
import { turnBox } from './geometry/transform'
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

export function turnElement(e: Element, centre: Point, by: number): Element {
  if (e.type === 'connector') return mapFreeEnds(e, (p) => rotateAbout(p, centre, by))
  const turned = turnBox(frameOf(e), centre, by)
  return withBox(e, { ...e.box, x: turned.x, y: turned.y, angle: turned.angle })
}

export type LineEnd = 'from' | 'to'

/** The same line through other points. */
export function withPoints(e: LineElement, points: readonly Point[]): LineElement {
  const { box, ends } = lineThrough(points, e.ends)
  return { ...e, box, ends }
}

/** What is taken hold of of a line: one of its points, or the middle of the stretch behind it, which becomes one. */
export interface LineGrip {
  readonly is: 'point' | 'middle'
  readonly at: number
}

export function movePoint(e: LineElement, { is, at }: LineGrip, to: Point): LineElement {
  const points = linePoints(e)
  return withPoints(e, is === 'point' ? points.with(at, to) : points.toSpliced(at + 1, 0, to))
}

export function withStyle<E extends Element>(e: E, patch: Partial<StyleProps>): E {
  return { ...e, style: { ...e.style, ...patch } }
}

export function intentsOf(handled: readonly Handled[]): Intent[] {
  return handled.flatMap(({ before, after }) => {
    const intents: Intent[] = []
    if (!sameBox(before.box, after.box)) intents.push({ do: 'setBox', id: before.id, box: after.box })
    if (after.type === 'line' && before.type === 'line' && after.ends !== before.ends) {
      const { from, via, to } = after.ends
      const course = via !== before.ends.via && { via: via ?? [] }
      intents.push({ do: 'setLine', id: before.id, data: { from, ...course, to } })
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
  if (before.type === 'shape' && after.type === 'shape') return before.kind === after.kind
  if (isInk(before) && isInk(after)) return before.data === after.data
  return !(before.type === 'line' && after.type === 'line' && before.ends !== after.ends)
}
