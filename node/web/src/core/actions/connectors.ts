/** Connecting elements without drawing a line. */
import type { Action } from './action'
import { selects, selectsSeveral } from './action'

const one = { group: 'order', writes: true, when: selects } as const

export const connectorActions = {
  connect: { ...one, when: selectsSeveral, keys: ['shift+c'], run: (e) => e.connect() },
  'grow:right': { ...one, keys: ['mod+arrowright'], run: (e) => e.grow('right') },
  'grow:left': { ...one, keys: ['mod+arrowleft'], run: (e) => e.grow('left') },
  'grow:down': { ...one, keys: ['mod+arrowdown'], run: (e) => e.grow('down') },
  'grow:up': { ...one, keys: ['mod+arrowup'], run: (e) => e.grow('up') },
} satisfies Record<string, Action>
