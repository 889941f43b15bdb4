/** What the page around the board does. Each is offered while some part of the page answers for it. */
import type { Action } from './action'

export const pageActions = {
  // By touch, from a menu or the palette.
  fingers: {
    group: 'view',
    run: (e) => e.setFingers(e.state.get().fingers === 'pan' ? 'draw' : 'pan'),
  },
  bringToMe: { group: 'view', run: 'outside' },
  find: { group: 'view', keys: ['mod+f'], run: 'outside' },
  figures: { group: 'view', keys: ['alt+shift+code:KeyF'], run: 'outside' },
  minimap: { group: 'view', keys: ['m'], run: 'outside' },
  palette: { group: 'other', keys: ['mod+k'], keyOnly: true, run: 'outside' },
  help: { group: 'other', keys: ['any+?'], run: 'outside' },
  escape: { group: 'other', keys: ['escape'], keyOnly: true, run: (e) => e.escape() },
} satisfies Record<string, Action>
