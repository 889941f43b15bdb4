/** What the page around the board does. Each is offered while some part of the page answers for it. */
import type { Action } from './action'

export const pageActions = {
  help: { group: 'other', keys: ['any+?'], run: 'outside' },
  escape: { group: 'other', keys: ['escape'], keyOnly: true, run: (e) => e.escape() },
} satisfies Record<string, Action>
