import { expect, test } from 'vitest'
import { KEYMAP } from '../../core/keymap'
import { shortcutKeys, shortcutText } from '../shortcut-text'
import { shortcutGroups } from './shortcut-groups'

test('every verb that has a key is listed once', () => {
  const rows = shortcutGroups().flatMap((group) => group.rows)
  const verbs = new Set(KEYMAP.map((binding) => binding.action))
  expect(rows.length).toBeGreaterThanOrEqual(verbs.size)
  expect(rows.every((row) => row.label !== '' && row.keys.length > 0)).toBe(true)
  expect(new Set(rows.map((row) => row.label)).size).toBe(rows.length)
})

test('keys are named as the machine names them', () => {
  expect(shortcutText('mod+shift+Z', false)).toBe('Ctrl+Shift+Z')
  expect(shortcutText('mod+shift+Z', true)).toBe('⌘⇧Z')
  expect(shortcutKeys('mod++', false)).toEqual(['Ctrl', '+'])
  expect(shortcutKeys('V', false)).toEqual(['V'])
})
