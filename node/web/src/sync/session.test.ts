import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'
import * as Y from 'yjs'
import { createStore } from '../core/store'
import type { Credential } from './carrier'
import type { BoardSession } from './session'
import { openSession } from './session'
import type { TestServer } from './test-server'
import { startTestServer } from './test-server'

const sessions: BoardSession[] = []
let server: TestServer
let disk: IDBFactory

beforeEach(async () => {
  server = await startTestServer()
  disk = new IDBFactory()
})

afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy()
  await server.stop()
})

interface OpenOptions {
  readonly disk?: IDBFactory
  readonly tab?: string
  readonly look?: () => Promise<'there' | 'missing' | 'unknown'>
  readonly board?: string
  readonly url?: string
  readonly credential?: Credential
}

function open(options: OpenOptions = {}): BoardSession {
  const session = openSession({
    // A channel of its own for each test, unless it is about tabs.
    board: options.board ?? `brd_${crypto.randomUUID()}`,
    url: options.url ?? server.url,
    user: { name: 'Quiet Heron', color: '#1d4ed8' },
    ...(options.credential && { credential: options.credential }),
    platform: {
      WebSocket: NodeWebSocket as unknown as new (url: string, protocols: string[]) => WebSocket,
      indexedDB: options.disk ?? new IDBFactory(),
      look: options.look ?? (async () => 'there' as const),
      ...(options.tab !== undefined && { tab: options.tab }),
    },
  })
  sessions.push(session)
  return session
}

const texts = (doc: Y.Doc) => doc.getMap<string>('elements').toJSON()
const put = (session: BoardSession, key: string, value: string) =>
  session.ydoc.getMap<string>('elements').set(key, value)
const phase = (session: BoardSession) => session.status.get().phase
const until = (check: () => void) => vi.waitFor(check, { timeout: 8_000, interval: 5 })
const untilPhase = (session: BoardSession, wanted: string) => until(() => expect(phase(session)).toBe(wanted))

/** Every phase a session goes through, in order. */
function phases(session: BoardSession): string[] {
  const seen = [phase(session)]
  session.status.subscribe(() => {
    if (seen.at(-1) !== phase(session)) seen.push(phase(session))
  })
  return seen
}

test('an edit is saved when the server has stored it, and not before', async () => {
  server.autoSave = false
  const session = open()
  await until(() => expect(server.waiting()).toBe(1))
  expect(phase(session)).not.toBe('saved')
  server.save()
  await untilPhase(session, 'saved')
  put(session, 'a', 'one')
  expect(session.status.get()).toMatchObject({ phase: 'saving', unsaved: 1 })
  await until(() => expect(server.waiting()).toBe(1))
  expect(session.status.get()).toMatchObject({ phase: 'saving', unsaved: 1 })
  server.save()
  await untilPhase(session, 'saved')
  expect(texts(server.stored)).toEqual({ a: 'one' })
  expect(session.status.get().unsaved).toBe(0)
})

test('a browser that has no offline store saves all the same, and says that it keeps nothing', async () => {
  expect(globalThis.indexedDB).toBeUndefined()
  const session = openSession({
    board: 'brd_kept_nowhere',
    url: server.url,
    user: { name: 'Quiet Heron', color: '#1d4ed8' },
    platform: { WebSocket: NodeWebSocket as unknown as new (url: string, protocols: string[]) => WebSocket },
  })
  sessions.push(session)
  put(session, 'a', 'one')
  await untilPhase(session, 'saved')
  expect(session.status.get()).toMatchObject({ unsaved: 0, kept: false })
  expect(texts(server.stored)).toEqual({ a: 'one' })
})

test('edits of one frame travel as one update', async () => {
  server.autoSave = false
  const session = open()
  await until(() => expect(server.waiting()).toBe(1))
  for (const key of ['a', 'b', 'c']) put(session, key, key)
  await until(() => expect(server.waiting()).toBe(2))
  expect(session.status.get().unsaved).toBe(3)
  server.save()
  await untilPhase(session, 'saved')
  expect(texts(server.stored)).toEqual({ a: 'a', b: 'b', c: 'c' })
})

test('two people see each other draw, and who is there', async () => {
  const [one, two] = [open(), open()]
  await Promise.all([untilPhase(one, 'saved'), untilPhase(two, 'saved')])
  put(one, 'a', 'from one')
  await until(() => expect(texts(two.ydoc)).toEqual({ a: 'from one' }))
  one.presence.setCursor({ x: 10.04, y: 20 })
  await until(() =>
    expect(two.presence.peers()).toMatchObject([{ name: 'Quiet Heron', cursor: { x: 10, y: 20 } }]),
  )
  one.setUser({ name: 'Merry Owl', color: '#be185d' })
  await until(() => expect(two.presence.peers()).toMatchObject([{ name: 'Merry Owl' }]))
  one.destroy()
  await until(() => expect(two.presence.peers()).toEqual([]))
})

