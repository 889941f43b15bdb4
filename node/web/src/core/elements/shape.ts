/** Closed shapes of every kind, with text inside. */
import { SHAPE_FORMS, SHAPE_KINDS } from '../schema.gen'
import type { Form, Kind } from './kind'
import { outlineOps } from './outline'
import { hitOutline, outlineTouches } from './solid'
import type { ShapeElement, ShapeKind } from './types'
import { readFormatted, wordsOf, writeText } from './words'

export const shape: Kind<ShapeElement> = {
  read(base, get) {
    const kind = get('kind')
    if (!isShapeKind(kind)) return undefined
    return { ...base, type: 'shape', kind, ...readFormatted(get('text')) }
  },
  write: (e) => [['kind', e.kind], ...writeText(e)],
  frame: (e) => e.box,
  hit(e, p, slack) {
    // A hollow shape is held by its edge, so that what lies inside it stays within reach; its
    // words, though, are the shape.
    const hollow = (e.style.fill === 'none' || !isClosed(e.kind)) && e.text === ''
    return hitOutline(e.kind, e.box, hollow ? 'is-hollow' : 'counts', e.style.stroke_width, p, slack)
  },
  touches: (e, rect) => outlineTouches(e.kind, e.box, rect),
  paint: (e) => ({
    form: formOf(e),
    // A line that encloses nothing has nothing to fill.
    fill: isClosed(e.kind) ? e.style.fill : 'none',
    stroke: e.style.stroke,
    strokeWidth: e.style.stroke_width,
    dash: e.style.dash,
    text: wordsOf(e),
  }),
}

const KINDS: ReadonlySet<unknown> = new Set(SHAPE_KINDS)

export function isShapeKind(value: unknown): value is ShapeKind {
  return KINDS.has(value)
}

/** Whether the outline encloses an area that can be filled. */
export function isClosed(kind: ShapeKind): boolean {
  return SHAPE_FORMS[kind].closed
}

function formOf(e: ShapeElement): Form {
  switch (e.kind) {
    case 'rectangle':
    case 'ellipse':
    case 'diamond':
      return { is: e.kind }
    default:
      return { is: 'outline', ops: outlineOps(e.kind, e.box.w, e.box.h) ?? [] }
  }
}
