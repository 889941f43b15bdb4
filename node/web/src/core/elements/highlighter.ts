/** A stroke of a highlighter: a pen's ink, which mixes with what it crosses. */
import type { Kind } from './kind'
import { inked, readInk } from './pen'
import type { HighlighterElement } from './types'

export const highlighter: Kind<HighlighterElement> = {
  ...inked,
  read(base, get) {
    const data = readInk(get)
    return data && { ...base, type: 'highlighter', data }
  },
  paint: (e) => ({ ...inked.paint(e), mixes: true }),
}