test('a server that dies with an edit gets it again, and only then is it saved', async () => {
  server.autoSave = false
  const session = open()
  await until(() => expect(server.waiting()).toBe(1))
  server.save()
  await untilPhase(session, 'saved')
  put(session, 'a', 'survives')
  await until(() => expect(server.waiting()).toBe(1))
  const seen = phases(session)
  server.drop()
  await until(() => expect(server.waiting()).toBe(1))
  expect(texts(server.stored)).toEqual({})
  expect(seen).not.toContain('saved')
  expect(session.status.get().unsaved).toBe(1)
  server.save()
  await untilPhase(session, 'saved')
  expect(texts(server.stored)).toEqual({ a: 'survives' })
  expect(seen).toEqual(['saving', 'reconnecting', 'saving', 'saved'])
})

test('a deletion made while offline is counted too', async () => {
  const session = open()
  await untilPhase(session, 'saved')
  put(session, 'a', 'going')
  await until(() => expect(texts(server.stored)).toEqual({ a: 'going' }))
  server.autoSave = false
  server.drop()
  session.ydoc.getMap('elements').delete('a')
  await until(() => expect(server.waiting()).toBe(1))
  expect(session.status.get()).toMatchObject({ unsaved: 1 })
  expect(phase(session)).not.toBe('saved')
  server.save()
  await untilPhase(session, 'saved')
  expect(texts(server.stored)).toEqual({})
})

test('peers are seen again at once after a reconnect', async () => {
  const [one, two] = [open(), open()]
  await Promise.all([untilPhase(one, 'saved'), untilPhase(two, 'saved')])
  await until(() => expect(one.presence.peers()).toHaveLength(1))
  server.drop()
  await until(() => expect(one.presence.peers()).toHaveLength(0))
  // Nobody moves: what they say after the reconnect is what they said before it.
  await Promise.all([untilPhase(one, 'saved'), untilPhase(two, 'saved')])
  await until(() => expect([one.presence.peers().length, two.presence.peers().length]).toEqual([1, 1]))
})

test('offline edits survive a reload, say so, and are merged on return', async () => {
  const board = 'brd_reload'
  const first = open({ disk, board, tab: 't1' })
  await untilPhase(first, 'saved')
  put(first, 'a', 'online')
  await until(() => expect(texts(server.stored)).toEqual({ a: 'online' }))
  const { url } = server
  await server.stop()
  put(first, 'b', 'offline')
  first.ydoc.getMap('elements').delete('a')
  await until(() => expect(first.status.get()).toMatchObject({ unsaved: 2 }))
  first.destroy()

  const second = open({ disk, board, tab: 't2', url })
  await until(() => expect(texts(second.ydoc)).toEqual({ b: 'offline' }))
  await until(() => expect(second.status.get()).toMatchObject({ phase: 'reconnecting', unsaved: 2 }))
  const seen = phases(second)

  const away = server.stored
  server = await startTestServer(Number(new URL(url).port))
  Y.applyUpdate(server.stored, Y.encodeStateAsUpdate(away))
  Y.applyUpdate(server.stored, foreignEdit('c', 'theirs'))
  server.drop()
  await until(() => expect(texts(server.stored)).toEqual({ b: 'offline', c: 'theirs' }))
  await untilPhase(second, 'saved')
  expect(texts(second.ydoc)).toEqual({ b: 'offline', c: 'theirs' })
  expect(seen.slice(0, seen.indexOf('saved'))).not.toContain('saved')
  second.destroy()

  // Confirmed: the third visit has nothing unsaved, connected or not.
  await server.stop()
  const third = open({ disk, board, tab: 't3', url })
  await until(() => expect(third.status.get()).toMatchObject({ phase: 'reconnecting', unsaved: 0 }))
  expect(texts(third.ydoc)).toEqual({ b: 'offline', c: 'theirs' })
  server = await startTestServer()
})

function foreignEdit(key: string, value: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getMap('elements').set(key, value)
  return Y.encodeStateAsUpdate(doc)
}

