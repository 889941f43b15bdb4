/** The service worker over a store and a network of the test's own: what a page gets, of which version. */
import { afterEach, describe, expect, it, vi } from 'vitest'

const ORIGIN = 'http://easel.test'
// Not a literal: the worker is checked by a project of its own, with the globals of a worker.
const WORKER = './worker.ts'

type Listener = (event: object) => void

/** Caches as the browser keeps them: by name, in the order in which they were made. */
class MemoryCaches {
  private readonly kept = new Map<string, Map<string, string>>()

  open(name: string) {
    const files = this.kept.get(name) ?? new Map<string, string>()
    this.kept.set(name, files)
    return Promise.resolve({
      match: (asked: Request | string) => Promise.resolve(answer(files.get(pathOf(asked)))),
      addAll: async (requests: Request[]) => {
        for (const request of requests) files.set(pathOf(request), await (await fetch(request)).text())
      },
    })
  }

  match(asked: Request | string) {
    const all = [...this.kept.values()].map((files) => files.get(pathOf(asked)))
    return Promise.resolve(answer(all.find((content) => content !== undefined)))
  }

  keys = () => Promise.resolve([...this.kept.keys()])
  delete = (name: string) => Promise.resolve(this.kept.delete(name))
}

const answer = (content: string | undefined) => (content === undefined ? undefined : new Response(content))
const pathOf = (asked: Request | string) =>
  new URL(typeof asked === 'string' ? asked : asked.url, ORIGIN).pathname

/** A server with one release of the page, which can go away; workers of several releases share the caches. */
class Desk {
  readonly caches = new MemoryCaches()
  private readonly base: string
  files: Record<string, string> = {}
  isThere = true
  readonly asked: { readonly path: string; readonly cache: string }[] = []

  /** `base` is where the app is on its host. */
  constructor(base = '') {
    this.base = base
    vi.stubGlobal('caches', this.caches)
    vi.stubGlobal(
      'Request',
      class extends Request {
        constructor(path: string, options: RequestInit) {
          super(new URL(path, ORIGIN), options)
        }
      },
    )
    vi.stubGlobal('fetch', async (request: Request) => {
      const path = pathOf(request)
      this.asked.push({ path, cache: request.cache })
      if (!this.isThere) throw new TypeError('no network')
      const root = `${this.base}/`
      return (
        answer(this.files[path.startsWith(`${root}b/`) ? root : path]) ?? new Response('', { status: 404 })
      )
    })
  }

  /** The server has this release from now on, and the browser has found its worker. */
  async release(version: string): Promise<(path: string, mode?: string) => Promise<string>> {
    const files = {
      '/': `page ${version}`,
      '/boot.js': `boot ${version}`,
      [`/assets/${version}.js`]: `script ${version}`,
    }
    this.files = Object.fromEntries(
      Object.entries(files).map(([path, content]) => [this.base + path, content]),
    )
    const listeners = new Map<string, Listener>()
    vi.stubGlobal('SHELL', { version, files: Object.keys(files) })
    vi.stubGlobal('self', {
      location: { origin: ORIGIN, pathname: `${this.base}/sw.js` },
      addEventListener: (name: string, listener: Listener) => listeners.set(name, listener),
      skipWaiting: () => Promise.resolve(),
      clients: { claim: () => Promise.resolve() },
    })
    vi.resetModules()
    await import(/* @vite-ignore */ WORKER)
    for (const name of ['install', 'activate']) {
      await new Promise((resolve) => listeners.get(name)?.({ waitUntil: resolve }))
    }
    return async (path, mode = 'cors') => {
      const request = { url: ORIGIN + path, method: 'GET', mode }
      let response: Promise<Response> | undefined
      listeners.get('fetch')?.({ request, respondWith: (given: Promise<Response>) => (response = given) })
      if (response === undefined) return 'not touched'
      const given = await response
      return given.type === 'error' ? 'error' : given.text()
    }
  }
}

afterEach(() => vi.unstubAllGlobals())

describe('the service worker', () => {
  it('gives what the server has while it is there, and what it kept when it is not', async () => {
    const desk = new Desk()
    const get = await desk.release('one')
    desk.files['/'] = 'page edited'
    expect(await get('/b/brd_1', 'navigate')).toBe('page edited')
    desk.isThere = false
    expect(await get('/b/brd_1', 'navigate')).toBe('page one')
    expect(await get('/', 'navigate')).toBe('page one')
    expect(await get('/boot.js')).toBe('boot one')
    expect(await get('/assets/one.js')).toBe('script one')
    expect(await get('/assets/unknown.js').catch(() => 'refused')).toBe('refused')
  })

  it('keeps its hands off data, and pages that are not the app’s', async () => {
    const desk = new Desk()
    const get = await desk.release('one')
    expect(await get('/api/v1/boards')).toBe('not touched')
    expect(await get('/problems/not-found', 'navigate')).toBe('not touched')
  })

  it('never mixes two releases when the server is away', async () => {
    const desk = new Desk()
    await desk.release('one')
    const get = await desk.release('two')
    desk.isThere = false
    expect(await get('/b/brd_1', 'navigate')).toBe('page two')
    expect(await get('/boot.js')).toBe('boot two')
    expect(await get('/assets/two.js')).toBe('script two')
  })

  it('lets a page of the release before load its lazy parts, and drops what is older', async () => {
    const desk = new Desk()
    await desk.release('one')
    await desk.release('two')
    const get = await desk.release('three')
    expect(await get('/assets/two.js')).toBe('script two')
    desk.isThere = false
    expect(await desk.caches.keys()).toEqual(['easel-shell-two', 'easel-shell-three'])
  })

  it('goes past the browser’s cache only for what has no hash in its name', async () => {
    const desk = new Desk()
    await desk.release('one')
    expect(desk.asked).toEqual([
      { path: '/', cache: 'reload' },
      { path: '/boot.js', cache: 'reload' },
      { path: '/assets/one.js', cache: 'default' },
    ])
  })

  it('minds only what is below the path that the app is at', async () => {
    const desk = new Desk('/easel')
    const get = await desk.release('one')
    desk.isThere = false
    expect(await get('/easel/b/brd_1', 'navigate')).toBe('page one')
    expect(await get('/easel/assets/one.js')).toBe('script one')
    expect(await get('/b/brd_1', 'navigate')).toBe('not touched')
    expect(await get('/assets/one.js')).toBe('not touched')
    expect(await desk.caches.keys()).toEqual(['easel-shell/easel-one'])
  })
})
