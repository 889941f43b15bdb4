/** The keys of an action as this machine's keyboard names them. Of several the first is shown. */

import type { ActionId } from '../../core/actions/table'
import type { Binding } from '../../core/keymap'
import { KEYMAP } from '../../core/keymap'
import { shortcutKeys, shortcutText } from '../shortcut-text'

export function shownKeys(action: ActionId): readonly string[] {
  // The arrows are shown together.
  if (action === 'nudge') return ['←', '↑', '→', '↓']
  const text = textOf(action)
  return text === null ? [] : shortcutKeys(text)
}

export function shownShortcut(action: ActionId): string | undefined {
  const text = textOf(action)
  return text === null ? undefined : shortcutText(text)
}

function textOf(action: ActionId): string | null {
  const binding = KEYMAP.find((one) => one.action === action)
  return binding === undefined ? null : keysOf(binding)
}

function keysOf(binding: Binding): string {
  const key = binding.key.replace(/^code:(Digit|Key)?/, '')
  const mods = [binding.mod && 'mod', binding.shift && 'shift', binding.alt && 'alt'].filter(Boolean)
  return [...mods, KEY_NAMES[key] ?? key.toUpperCase()].join('+')
}

const KEY_NAMES: Readonly<Record<string, string>> = {
  delete: 'Del',
  backspace: '⌫',
  enter: 'Enter',
  tab: 'Tab',
  escape: 'Esc',
  Quote: "'",
  arrowright: '→',
  arrowleft: '←',
  arrowdown: '↓',
  arrowup: '↑',
  '-': '−',
  '}': 'shift+]',
  '{': 'shift+[',
}