test('a tab that slept adds what it has and overwrites nothing', async () => {
  const stale = open({ disk, board: 'brd_stale_a', tab: 'stale' })
  await untilPhase(stale, 'saved')
  put(stale, 'shared', 'old')
  await until(() => expect(texts(server.stored)).toEqual({ shared: 'old' }))
  // Asleep: its copy stays as it is, with an edit that never left.
  const asleep = new Y.Doc()
  Y.applyUpdate(asleep, Y.encodeStateAsUpdate(stale.ydoc))
  stale.destroy()
  asleep.getMap('elements').set('mine', 'from the stale tab')

  const fresh = open()
  await untilPhase(fresh, 'saved')
  put(fresh, 'shared', 'new')
  await until(() => expect(texts(server.stored)).toEqual({ shared: 'new' }))

  const woken = open({ disk, board: 'brd_stale_a', tab: 'woken' })
  Y.applyUpdate(woken.ydoc, Y.encodeStateAsUpdate(asleep))
  await untilPhase(woken, 'saved')
  expect(texts(server.stored)).toEqual({ shared: 'new', mine: 'from the stale tab' })
  expect(texts(woken.ydoc)).toEqual(texts(server.stored))
})

test('tabs of one browser share edits without a server, and one with a server passes them on', async () => {
  const board = 'brd_tabs'
  const nowhere = 'ws://127.0.0.1:9/sync/brd_tabs'
  const [one, two] = [
    open({ board, disk, tab: '1', url: nowhere }),
    open({ board, disk, tab: '2', url: nowhere }),
  ]
  await Promise.all([untilPhase(one, 'reconnecting'), untilPhase(two, 'reconnecting')])
  put(one, 'a', 'from one')
  await until(() => expect(texts(two.ydoc)).toEqual({ a: 'from one' }))
  // A third tab comes later and is told everything; it alone reaches the server.
  const three = open({ board, tab: '3' })
  await untilPhase(three, 'saved')
  put(two, 'b', 'from two')
  await until(() => expect(texts(server.stored)).toMatchObject({ b: 'from two' }))
})

test('refused work is set aside, and drawing goes on in a document of its own', async () => {
  const session = open({ disk })
  await untilPhase(session, 'saved')
  put(session, 'good', 'stays')
  await until(() => expect(texts(server.stored)).toEqual({ good: 'stays' }))
  await untilPhase(session, 'saved')
  const before = session.ydoc
  server.refuse = (update) => (Buffer.from(update).includes('forbidden') ? 'too deep' : null)
  put(session, 'bad', 'forbidden')
  await until(() => expect(session.generation.get()).toBe(1))
  expect(session.ydoc).not.toBe(before)
  expect(session.ydoc.clientID).not.toBe(before.clientID)
  await untilPhase(session, 'saved')
  expect(texts(session.ydoc)).toEqual({ good: 'stays' })
  const aside = session.setAside.get()[0]
  expect(aside).toMatchObject({ code: 'gate', reason: 'too deep' })
  const kept = new Y.Doc()
  Y.applyUpdate(kept, aside?.update ?? new Uint8Array())
  expect(texts(kept)).toEqual({ good: 'stays', bad: 'forbidden' })
  put(session, 'next', 'fine')
  await until(() => expect(texts(server.stored)).toEqual({ good: 'stays', next: 'fine' }))
  expect(session.generation.get()).toBe(1)
})

test('what was set aside is still there after a reload, until it is dismissed', async () => {
  const board = 'brd_aside'
  server.refuse = (update) => (Buffer.from(update).includes('forbidden') ? 'too deep' : null)
  const first = open({ disk, board, tab: '1' })
  await untilPhase(first, 'saved')
  put(first, 'bad', 'forbidden')
  await until(() => expect(first.setAside.get()[0]?.id).toBeGreaterThan(0))
  await untilPhase(first, 'saved')
  first.destroy()
  const second = open({ disk, board, tab: '2' })
  await until(() => expect(second.setAside.get()).toHaveLength(1))
  await untilPhase(second, 'saved')
  // The refused edit itself did not come back.
  expect(texts(second.ydoc)).toEqual({})
  expect(second.generation.get()).toBe(0)
  second.dismissSetAside()
  second.destroy()
  const third = open({ disk, board, tab: '3' })
  await untilPhase(third, 'saved')
  expect(third.setAside.get()).toEqual([])
})

test('a board in the trash is gone, with unsent work set aside and no more attempts', async () => {
  server.autoSave = false
  const session = open({ disk })
  await until(() => expect(server.waiting()).toBe(1))
  put(session, 'a', 'too late')
  await until(() => expect(server.waiting()).toBe(2))
  server.drop(4410)
  await untilPhase(session, 'gone')
  expect(session.setAside.get()).toHaveLength(1)
  session.retryNow()
  expect(server.joins()).toBe(1)
})

test('a board that REST does not know is gone, not offline', async () => {
  const session = open({ url: 'ws://127.0.0.1:9/sync/brd_none', look: async () => 'missing' as const })
  await untilPhase(session, 'gone')
})

