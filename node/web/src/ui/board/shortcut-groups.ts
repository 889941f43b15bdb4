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
  const typing: ShortcutRow = { label: help.typing, keys: ['A – Z'] }
  const groups = GROUPS.map((group) => {
    const ids = ACTION_IDS.filter((id) => ACTIONS[id].group === group && ACTIONS[id].keys !== undefined)
    const rows = ids.map((id) => ({ label: strings.actions[id], keys: shownKeys(id) }))
    return { title: help.groups[group], rows: group === 'edit' ? [typing, ...rows] : rows }
  })
  const pointer = [...help.pointer, ...editorStrings.pointer, ...connectorWords.pointer].map(
    ([keys, label]) => ({
      label,
      keys: shortcutKeys(keys),
    }),
  )
  return [...groups, { title: help.groups.pointer, rows: pointer }]
}
