/** Elements from the keys the document holds, and back. */
import { boxToArray, readBox, readOrder } from './read'
import { DEFAULT_STYLE, readStyle } from './style'
import { STYLE_KEYS, Z_DEFAULT } from '../schema.gen'
import { connector } from './connector'
import type { Get, RawValue } from './kind'
import { image, readPicture } from './image'
import { frame } from './frame'
import { group } from './group'
import { highlighter } from './highlighter'
import { line } from './line'
import { pen } from './pen'
import { isShapeKind, shape } from './shape'
import { sticky } from './sticky'
import { text } from './text'
import { unknown } from './unknown'
import type { Element, ElementBase, ElementId, ElementType } from './types'

/**
 * Reads one element; `get` answers texts as strings. Undefined when it has no usable type or box, or
 * its type's own data cannot be understood: it is then not shown, and left untouched.
 */
export function elementFromRaw(id: ElementId, get: Get): Element | undefined {
  const box = readBox(get('box'))
  if (!box) return undefined
  const type = typeOf(get)
  const z = get('z')
  const parent = get('parent')
  const base: ElementBase = {
    id,
    box,
    z: readOrder(z) ?? Z_DEFAULT,
    parent: typeof parent === 'string' ? parent : null,
    style: readStyle(type, get),
  }
  switch (type) {
    case 'shape':
      return shape.read(base, get)
    case 'sticky':
      return sticky.read(base, get)
    case 'text':
      return text.read(base, get)
    case 'pen':
      return pen.read(base, get)
    case 'highlighter':
      return highlighter.read(base, get)
    case 'line':
      return line.read(base, get)
    case 'connector':
      return connector.read(base, get)
    case 'image':
      return image.read(base, get)
    case 'frame':
      return frame.read(base, get)
    case 'group':
      return group.read(base, get)
    case 'unknown':
      return unknown.read(base, get)
  }
}

/** A shape of a kind we cannot draw, or an image of a file that lies elsewhere, is as unknown as a type we do not have. */
function typeOf(get: Get): ElementType {
  const type = get('type')
  switch (type) {
    case 'shape':
      return isShapeKind(get('kind')) ? 'shape' : 'unknown'
    case 'sticky':
    case 'text':
    case 'pen':
    case 'highlighter':
    case 'line':
    case 'connector':
    case 'frame':
    case 'group':
      return type
    case 'image':
      return readPicture(get('data')) ? 'image' : 'unknown'
    default:
      return 'unknown'
  }
}

/** The keys of an element as the document names them; texts as strings. */
export function rawOfElement(e: Element): [string, RawValue][] {
  const keys: [string, RawValue][] = [
    ['type', e.type === 'unknown' ? e.rawType : e.type],
    ['box', boxToArray(e.box)],
    ['z', e.z],
  ]
  if (e.parent !== null) keys.push(['parent', e.parent])
  for (const key of STYLE_KEYS) {
    const value = e.style[key]
    if (value !== null && value !== DEFAULT_STYLE[e.type][key]) keys.push([key, value])
  }
  for (const [key, value] of ownKeys(e)) keys.push([key, value])
  return keys
}

function ownKeys(e: Element): readonly (readonly [string, RawValue])[] {
  switch (e.type) {
    case 'shape':
      return shape.write(e)
    case 'sticky':
      return sticky.write(e)
    case 'text':
      return text.write(e)
    case 'pen':
      return pen.write(e)
    case 'highlighter':
      return highlighter.write(e)
    case 'line':
      return line.write(e)
    case 'connector':
      return connector.write(e)
    case 'image':
      return image.write(e)
    case 'frame':
      return frame.write(e)
    case 'group':
      return group.write(e)
    case 'unknown':
      return unknown.write(e)
  }
}
