/**
 * The service worker: keeps the app's own files, so that a page opens without a server.
 *
 * It never stands between a page and a server that answers: pages come from the network first, and
 * data (`/api`, `/sync`) is none of its business. Files below `/assets/` have the hash of their
 * content in their name, so a kept one is as good as a new one.
 */

declare const self: ServiceWorkerGlobalScope
/** Put in by the build: every file of this version, and a hash over all of them. */
declare const SHELL: { readonly version: string; readonly files: readonly string[] }

/** Where the app is on its host: this file lies at its root. */
const BASE = self.location.pathname.slice(0, self.location.pathname.lastIndexOf('/'))
/** Another installation on this host has caches of its own. */
const PREFIX = `easel-shell${BASE}-`
const CACHE = PREFIX + SHELL.version
/** The version before stays: a page that is still open may yet ask for its lazy parts. */
const VERSIONS_KEPT = 2
/** A server that has not answered by then is treated as away. */
const PAGE_WAIT_MS = 4_000
/** What a proxy answers for a server that is away. */
const AWAY_STATUS = new Set([502, 503, 504])

self.addEventListener('install', (event) => {
  event.waitUntil(keepShell())
})

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOldVersions())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (!url.pathname.startsWith(`${BASE}/`)) return
  const path = url.pathname.slice(BASE.length)
  if (request.mode === 'navigate') {
    if (isAppPage(path)) event.respondWith(page(request))
  } else if (path.startsWith('/assets/')) {
    event.respondWith(asset(request))
  } else if (SHELL.files.includes(path)) {
    event.respondWith(freshOrKept(request))
  }
})

async function keepShell(): Promise<void> {
  const cache = await caches.open(CACHE)
  // Of what has no hash in its name the browser's own cache may hold the version before; the rest the page has just
  // fetched, and is not fetched again.
  const requests = SHELL.files.map((file) => {
    return new Request(BASE + file, { cache: file.startsWith('/assets/') ? 'default' : 'reload' })
  })
  await cache.addAll(requests)
  await self.skipWaiting()
}

async function dropOldVersions(): Promise<void> {
  // In the order they were made; the newest is this one.
  const versions = (await caches.keys()).filter((name) => name.startsWith(PREFIX))
  const others = versions.filter((name) => name !== CACHE)
  await Promise.all(
    others.slice(0, Math.max(0, others.length - VERSIONS_KEPT + 1)).map((name) => caches.delete(name)),
  )
  await self.clients.claim()
}

function isAppPage(path: string): boolean {
  return (
    path === '/' || path === '/account' || path === '/admin' || path === '/signin' || path.startsWith('/b/')
  )
}

async function page(request: Request): Promise<Response> {
  const kept = () => keptOfThisVersion(`${BASE}/`)
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(PAGE_WAIT_MS) })
    return AWAY_STATUS.has(fresh.status) ? ((await kept()) ?? fresh) : fresh
  } catch {
    return (await kept()) ?? Response.error()
  }
}

async function asset(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request)
}

async function freshOrKept(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch {
    return (await keptOfThisVersion(request)) ?? Response.error()
  }
}

/** `caches.match` would give the oldest, which belongs to the page of the version before. */
async function keptOfThisVersion(request: Request | string): Promise<Response | undefined> {
  return (await caches.open(CACHE)).match(request, { ignoreVary: true })
}
