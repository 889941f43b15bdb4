/** A page between several nodes: each a real server of its own, one of which is of no use. */

import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'
import { learnNodes } from '../nodes'
import type { BoardSession } from './session'
import { openSession } from './session'
import type { TestServer } from './test-server'
import { startTestServer } from './test-server'

let own: TestServer
let other: TestServer
let session: BoardSession

const addressOf = ({ url }: TestServer) => new URL(url.replace('ws', 'http')).origin
const put = (key: string) => session.ydoc.getMap<string>('elements').set(key, key)
const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })
const untilSaved = () =>
  until(() => expect(session.status.get()).toMatchObject({ phase: 'saved', unsaved: 0 }))
const says = (word: string) => JSON.stringify({ t: word })

beforeEach(async () => {
  own = await startTestServer()
  other = await startTestServer()
  vi.stubGlobal('location', { origin: addressOf(own), href: `${addressOf(own)}/b/brd_1`, protocol: 'http:' })
  learnNodes([addressOf(own), addressOf(other)])
  session = openSession({
    board: `brd_${crypto.randomUUID()}`,
    url: '/sync/brd_1',
    user: { name: 'Quiet Heron', color: '#1d4ed8' },
    platform: {
      WebSocket: NodeWebSocket as unknown as new (url: string, protocols: string[]) => WebSocket,
      indexedDB: new IDBFactory(),
      look: async () => 'there' as const,
    },
  })
  await untilSaved()
})

afterEach(async () => {
  session.destroy()
  learnNodes([])
  vi.unstubAllGlobals()
  await Promise.all([own.stop(), other.stop()])
})

test('a node that lost touch is left for one that answers, with what was not saved', async () => {
  own.autoSave = false
  put('a')
  await until(() => expect(own.waiting()).toBe(1))
  own.admits = false
  own.say({ t: 'out_of_touch' })
  await untilSaved()
  expect(Object.keys(other.stored.getMap('elements').toJSON())).toEqual(['a'])
  expect(own.controls).toEqual([says('stays')])
  await until(() => expect(own.seats()).toBe(0))
})

test('where nobody else answers the page stays, and what was drawn is saved when the touch is back', async () => {
  other.admits = false
  own.admits = false
  own.autoSave = false
  own.say({ t: 'out_of_touch' })
  put('a')
  await until(() => expect(session.status.get()).toMatchObject({ phase: 'reconnecting', unsaved: 1 }))
  expect([own.seats(), own.joins(), own.controls]).toEqual([1, 1, [says('stays')]])
  own.say({ t: 'in_touch' })
  own.autoSave = true
  own.save()
  await untilSaved()
  expect(own.joins()).toBe(1)
})

test('a node that stands still is left when it says nothing to what was drawn', async () => {
  own.standsStill = true
  put('a')
  await untilSaved()
  expect(Object.keys(other.stored.getMap('elements').toJSON())).toEqual(['a'])
})

test('a node that is only slow to save is kept', async () => {
  own.autoSave = false
  put('a')
  await until(() => expect(own.waiting()).toBe(1))
  // It answers when it is asked for anything.
  const answering = setInterval(() => own.say({ t: 'unheard_of' }), 100)
  // Twice as long as it would wait for one that says nothing at all.
  const silentLooks = 8
  let looks = 0
  const looking = setInterval(() => (looks += 1), 250)
  await until(() => expect(looks).toBeGreaterThan(silentLooks))
  clearInterval(looking)
  clearInterval(answering)
  expect(own.seats()).toBe(1)
  own.save()
  await untilSaved()
  expect([own.joins(), Object.keys(own.stored.getMap('elements').toJSON())]).toEqual([1, ['a']])
})
