/** Has the browser keep the app's own files, so that a reload without a server still opens the board. */

import { address } from '../base'

const WORKER = address('/sw.js')
/** A page that never says that it is complete, since the server is away, has nothing to be held up any more. */
const COMPLETE_MS_MAX = 20_000

let completed = () => {}
const completion = new Promise<void>((resolve) => {
  completed = resolve
})

/** What the first page is opened for is there: from now on the line may be used for the offline copy. */
export function pageIsComplete(): void {
  completed()
}

interface PolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string }
}

/** Does nothing in development, and where the browser has no service workers (plain http to another machine). */
export function keepShell(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  void registerWhenComplete()
}

async function registerWhenComplete(): Promise<void> {
  // The worker fetches all of the app, which on a slow line would hold up the board itself.
  const deadline = new Promise<void>((resolve) => {
    setTimeout(resolve, COMPLETE_MS_MAX)
  })
  await Promise.race([completion, deadline])
  try {
    await navigator.serviceWorker.register(workerUrl())
  } catch {
    // Storage may be blocked. The app works without; it only does not open offline.
  }
}

/** The content security policy lets a script's address only through this one policy, and that only for this address. */
function workerUrl(): string {
  const { trustedTypes } = window as { trustedTypes?: PolicyFactory }
  if (trustedTypes === undefined) return WORKER
  const policy = trustedTypes.createPolicy('easel', {
    createScriptURL(url) {
      if (url !== WORKER) throw new TypeError('not a script of this app')
      return url
    },
  })
  return policy.createScriptURL(WORKER)
}
