/** Has the browser keep the app's own files, so that a reload without a server still opens the board. */

const WORKER = '/sw.js'

interface PolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string }
}

/** Does nothing in development, and where the browser has no service workers (plain http to another machine). */
export function keepShell(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  // After everything the first page needs: the worker fetches all of the app.
  const register = () => {
    navigator.serviceWorker.register(workerUrl()).catch(() => {
      // Storage may be blocked. The app works without; it only does not open offline.
    })
  }
  if (document.readyState === 'complete') register()
  else window.addEventListener('load', register, { once: true })
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
