import { expect, test } from 'vitest'
import type { SyncPhase } from '../../sync/session'
import { statusWords } from './status'

function words(phase: SyncPhase, unsaved = 0, role: 'editor' | 'viewer' = 'editor', kept = true): string {
  const { tone, text } = statusWords({ phase, unsaved, since: 0, kept, slow: false }, role)
  return `${tone}: ${text}`
}

test.each<[SyncPhase, number, string]>([
  ['saved', 0, 'calm: Saved'],
  ['saving', 2, 'busy: Saving…'],
  ['offline', 0, 'warn: Offline'],
  ['offline', 1, 'warn: Offline · 1 change waiting'],
  ['offline', 1_234, 'warn: Offline · 1,234 changes waiting'],
  ['reconnecting', 3, 'warn: Reconnecting… · 3 changes waiting'],
  ['gone', 0, 'bad: Board deleted'],
  ['refused', 0, 'bad: Not accepted'],
  ['outdated', 0, 'bad: Reload to go on'],
])('%s with %d unsaved reads “%s”', (phase, unsaved, expected) => {
  expect(words(phase, unsaved)).toBe(expected)
})

test('only a saved board is ever called saved', () => {
  const others: SyncPhase[] = [
    'loading',
    'connecting',
    'saving',
    'offline',
    'reconnecting',
    'refused',
    'gone',
    'set_aside',
    'outdated',
  ]
  for (const phase of others) expect(words(phase)).not.toContain('Saved')
})

test('a viewer is told so, but not while the connection is lost', () => {
  expect(words('saved', 0, 'viewer')).toBe('calm: Read-only')
  expect(words('offline', 0, 'viewer')).toBe('warn: Offline')
})

test('a browser that keeps nothing says what that means', () => {
  const status = { phase: 'offline', unsaved: 1, since: 0 } as const
  expect(statusWords({ ...status, kept: true, slow: false }, 'editor').hint).toContain('kept in this browser')
  expect(statusWords({ ...status, kept: false, slow: false }, 'editor').hint).toContain('keeps nothing')
})
