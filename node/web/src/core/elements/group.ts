/** Others handled as one: it is nothing to be seen, hit or caught itself. */
import type { Kind } from './kind'
import type { GroupElement } from './types'

export const group: Kind<GroupElement> = {
  read: (base) => ({ ...base, type: 'group' }),
  write: () => [],
  frame: (e) => e.box,
  hit: () => false,
  touches: () => false,
  paint: () => ({
    form: { is: 'none' },
    fill: 'none',
    stroke: 'none',
    strokeWidth: 0,
    dash: 'solid',
    text: null,
  }),
}
