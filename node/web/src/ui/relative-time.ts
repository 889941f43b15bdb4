/** “5 minutes ago”, in the language of the strings. */

import { strings } from './strings'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const dayThisYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' })
const dayOtherYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' })

export function relativeTime(thenMs: number, nowMs: number): string {
  // A clock that runs behind the server's would otherwise say “in 3 seconds”.
  const agoMs = Math.max(0, nowMs - thenMs)
  if (agoMs < 45 * SECOND_MS) return strings.time.now
  if (agoMs < 59.5 * MINUTE_MS) return relative.format(-Math.max(1, Math.round(agoMs / MINUTE_MS)), 'minute')
  if (agoMs < 23.5 * HOUR_MS) return relative.format(-Math.max(1, Math.round(agoMs / HOUR_MS)), 'hour')
  if (agoMs < 6.5 * DAY_MS) return relative.format(-Math.max(1, Math.round(agoMs / DAY_MS)), 'day')
  return dayWords(thenMs, nowMs)
}

/** “May 16”, and the year where it is another one. */
export function dayWords(thenMs: number, nowMs: number): string {
  const then = new Date(thenMs)
  const sameYear = then.getFullYear() === new Date(nowMs).getFullYear()
  return (sameYear ? dayThisYear : dayOtherYear).format(then)
}
