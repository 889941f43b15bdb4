/** Moving between the pages with the browser's own history. A handful of pages do not need a library. */

import { useSyncExternalStore } from 'react'
import type { Route } from './routes'
import { parseRoute } from './routes'

const listeners = new Set<() => void>()

function changed(): void {
  for (const listener of listeners) listener()
}

window.addEventListener('popstate', changed)

export function navigate(path: string): void {
  if (path === here()) return
  history.pushState(null, '', path)
  window.scrollTo(0, 0)
  changed()
}

/** In place of the page one is on: going back does not lead there again. */
export function replacePage(path: string): void {
  history.replaceState(null, '', path)
  window.scrollTo(0, 0)
  changed()
}

export function here(): string {
  return location.pathname + location.search
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
