/** Rectangle, ellipse and diamond, with text inside. */
import type { Kind } from './kind'
import { hitOutline, outlineTouches } from './solid'
import type { ShapeElement, ShapeKind } from './types'
import { wordsOf } from './words'

export const shape: Kind<ShapeElement> = {
  read(base, get) {
    const kind = get('kind')
    if (!isShapeKind(kind)) return undefined
    return { ...base, type: 'shape', kind, text: readText(get('text')) }
  },
  write: (e) => [['kind', e.kind], ...(e.text === '' ? [] : [['text', e.text] as const])],
  frame: (e) => e.box,
  hit(e, p, slack) {
    // A hollow shape is held by its edge, so that what lies inside it stays within reach; its
    // words, though, are the shape.
    const hollow = e.style.fill === 'none' && e.text === ''
    return hitOutline(e.kind, e.box, hollow ? 'is-hollow' : 'counts', e.style.stroke_width, p, slack)
  },
  touches: (e, rect) => outlineTouches(e.kind, e.box, rect),
  paint: (e) => ({
    form: { is: e.kind },
    fill: e.style.fill,
    stroke: e.style.stroke,
    strokeWidth: e.style.stroke_width,
    dash: e.style.dash,
    text: wordsOf(e),
  }),
}

export function isShapeKind(value: unknown): value is ShapeKind {
  return value === 'rectangle' || value === 'ellipse' || value === 'diamond'
}

export function readText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
