/** What a newer client made: shown as a quiet box, moved and deleted like any other, never interpreted. */
import { boxHasPoint, outlineTouches } from './solid'
import type { Kind } from './kind'
import type { UnknownElement } from './types'

export const unknown: Kind<UnknownElement> = {
  read(base, get) {
    const type = get('type')
    return typeof type === 'string' ? { ...base, type: 'unknown', rawType: type } : undefined
  },
  write: () => [],
  frame: (e) => e.box,
  hit: (e, p, slack) => boxHasPoint(e.box, p, slack),
  touches: (e, rect) => outlineTouches('rectangle', e.box, rect),
  paint: (e) => ({
    // A picture on its way here, or one of a later version.
    form: e.rawType === 'image' ? { is: 'image', picture: null } : { is: 'placeholder' },
    fill: 'none',
    stroke: 'grey',
    strokeWidth: 1,
    dash: 'dashed',
    text: null,
  }),
}
