import { expect, test } from 'vitest'
import { ACTION_IDS, ACTIONS } from '../../core/actions/table'
import { KEYMAP } from '../../core/keymap'
import { shortcutKeys, shortcutText } from '../shortcut-text'
import { strings } from '../strings'
import { shortcutGroups } from './shortcut-groups'
import { shownKeys } from './shown-keys'

test('every binding is listed once on the sheet, by its name', () => {
  const rows = shortcutGroups().flatMap((group) => group.rows)
  for (const { action } of KEYMAP) {
    const listed = rows.filter((row) => row.label === strings.actions[action])
    expect(listed, action).toEqual([{ label: strings.actions[action], keys: shownKeys(action) }])
    expect(shownKeys(action).length, action).toBeGreaterThan(0)
  }
  expect(new Set(rows.map((row) => row.label)).size).toBe(rows.length)
})

test('every action has words, a way to it, and no words are without an action', () => {
  expect(Object.keys(strings.actions).toSorted()).toEqual(ACTION_IDS.toSorted())
  for (const id of ACTION_IDS) {
    const { keys, keyOnly } = ACTIONS[id]
    expect(strings.actions[id].trim(), id).not.toBe('')
    expect(keyOnly === true && keys === undefined, `${id} cannot be reached`).toBe(false)
  }
})

test('no two actions share a key, whatever Shift makes of it', () => {
  const seen = new Map<string, string>()
  for (const { action, key, mod, alt, shift, anyShift } of KEYMAP) {
    for (const held of anyShift ? [true, false] : [shift]) {
      const keys = `${key} ${mod} ${alt} ${held}`
      expect(seen.get(keys) ?? action, keys).toBe(action)
      seen.set(keys, action)
    }
  }
})

test('keys are named as the machine names them', () => {
  expect(shortcutText('mod+shift+Z', false)).toBe('Ctrl+Shift+Z')
  expect(shortcutText('mod+shift+Z', true)).toBe('⌘⇧Z')
  expect(shortcutKeys('mod++', false)).toEqual(['Ctrl', '+'])
  expect(shortcutKeys('V', false)).toEqual(['V'])
})
