/** Elements from elsewhere in the form in which ours are copied, so that they are pasted the same way. */
import type { ClipboardPayload } from '../editor-api'
import { boxToArray, storableBox } from '../elements/read'
import type { Box } from '../geometry/box'
import type { Json } from '../ports'

export interface Foreign {
  /** How others of the same batch call it. */
  readonly id?: string
  readonly box: Box
  readonly keys: { readonly [key: string]: Json }
}

/** Lowest first. */
export function payloadFrom(elements: readonly Foreign[]): ClipboardPayload | null {
  if (elements.length === 0) return null
  return {
    format: 'easel/elements',
    version: 1,
    elements: elements.map(({ id, box, keys }, i) => {
      const stored = boxToArray(storableBox(box))
      return { id: id ?? `new_${i}`, box: stored, snapshot: { keys: { ...keys, box: stored } } }
    }),
  }
}

/** A text, with a link under all of it if one is given. */
export function textJson(text: string, url?: string): Json {
  return { $text: [url === undefined ? { insert: text } : { insert: text, attributes: { link: url } }] }
}
