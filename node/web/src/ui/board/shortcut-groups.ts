/** The table of actions as the sheet shows it: one row for each that has a key, in the table's own order and groups. */

import { ACTION_IDS, ACTIONS } from '../../core/actions/table'
import { shortcutKeys } from '../shortcut-text'
import { strings } from '../strings'
import { connectorWords } from '../strings/connectors'
import { editorStrings } from './editor-strings'
import { shownKeys } from './shown-keys'

export interface ShortcutRow {
  readonly label: string
  readonly keys: readonly string[]
}

export interface ShortcutGroup {
  readonly title: string
  readonly rows: readonly ShortcutRow[]
}

const GROUPS = ['tools', 'edit', 'order', 'view', 'other'] as const

export function shortcutGroups(): readonly ShortcutGroup[] {
  const { help } = strings
  const groups = GROUPS.map((group) => ({
    title: help.groups[group],
    rows: ACTION_IDS.filter((id) => ACTIONS[id].group === group && ACTIONS[id].keys !== undefined).map(
      (id) => ({
        label: strings.actions[id],
        keys: shownKeys(id),
      }),
    ),
  }))
  const pointer = [...help.pointer, ...editorStrings.pointer, ...connectorWords.pointer].map(
    ([keys, label]) => ({
      label,
      keys: shortcutKeys(keys),
    }),
  )
  return [...groups, { title: help.groups.pointer, rows: pointer }]
}
