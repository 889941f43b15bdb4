import { expect, test } from 'vitest'
import { relativeTime } from './relative-time'

const NOW = new Date(2026, 5, 15, 12, 0, 0).getTime()
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

test.each([
  [-5_000, 'just now'],
  [0, 'just now'],
  [44_000, 'just now'],
  [45_000, '1 minute ago'],
  [5 * MINUTE, '5 minutes ago'],
  [59 * MINUTE, '59 minutes ago'],
  [59.9 * MINUTE, '1 hour ago'],
  [20 * HOUR, '20 hours ago'],
  [1 * DAY, 'yesterday'],
  [3 * DAY, '3 days ago'],
  [30 * DAY, 'May 16'],
  [300 * DAY, 'Aug 19, 2025'],
])('%d ms ago is “%s”', (agoMs, expected) => {
  expect(relativeTime(NOW - agoMs, NOW)).toBe(expected)
})
