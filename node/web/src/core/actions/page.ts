/** What the page around the board does. Each is offered while some part of the page answers for it. */
import type { Action } from './action'

export const pageActions = {
  find: { group: 'view', keys: ['mod+f'], run: 'outside' },
  minimap: { group: 'view', keys: ['m'], run: 'outside' },
  palette: { group: 'other', keys: ['mod+k'], keyOnly: true, run: 'outside' },
  help: { group: 'other', keys: ['any+?'], run: 'outside' },
  escape: { group: 'other', keys: ['escape'], keyOnly: true, run: (e) => e.escape() },
} satisfies Record<string, Action>
