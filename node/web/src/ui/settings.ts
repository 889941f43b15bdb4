/**
 * What a person sets of the pages. It counts in this browser at once, and is kept by the server for whoever is signed
 * in, so that their other browsers show it as well.
 */

import { account } from '../api/browser-session'
import type { BoardSort } from '../api/client'
import { ApiError } from '../api/problem'
import { changeSettings, getSettings } from '../api/settings'
import type { Members } from '../core/kept-settings'
import { createKeptSettings } from '../core/kept-settings'
import { createStore } from '../core/store'
import type { MotionChoice } from './motion'
import { chooseMotion } from './motion'
import type { ThemeChoice } from './theme'
import { chooseTheme } from './theme'
import { useStore } from './use-store'
import { ownerOf } from './who'

export interface Settings {
  readonly theme?: ThemeChoice
  readonly motion?: MotionChoice
  readonly sort?: BoardSort
  /** First-use hints, which go for good. */
  readonly hints?: 'seen'
}

const SORT_KEY = 'easel.sort'
/** Whoever comes back to a page that was left alone this long may have chosen something elsewhere. */
const STALE_AFTER_MS = 60_000

const HINTS_KEY = 'easel.hints'
const hints = createStore<boolean>(readHints())

const sort = createStore<BoardSort>(readSort())

const kept = createKeptSettings({
  read: getSettings,
  change: changeSettings,
  wasChanged: (failure) => failure instanceof ApiError && failure.status === 412,
  show: (all) => show(settingsOf(all)),
})

export function choose(settings: Settings): void {
  show(settings)
  if (isIn()) void kept.choose({ ...settings }).catch(later)
}

export function useSort(): BoardSort {
  return useStore(sort, (value) => value)
}

export function useHints(): boolean {
  return useStore(hints, (value) => value)
}

/** Keeps this browser in step, from the start of the page to its end. */
export function keepSettings(): void {
  let owner = ''
  let askedAtMs = 0
  const look = () => {
    if (!isIn()) return
    const now = ownerOf(account.standing.get())
    if (now !== owner) kept.forget()
    else if (Date.now() - askedAtMs < STALE_AFTER_MS) return
    owner = now
    askedAtMs = Date.now()
    void kept.refresh().catch(later)
  }
  account.standing.subscribe(look)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') look()
  })
  window.addEventListener('online', () => {
    askedAtMs = 0
    look()
  })
  look()
}

function isIn(): boolean {
  return account.standing.get().at === 'in'
}

/** It is shown already, waits with the rest, and goes with the next occasion. */
function later(failure: unknown): void {
  if (!(failure instanceof ApiError)) throw failure
}

function show(settings: Settings): void {
  if (settings.theme !== undefined) chooseTheme(settings.theme)
  if (settings.motion !== undefined) chooseMotion(settings.motion)
  if (settings.sort !== undefined) keepSort(settings.sort)
  if (settings.hints !== undefined) endHints()
}

/** Another release of this client may have kept something else. */
function settingsOf(all: Members): Settings {
  const theme = oneOf(all['theme'], ['system', 'light', 'dark'] as const)
  const motion = oneOf(all['motion'], ['system', 'less'] as const)
  const order = oneOf(all['sort'], ['-updated_at', '-created_at', 'title'] as const)
  const hints = oneOf(all['hints'], ['seen'] as const)
  return {
    ...(theme !== undefined && { theme }),
    ...(motion !== undefined && { motion }),
    ...(order !== undefined && { sort: order }),
    ...(hints !== undefined && { hints }),
  }
}

function oneOf<T extends string>(value: unknown, known: readonly T[]): T | undefined {
  return known.find((one) => one === value)
}

function readSort(): BoardSort {
  try {
    return oneOf(localStorage.getItem(SORT_KEY), ['-created_at', 'title'] as const) ?? '-updated_at'
  } catch {
    return '-updated_at'
  }
}

function readHints(): boolean {
  try {
    return localStorage.getItem(HINTS_KEY) !== 'seen'
  } catch {
    return true
  }
}

function endHints(): void {
  hints.set(false)
  try {
    localStorage.setItem(HINTS_KEY, 'seen')
  } catch {
    // Storage is blocked: they are back with the next page.
  }
}

function keepSort(next: BoardSort): void {
  sort.set(next)
  try {
    localStorage.setItem(SORT_KEY, next)
  } catch {
    // Storage is blocked: the order lasts as long as the page.
  }
}
