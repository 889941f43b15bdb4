/**
 * Everything that can be done by a key, from a menu or from the palette: one line each, in the file of its subject.
 * A new one needs that line and its words in `ui/strings/actions.ts`; key table, sheet and palette are made of these.
 */
import type { Action } from './action'
import { connectorActions } from './connectors'
import { editActions } from './edit'
import { frameActions } from './frames'
import { imageActions } from './images'
import { orderActions } from './order'
import { pageActions } from './page'
import { toolActions } from './tools'
import { viewActions } from './view'

const TABLE = {
  ...toolActions,
  ...editActions,
  ...imageActions,
  ...orderActions,
  ...connectorActions,
  ...frameActions,
  ...viewActions,
  ...pageActions,
}

export type ActionId = keyof typeof TABLE

export const ACTIONS: Readonly<Record<ActionId, Action>> = TABLE

export const ACTION_IDS = Object.keys(TABLE) as readonly ActionId[]
