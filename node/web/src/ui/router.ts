/** Moving between the pages with the browser's own history. A handful of pages do not need a library. */

import { useSyncExternalStore } from 'react'
import { BASE, address } from '../base'
import type { Route } from './routes'
import { parseRoute } from './routes'

const listeners = new Set<() => void>()

function changed(): void {
  for (const listener of listeners) listener()
}

window.addEventListener('popstate', changed)

export function navigate(path: string): void {
  if (path === here()) return
  history.pushState(null, '', address(path))
  window.scrollTo(0, 0)
  changed()
}

/** In place of the page one is on: going back does not lead there again. */
export function replacePage(path: string): void {
  history.replaceState(null, '', address(path))
  window.scrollTo(0, 0)
  changed()
}

/** The path within the app, which is the whole path unless the app is below one. */
export function here(): string {
  const { pathname, search } = location
  return (pathname.startsWith(`${BASE}/`) ? pathname.slice(BASE.length) : pathname) + search
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useRoute(): Route {
  const path = useSyncExternalStore(subscribe, here)
  const at = path.indexOf('?')
  return at < 0 ? parseRoute(path, '') : parseRoute(path.slice(0, at), path.slice(at))
}
