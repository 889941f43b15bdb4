import { expect, test } from 'vitest'
import { sweep } from './visits'

const DAY = 86_400_000

test('a visit is kept for a week after it was last used', () => {
  const used = { old: 0, new: 5 * DAY, now: 8 * DAY }
  expect(sweep(used, 8 * DAY)).toEqual({ kept: { new: 5 * DAY, now: 8 * DAY }, over: ['old'] })
  expect(sweep({}, 0)).toEqual({ kept: {}, over: [] })
})