test('a newer server makes this client read-only: nothing is sent', async () => {
  server.hello = { ...server.hello, min_client: 99 }
  const session = open()
  await untilPhase(session, 'outdated')
  put(session, 'a', 'not sent')
  await until(() => expect(session.status.get().unsaved).toBe(1))
  session.presence.setCursor({ x: 1, y: 1 })
  await new Promise<void>((heard) => (server.onAwareness = () => heard()))
  expect(server.waiting()).toBe(0)
  expect(texts(server.stored)).toEqual({})
})

test('a viewer is told so and sends nothing, until they may', async () => {
  server.hello = { ...server.hello, role: 'viewer' }
  const session = open()
  await untilPhase(session, 'saved')
  expect(session.role.get()).toBe('viewer')
  server.say({ t: 'role', role: 'editor' })
  await until(() => expect(session.role.get()).toBe('editor'))
  put(session, 'a', 'one')
  await until(() => expect(texts(server.stored)).toEqual({ a: 'one' }))
  await untilPhase(session, 'saved')
})

test('without an offline store drawing goes on, and the status says that nothing is kept', async () => {
  const refusing = {
    open: () => {
      throw new Error('private mode')
    },
  } as unknown as IDBFactory
  const session = open({ disk: refusing })
  await untilPhase(session, 'saved')
  expect(session.status.get().kept).toBe(false)
  put(session, 'a', 'one')
  await until(() => expect(texts(server.stored)).toEqual({ a: 'one' }))
})

test('garbage from a server ends the connection and not the page', async () => {
  const session = open()
  await untilPhase(session, 'saved')
  const seen = phases(session)
  vi.spyOn(console, 'error').mockImplementation(() => {})
  server.sayRaw(new Uint8Array([0, 2, 200]))
  await until(() => expect(server.joins()).toBe(2))
  await untilPhase(session, 'saved')
  expect(seen).toContain('reconnecting')
  vi.restoreAllMocks()
})

/** A small generator of its own, so that a failure can be run again by its seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test.each([11, 12, 13])('whatever happens, saved means stored, and all end alike (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  server.autoSave = false
  const made = new Map<BoardSession, string[]>()
  const lies: string[] = []
  const join = () => {
    const session = open()
    made.set(session, [])
    session.status.subscribe(() => {
      if (phase(session) !== 'saved') return
      const stored = texts(server.stored)
      for (const key of made.get(session) ?? []) if (!(key in stored)) lies.push(key)
    })
  }
  for (let n = 0; n < 3; n++) join()
  for (let n = 0; n < 60; n++) {
    const session = [...made.keys()][random(made.size)]
    switch (random(8)) {
      case 0:
        server.save()
        break
      case 1:
        server.saveSilently()
        break
      case 2:
        if (random(3) === 0) server.drop(random(2) === 0 ? undefined : 1012)
        break
      case 3:
        await new Promise((done) => setTimeout(done, random(60)))
        break
      default:
        if (session === undefined) break
        put(session, `${seed}-${n}`, 'x')
        made.get(session)?.push(`${seed}-${n}`)
    }
    // Lets sockets and frames take their turn in between.
    if (random(2) === 0) await new Promise((done) => setImmediate(done))
  }
  server.autoSave = true
  server.save()
  await until(() => expect([...made.keys()].map(phase)).toEqual(['saved', 'saved', 'saved']))
  const all = [...made.values()].flat()
  expect(Object.keys(texts(server.stored)).toSorted()).toEqual(all.toSorted())
  for (const session of made.keys())
    await until(() => expect(texts(session.ydoc)).toEqual(texts(server.stored)))
  expect(lies).toEqual([])
  expect(all.length).toBeGreaterThan(10)
})

test('the next token is told over the open connection, and each only once', async () => {
  const held = createStore<string | null>('first')
  const credential = { held, token: async () => held.get() ?? '' }
  const session = open({ credential })
  await untilPhase(session, 'saved')
  expect(server.controls).toEqual([])
  held.set('second')
  held.set(null)
  held.set('third')
  const told = ['second', 'third'].map((token) => JSON.stringify({ t: 'token', token }))
  await until(() => expect(server.controls).toEqual(told))
  expect(server.joins()).toBe(1)
  // What a connection was opened with need not be told.
  server.drop()
  await until(() => expect(server.joins()).toBe(2))
  await untilPhase(session, 'saved')
  expect(server.controls).toEqual(told)
})

test('a token that came while the connection opened is told as soon as it is open', async () => {
  const held = createStore<string | null>('first')
  const credential = {
    held,
    async token() {
      queueMicrotask(() => held.set('second'))
      return 'first'
    },
  }
  open({ credential })
  await until(() => expect(server.controls).toEqual([JSON.stringify({ t: 'token', token: 'second' })]))
})
