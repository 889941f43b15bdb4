/** Who I am to the others on a board without an account: a name and a colour, kept in this browser. */

import { useSyncExternalStore } from 'react'
import { PERSON_COLORS } from '../core/person-color'
import { strings } from './strings'

export interface Profile {
  readonly name: string
  readonly color: string
}

export const NAME_CHARS_MAX = 40

const KEY = 'easel.me'
const listeners = new Set<() => void>()
let me: Profile = read() ?? invent()

function read(): Profile | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null')
    return isProfile(kept) ? { name: kept.name, color: kept.color } : null
  } catch {
    return null
  }
}

function isProfile(value: unknown): value is Profile {
  if (typeof value !== 'object' || value === null) return false
  const { name, color } = value as { name?: unknown; color?: unknown }
  return typeof name === 'string' && name !== '' && typeof color === 'string' && /^#[0-9a-f]{6}$/.test(color)
}

function invent(): Profile {
  const invented = {
    name: `${pick(strings.people.guestFirst)} ${pick(strings.people.guestLast)}`,
    color: pick(PERSON_COLORS),
  }
  keep(invented)
  return invented
}

function pick<T>(from: readonly [T, ...T[]]): T {
  return from[Math.floor(Math.random() * from.length)] ?? from[0]
}

function keep(profile: Profile): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(profile))
  } catch {
    // Storage is blocked: the name lasts as long as the page.
  }
}

export function setProfile(next: Profile): void {
  const name = next.name.trim().slice(0, NAME_CHARS_MAX)
  me = { name: name === '' ? me.name : name, color: next.color }
  keep(me)
  for (const listener of listeners) listener()
}

export function getProfile(): Profile {
  return me
}

export function useProfile(): Profile {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, getProfile)
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/u)
  const first = Array.from(words[0] ?? '')[0] ?? '?'
  const last = words.length > 1 ? (Array.from(words[words.length - 1] ?? '')[0] ?? '') : ''
  return (first + last).toLocaleUpperCase()
}
