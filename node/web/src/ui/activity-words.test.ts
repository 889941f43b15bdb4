import { expect, test } from 'vitest'
import type { ActivityLine } from '../api/activity'
import { activityWords, actorWords, byDay } from './activity-words'

function line(type: string, at = 0, more: Partial<ActivityLine> = {}): ActivityLine {
  const actor = { kind: 'user', id: 'usr_ada', name: 'Ada' } as const
  const board = { board: 'brd_1', boardTitle: null }
  return { id: `evt_${at}`, ...board, at, actor, type, title: null, role: null, user: null, ...more }
}

test.each([
  ['board.renamed', { title: 'Plans' }, 'named it “Plans”'],
  ['member.set', { role: 'editor' }, 'made somebody an editor'],
  ['link.created', { role: 'viewer' }, 'made a share link for viewers'],
  ['member.joined', { role: 'commenter' }, 'joined as a commenter'],
  ['a.thing.of.later', {}, 'did something that this page does not know yet'],
])('%s', (type, more, words) => {
  expect(activityWords(line(type, 0, more))).toBe(words)
})

test('whoever has no name is still somebody', () => {
  const nobody = { id: null, name: null }
  expect(actorWords({ kind: 'user', id: 'usr_ada', name: 'Ada' }, 'usr_ada')).toBe('You')
  expect(actorWords({ kind: 'user', id: 'usr_ada', name: 'Ada' }, 'usr_bob')).toBe('Ada')
  expect(actorWords({ kind: 'guest', ...nobody }, null)).toBe('A guest')
  expect(actorWords({ kind: 'system', ...nobody }, null)).toBe('Easel')
})

test('lines stand under the day they belong to', () => {
  const now = new Date(2026, 5, 15, 12, 0)
  const at = (day: number, hour: number, year = 2026) => new Date(year, 5, day, hour).getTime()
  const lines = [at(15, 11), at(15, 0), at(14, 23), at(3, 9), at(3, 8, 2025)].map((ms) =>
    line('board.edited', ms),
  )
  const days = byDay(lines, now.getTime()).map((day) => `${day.title}: ${day.lines.length}`)
  expect(days).toEqual(['Today: 2', 'Yesterday: 1', 'Wednesday, June 3: 1', 'June 3, 2025: 1'])
})
