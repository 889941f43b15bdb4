/** What the browser tells a page about itself. Each function does nothing where there is no page. */

export interface PageSignals {
  /** Now is a good time to try again. */
  readonly wake: () => void
  readonly network: (online: boolean) => void
  /** The page may not run again: whatever waits must go out now. */
  readonly hide: () => void
}

/** The answer ends the watch. */
export function watchPage(signals: PageSignals): () => void {
  if (typeof document === 'undefined') return () => {}
  const ended = new AbortController()
  const { signal } = ended
  document.addEventListener(
    'visibilitychange',
    () => (document.visibilityState === 'hidden' ? signals.hide() : signals.wake()),
    { signal },
  )
  window.addEventListener('focus', () => signals.wake(), { signal })
  window.addEventListener('online', () => signals.network(true), { signal })
  window.addEventListener('offline', () => signals.network(false), { signal })
  window.addEventListener('pagehide', () => signals.hide(), { signal })
  window.addEventListener('pageshow', (event) => event.persisted && signals.wake(), { signal })
  return () => ended.abort()
}

export function isBrowserOnline(): boolean {
  return typeof document === 'undefined' || navigator.onLine
}

/** Calls back once, at the next frame; a hidden page has none and is called back at once. */
export function onNextFrame(callback: () => void): () => void {
  if (typeof document !== 'undefined' && document.visibilityState === 'visible') {
    const frame = requestAnimationFrame(callback)
    return () => cancelAnimationFrame(frame)
  }
  const timer = setTimeout(callback, 0)
  return () => clearTimeout(timer)
}

/** Calls back when the page goes away for good or into the browser's cache. The answer ends the watch. */
export function onPageGone(callback: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  window.addEventListener('pagehide', callback)
  return () => window.removeEventListener('pagehide', callback)
}

const IDLE_WITHIN_MS = 2_000

/** Calls back once, when the page has time; not every browser says when that is. */
export function whenIdle(callback: () => void): void {
  if (typeof requestIdleCallback === 'undefined') setTimeout(callback, IDLE_WITHIN_MS / 10)
  else requestIdleCallback(() => callback(), { timeout: IDLE_WITHIN_MS })
}
