/** What people did, in words: a pure reading of what the server tells. */

import type { ActivityLine, Actor } from '../api/activity'
import { strings } from './strings'

export interface ActivityDay {
  readonly key: string
  readonly title: string
  readonly lines: readonly ActivityLine[]
}

export function activityWords(line: ActivityLine): string {
  const words = strings.activity.did
  const role = line.role === null ? '' : roleWord(line.role)
  switch (line.type) {
    case 'board.created':
      return words.created
    case 'board.renamed':
      return words.renamed(line.title ?? '')
    case 'board.trashed':
      return words.trashed
    case 'board.restored':
      return words.restored
    case 'board.archived':
      return words.archived
    case 'board.unarchived':
      return words.unarchived
    case 'board.copied':
      return words.copied
    case 'board.transferred':
      return words.transferred
    case 'board.edited':
      return words.edited
    case 'member.set':
      return words.memberSet(role)
    case 'member.removed':
      return words.memberRemoved
    case 'member.invited':
      return words.invited(role)
    case 'member.joined':
      return words.joined(role)
    case 'sharing.changed':
      return words.sharing
    case 'link.created':
      return words.linkMade(role)
    case 'link.changed':
      return words.linkChanged
    case 'link.revoked':
      return words.linkRevoked
    case 'access.asked':
      return words.asked(role)
    case 'access.denied':
      return words.denied
    default:
      // A newer server knows more.
      return words.other
  }
}

function roleWord(role: string): string {
  const words: Readonly<Record<string, string>> = strings.roleAs
  return words[role] ?? role
}

export function actorWords(actor: Actor, me: string | null): string {
  if (actor.id !== null && actor.id === me) return strings.activity.you
  if (actor.name !== null && actor.name !== '') return actor.name
  switch (actor.kind) {
    case 'guest':
      return strings.activity.guest
    case 'system':
      return strings.activity.system
    case 'user':
      return strings.activity.formerUser
    case 'local':
      return strings.activity.local
  }
}

const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' })
const otherYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric' })
const clock = new Intl.DateTimeFormat('en', { hour: 'numeric', minute: '2-digit', hourCycle: 'h23' })

export function clockOf(ms: number): string {
  return clock.format(ms)
}

/** By the days of this machine, in the order they come: newest first. */
export function byDay(lines: readonly ActivityLine[], nowMs: number): readonly ActivityDay[] {
  const days: { key: string; title: string; lines: ActivityLine[] }[] = []
  for (const line of lines) {
    const key = dayKey(line.at)
    const last = days.at(-1)
    if (last?.key === key) last.lines.push(line)
    else days.push({ key, title: dayTitle(line.at, nowMs), lines: [line] })
  }
  return days
}

function dayKey(ms: number): string {
  const day = new Date(ms)
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`
}

function dayTitle(ms: number, nowMs: number): string {
  const yesterday = new Date(nowMs)
  yesterday.setDate(yesterday.getDate() - 1)
  if (dayKey(ms) === dayKey(nowMs)) return strings.activity.today
  if (dayKey(ms) === dayKey(yesterday.getTime())) return strings.activity.yesterday
  const sameYear = new Date(ms).getFullYear() === new Date(nowMs).getFullYear()
  return (sameYear ? weekday : otherYear).format(ms)
}
