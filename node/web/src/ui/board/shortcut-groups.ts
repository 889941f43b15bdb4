/** The keymap as the sheet shows it: one row for each verb, in the keymap's own order and groups. */

import { isTool } from '../../core/actions'
import type { ActionId, ToolId } from '../../core/editor-api'
import type { Binding } from '../../core/keymap'
import { KEYMAP } from '../../core/keymap'
import { shortcutKeys } from '../shortcut-text'
import { strings } from '../strings'
import { editorStrings } from './editor-strings'
import { TOOL_NAMES } from './tool-names'

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
    rows: rowsOf(KEYMAP.filter((binding) => binding.group === group)),
  }))
  const pointer = [...help.pointer, ...editorStrings.pointer].map(([keys, label]) => ({
    label,
    keys: shortcutKeys(keys),
  }))
  return [...groups, { title: help.groups.pointer, rows: pointer }]
}

/** Of several keys for one verb the first is shown; the arrows are shown together. */
function rowsOf(bindings: readonly Binding[]): readonly ShortcutRow[] {
  const rows = new Map<ActionId, ShortcutRow>()
  for (const binding of bindings) {
    if (rows.has(binding.action)) continue
    const keys = binding.action === 'nudge' ? ['←', '↑', '→', '↓'] : keysOf(binding)
    rows.set(binding.action, { label: labelOf(binding.action), keys })
  }
  return [...rows.values()]
}

function keysOf(binding: Binding): readonly string[] {
  const key = binding.key.replace(/^code:(Digit|Key)?/, '')
  const mods = [binding.mod && 'mod', binding.shift && 'shift', binding.alt && 'alt'].filter(
    (mod) => mod !== undefined,
  )
  return shortcutKeys([...mods, KEY_NAMES[key] ?? key.toUpperCase()].join('+'))
}

const KEY_NAMES: Readonly<Record<string, string>> = {
  delete: 'Del',
  backspace: '⌫',
  enter: 'Enter',
  tab: 'Tab',
  escape: 'Esc',
  Quote: "'",
  '-': '−',
  '}': 'shift+]',
  '{': 'shift+[',
}

function labelOf(action: ActionId): string {
  const { properties, view, menu, help } = strings
  if (isTool(action)) return TOOL_NAMES[action.slice('tool:'.length) as ToolId]
  switch (action) {
    case 'undo':
      return view.undo
    case 'redo':
      return view.redo
    case 'selectAll':
      return menu.selectAll
    case 'delete':
      return properties.remove
    case 'duplicate':
      return properties.duplicate
    case 'copy':
      return menu.copy
    case 'cut':
      return menu.cut
    case 'paste':
      return menu.paste
    case 'toFront':
      return properties.front
    case 'forward':
      return properties.forward
    case 'backward':
      return properties.backward
    case 'toBack':
      return properties.back
    case 'nudge':
      return help.nudge
    case 'zoomIn':
      return view.zoomIn
    case 'zoomOut':
      return view.zoomOut
    case 'zoomReset':
      return view.actual
    case 'zoomFit':
      return view.fit
    case 'zoomSelection':
      return view.selection
    case 'note:beside':
      return editorStrings.notes.beside
    case 'note:below':
      return editorStrings.notes.below
    case 'toggleLock':
      return editorStrings.lock.toggle
    case 'copyStyle':
      return editorStrings.style.copy
    case 'pasteStyle':
      return editorStrings.style.paste
    case 'align:left':
      return editorStrings.align.left
    case 'align:center':
      return editorStrings.align.center
    case 'align:right':
      return editorStrings.align.right
    case 'align:top':
      return editorStrings.align.top
    case 'align:middle':
      return editorStrings.align.middle
    case 'align:bottom':
      return editorStrings.align.bottom
    case 'distribute:across':
      return editorStrings.align.across
    case 'distribute:down':
      return editorStrings.align.down
    case 'tidy':
      return editorStrings.align.tidy
    case 'flip:across':
      return editorStrings.flip.across
    case 'flip:down':
      return editorStrings.flip.down
    case 'toggleSnap':
      return editorStrings.snapping.elements
    case 'toggleGrid':
      return editorStrings.snapping.grid
    case 'editText':
      return help.editText
    case 'escape':
      return help.escape
    case 'help':
      return help.open
  }
}
