/** Where the selected elements lie: above each other, in line, mirrored. */
import type { Action } from './action'
import { selects, selectsMany, selectsSeveral } from './action'

const one = { group: 'order', writes: true, when: selects } as const
const several = { ...one, when: selectsSeveral } as const
const many = { ...one, when: selectsMany } as const

// By code: with Alt some keyboards make other letters.
export const orderActions = {
  forward: { ...one, keys: [']'], run: (e) => e.bringForward() },
  backward: { ...one, keys: ['['], run: (e) => e.sendBackward() },
  toFront: { ...one, keys: ['any+}'], run: (e) => e.bringToFront() },
  toBack: { ...one, keys: ['any+{'], run: (e) => e.sendToBack() },
  'align:left': { ...several, keys: ['alt+code:KeyA'], run: (e) => e.align('left') },
  'align:center': { ...several, keys: ['alt+code:KeyH'], run: (e) => e.align('center') },
  'align:right': { ...several, keys: ['alt+code:KeyD'], run: (e) => e.align('right') },
  'align:top': { ...several, keys: ['alt+code:KeyW'], run: (e) => e.align('top') },
  'align:middle': { ...several, keys: ['alt+code:KeyV'], run: (e) => e.align('middle') },
  'align:bottom': { ...several, keys: ['alt+code:KeyS'], run: (e) => e.align('bottom') },
  'distribute:across': { ...many, keys: ['alt+shift+code:KeyH'], run: (e) => e.distribute('across') },
  'distribute:down': { ...many, keys: ['alt+shift+code:KeyV'], run: (e) => e.distribute('down') },
  tidy: { ...several, keys: ['alt+shift+code:KeyT'], run: (e) => e.tidy() },
  'flip:across': { ...one, keys: ['shift+h'], run: (e) => e.flip('across') },
  'flip:down': { ...one, keys: ['shift+v'], run: (e) => e.flip('down') },
} satisfies Record<string, Action>
