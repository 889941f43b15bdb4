import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as awarenessProtocol from 'y-protocols/awareness'
import * as Y from 'yjs'
import { unpackInk } from '../core/elements/ink'
import { inkBetween } from '../core/elements/pen'
import { DEFAULT_STYLE } from '../core/elements/style'
import type { PenElement } from '../core/elements/types'
import { decodeLive } from '../core/live'
import { compactLive, createAwareness, createPresence, readPeer } from './presence'

const user = { name: 'Quiet Heron', color: '#1d4ed8' }

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function stroke(points: number): PenElement {
  const path = Array.from({ length: points }, (_, n) => ({ x: 3 * n, y: 40 * Math.sin(n / 7) }))
  const { box, data } = inkBetween(
    path,
    path.map((_, n) => (n % 10) / 10),
  )
  return { id: 'el_a', type: 'pen', box, z: 'a0', parent: null, style: DEFAULT_STYLE.pen, data }
}

test('a moving pointer is told twenty times a second, the last place always', () => {
  const awareness = createAwareness(new Y.Doc())
  const presence = createPresence(awareness, user)
  vi.advanceTimersByTime(1000)
  let told = 0
  awareness.on('update', () => (told += 1))
  for (let ms = 0; ms < 1000; ms += 5) {
    presence.setCursor({ x: ms, y: 0 })
    vi.advanceTimersByTime(5)
  }
  expect(told).toBeGreaterThan(15)
  expect(told).toBeLessThanOrEqual(21)
  vi.advanceTimersByTime(50)
  expect(awareness.getLocalState()).toMatchObject({ user, cursor: { x: 995, y: 0 } })
  const before = told
  presence.setCursor({ x: 995, y: 0 })
  vi.advanceTimersByTime(50)
  expect(told).toBe(before)
  presence.destroy()
  awareness.destroy()
})

test('what a page says while leaving goes out at once', () => {
  const awareness = createAwareness(new Y.Doc())
  const presence = createPresence(awareness, user)
  presence.setCursor({ x: 1, y: 1 })
  presence.setCursor(null)
  expect(awareness.getLocalState()).not.toMatchObject({ cursor: { x: 1, y: 1 } })
  presence.setSelection(['el_a'])
  presence.flush()
  expect(awareness.getLocalState()).toMatchObject({ cursor: null, selection: ['el_a'] })
  presence.destroy()
  awareness.destroy()
})

test('a stroke of any length stays within the budget and keeps its ends', () => {
  for (const points of [2, 50, 500, 3_000, 10_000]) {
    const element = stroke(points)
    const json = compactLive({ drafts: [element] })
    expect(JSON.stringify(json).length).toBeLessThanOrEqual(2_400)
    const draft = decodeLive(json)?.drafts?.[0]
    expect(draft).toMatchObject({ id: 'el_a', type: 'pen' })
    if (draft?.type !== 'pen') continue
    const [whole, thin] = [unpackInk(element.data), unpackInk(draft.data)]
    expect(thin?.points.slice(0, 2)).toEqual(whole?.points.slice(0, 2))
    expect(thin?.points.slice(-2)).toEqual(whole?.points.slice(-2))
    expect(thin?.pressures).toHaveLength((thin?.points.length ?? 0) / 2)
  }
})

test('everything at once stays below 4 KiB', () => {
  const awareness = createAwareness(new Y.Doc())
  const presence = createPresence(awareness, { name: 'N'.repeat(40), color: '#1d4ed8' })
  const ids = Array.from({ length: 5_000 }, (_, n) => `el_${String(n).padStart(21, '0')}`)
  presence.setSelection(ids)
  presence.setLive({
    boxes: ids.map((id, n) => [id, { x: n / 3, y: n / 7, w: 100 / 3, h: 10, angle: Math.PI / 3 }] as const),
  })
  presence.setCursor({ x: 1 / 3, y: 2 / 3 })
  presence.flush()
  expect(JSON.stringify(awareness.getLocalState()).length).toBeLessThan(4096)
  expect(decodeLive(awareness.getLocalState()?.['live'])?.boxes?.length).toBeGreaterThan(5)
  presence.destroy()
  awareness.destroy()
})

test('others are read strictly', () => {
  expect(readPeer(7, null)).toEqual({
    clientId: 7,
    name: 'Someone',
    color: '#64748b',
    picture: null,
    cursor: null,
    selection: [],
    live: null,
    view: null,
    call: 0,
    presenting: null,
  })
  expect(
    readPeer(7, {
      user: { name: ` ${'x'.repeat(90)}`, color: 'url(javascript:1)' },
      cursor: { x: Infinity, y: 1 },
      selection: ['el_a', 5, '<b>', 'e'.repeat(65)],
      live: { boxes: 'no' },
      view: { x: 0, y: 0, w: -1, h: 5 },
      call: 1.5,
      presenting: '<b>',
    }),
  ).toEqual({
    clientId: 7,
    name: 'x'.repeat(40),
    color: '#64748b',
    picture: null,
    cursor: null,
    selection: ['el_a'],
    live: null,
    view: null,
    call: 0,
    presenting: null,
  })
})

test('a picture is where the server says, and nowhere else', () => {
  const picture = (user: object) => readPeer(7, { user }).picture
  expect(picture({ id: 'usr_1', picture: 'ab12' })).toBe('/api/v1/users/usr_1/avatar?pass=ab12')
  for (const user of [
    {},
    { id: 'usr_1' },
    { picture: 'ab12' },
    { id: '../x', picture: 'ab12' },
    { id: 'usr_1', picture: '//elsewhere' },
    { id: 'usr_1', picture: 'a&b' },
  ]) {
    expect(picture(user), JSON.stringify(user)).toBe(null)
  }
})

test('others come, move and go; my own moves are not news', () => {
  const mine = createAwareness(new Y.Doc())
  const presence = createPresence(mine, user)
  const theirs = createAwareness(new Y.Doc())
  theirs.setLocalState({ user: { name: 'Merry Owl', color: 'teal' }, cursor: { x: 1, y: 2 } })
  let news = 0
  presence.subscribe(() => (news += 1))
  const hear = () => {
    const update = awarenessProtocol.encodeAwarenessUpdate(theirs, [theirs.clientID])
    awarenessProtocol.applyAwarenessUpdate(mine, update, 'server')
  }
  hear()
  const [peer] = presence.peers()
  expect(peer).toMatchObject({ name: 'Merry Owl', color: 'teal', cursor: { x: 1, y: 2 } })
  presence.setCursor({ x: 9, y: 9 })
  vi.advanceTimersByTime(60)
  expect(news).toBe(1)
  expect(presence.peers()[0]).toBe(peer)
  theirs.setLocalState(null)
  hear()
  expect(presence.peers()).toEqual([])
  for (const one of [mine, theirs]) one.destroy()
  presence.destroy()
})

test('presence moves to the awareness of another document', () => {
  const [first, second] = [createAwareness(new Y.Doc()), createAwareness(new Y.Doc())]
  const presence = createPresence(first, user)
  presence.setSelection(['el_a'])
  presence.attach(second)
  expect(second.getLocalState()).toMatchObject({ user, selection: ['el_a'] })
  presence.destroy()
  for (const one of [first, second]) one.destroy()
})
