/**
 * Code that the first view does without is fetched when the page has time, so that nobody waits for it later.
 */

import { whenIdle } from '../sync/page'

type Load = () => Promise<unknown>

const waiting: Load[] = []
let fetching = false

/** `load` is called once the page is complete and idle, one such after another. */
export function fetchWhenQuiet(load: Load): void {
  waiting.push(load)
}

/** What the page is opened for is there and shown. */
export function pageIsQuiet(): void {
  if (fetching) return
  fetching = true
  void fetchAll()
}

async function fetchAll(): Promise<void> {
  for (let load = waiting.shift(); load !== undefined; load = waiting.shift()) {
    await idle()
    // Whoever needs it tries again, and tells of the failure.
    await load().catch(() => undefined)
  }
  fetching = false
}

function idle(): Promise<void> {
  return new Promise((resolve) => whenIdle(resolve))
}
