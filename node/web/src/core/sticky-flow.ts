/**
 * Notes one after the other: the next beside or below, as large and as coloured as the one before, clear of what stands
 * there; and a note for each line of a list.
 */
import { frameOf, isInk } from './elements'
import { newSticky } from './elements/make'
import type { Element, ElementId, StickyElement } from './elements/types'
import {
  boxCentre,
  growRect,
  moveBox,
  rectContains,
  rectOfBox,
  rotateAbout,
  type Box,
  type Rect,
} from './geometry/box'
import type { Scene } from './scene'
import { TEXT_LENGTH_MAX } from './schema.gen'
import { NO_STYLES } from './styling'

export type NoteDirection = 'beside' | 'below'

/** Between notes, in world units. */
const NOTE_GAP = 20
/** A longer list is pasted as text. */
export const NOTES_MAX = 200
/** So often a note gives way to what stands where it was to go. */
const PUSHES_MAX = 200

export interface NewNote {
  readonly id: ElementId
  readonly z: string
}

export function noteAfter(
  source: StickyElement,
  direction: NoteDirection,
  scene: Pick<Scene, 'visit'>,
  made: NewNote,
): StickyElement {
  const { w, h, angle } = source.box
  const step = direction === 'beside' ? { x: w + NOTE_GAP, y: 0 } : { x: 0, y: h + NOTE_GAP }
  // Along the sides of a turned note.
  const { x, y } = rotateAbout(step, { x: 0, y: 0 }, angle)
  const box = moveBox(source.box, x, y)
  return likeNote(source, pushedClear(box, direction, scene, source), made, '')
}

/** In rows as long as there are of them, beside the source; `made` has one for each line. */
export function notesOf(
  lines: readonly string[],
  source: StickyElement,
  scene: Pick<Scene, 'visit'>,
  made: readonly NewNote[],
): StickyElement[] {
  const columns = Math.ceil(Math.sqrt(lines.length))
  const rows = Math.ceil(lines.length / columns)
  const [stepX, stepY] = [source.box.w + NOTE_GAP, source.box.h + NOTE_GAP]
  const { x, y } = moveBox(source.box, stepX, 0)
  const whole: Box = { x, y, w: columns * stepX - NOTE_GAP, h: rows * stepY - NOTE_GAP, angle: 0 }
  const clear = pushedClear(whole, 'beside', scene, source)
  return lines.flatMap((text, at) => {
    const one = made[at]
    if (!one) return []
    const left = clear.x + (at % columns) * stepX
    const top = clear.y + Math.floor(at / columns) * stepY
    return [likeNote(source, { ...source.box, x: left, y: top, angle: 0 }, one, text)]
  })
}

/** What a pasted list holds; null when it is no list. */
export function linesOf(text: string): readonly string[] | null {
  const lines = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
  const fits = lines.every((line) => line.length <= TEXT_LENGTH_MAX)
  return fits && lines.length > 1 && lines.length <= NOTES_MAX ? lines : null
}

function likeNote(source: StickyElement, box: Box, made: NewNote, text: string): StickyElement {
  const note = newSticky({ ...made, styles: NO_STYLES }, boxCentre(box))
  return { ...note, box, text, parent: source.parent, style: { ...source.style, locked: false } }
}

/** Moved on in its direction until nothing stands where it is. */
function pushedClear(
  box: Box,
  direction: NoteDirection,
  scene: Pick<Scene, 'visit'>,
  source: StickyElement,
): Box {
  const from = rectOfBox(source.box)
  let at = box
  for (let pushes = 0; pushes < PUSHES_MAX; pushes += 1) {
    // What only touches is not in the way.
    const rect = growRect(rectOfBox(at), -1)
    const edge = farEdge(rect, direction, scene, from)
    if (edge === null) return at
    at =
      direction === 'beside'
        ? moveBox(at, edge + NOTE_GAP - rect.minX + 1, 0)
        : moveBox(at, 0, edge + NOTE_GAP - rect.minY + 1)
  }
  return at
}

/** Where what stands in the rectangle ends; null when nothing does. */
function farEdge(
  rect: Rect,
  direction: NoteDirection,
  scene: Pick<Scene, 'visit'>,
  from: Rect,
): number | null {
  let edge: number | null = null
  scene.visit(rect, ({ element }) => {
    const other = rectOfBox(frameOf(element))
    if (!isInTheWay(element, other, rect, from)) return
    edge = Math.max(edge ?? -Infinity, direction === 'beside' ? other.maxX : other.maxY)
  })
  return edge
}

/** Lines and strokes are drawn across notes, and what the source stands on is no obstacle. */
function isInTheWay(e: Element, other: Rect, rect: Rect, from: Rect): boolean {
  if (isInk(e) || e.type === 'line' || e.type === 'connector' || e.type === 'group') return false
  if (rectContains(other, from)) return false
  return other.minX < rect.maxX && other.maxX > rect.minX && other.minY < rect.maxY && other.maxY > rect.minY
}
