import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { LARGE_BYTES_MIN, watchUpdates } from './updates'

const SERVER = Symbol('server')

function updateOf(key: string, bytes: number): Uint8Array {
  const doc = new Y.Doc()
  doc.getMap('elements').set(key, 'x'.repeat(bytes))
  return Y.encodeStateAsUpdate(doc)
}

function watched() {
  const doc = new Y.Doc()
  const updates = watchUpdates(doc)
  const told: { updates: readonly Uint8Array[]; origin: unknown }[] = []
  updates.subscribe((list, origin) => told.push({ updates: list, origin }))
  return { doc, updates, told, elements: doc.getMap('elements') }
}

/** The keys of a document that has been told the same. */
function keysTold(told: readonly { updates: readonly Uint8Array[] }[]): string[] {
  const copy = new Y.Doc()
  for (const { updates } of told) for (const update of updates) Y.applyUpdate(copy, update)
  return [...copy.getMap('elements').keys()].toSorted()
}

test('large updates are told as they came, and observed once', () => {
  const { updates, told, elements } = watched()
  let observed = 0
  elements.observeDeep(() => (observed += 1))
  const received = [updateOf('a', LARGE_BYTES_MIN), updateOf('b', 1)]
  updates.apply(received, SERVER)
  expect(told).toHaveLength(1)
  expect(told[0]?.updates[0]).toBe(received[0])
  expect(told[0]?.origin).toBe(SERVER)
  expect(observed).toBe(1)
  expect(keysTold(told)).toEqual(['a', 'b'])
})

test('edits and small updates are told, before and after a large one', () => {
  const { updates, told, elements } = watched()
  elements.set('a', 1)
  updates.apply([updateOf('b', LARGE_BYTES_MIN)], SERVER)
  updates.apply([updateOf('c', 1), updateOf('d', 1)], SERVER)
  elements.set('e', 1)
  expect(told.map(({ origin }) => origin)).toEqual([null, SERVER, SERVER, null])
  expect(keysTold(told)).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('an edit with which an observer answers a large update is told as an edit', () => {
  const { doc, updates, told, elements } = watched()
  elements.observe(({ keysChanged }) => {
    if (keysChanged.has('a')) doc.transact(() => elements.set('answer', 1), 'observer')
  })
  updates.apply([updateOf('a', LARGE_BYTES_MIN)], SERVER)
  expect(told.map(({ origin }) => origin)).toEqual([SERVER, 'observer'])
  expect(keysTold(told)).toEqual(['a', 'answer'])
})

test('what was read of a broken one is told, and so is what comes later', () => {
  const { updates, told, elements } = watched()
  const broken = updateOf('b', LARGE_BYTES_MIN).slice(0, 100)
  expect(() => updates.apply([updateOf('a', LARGE_BYTES_MIN), broken], SERVER)).toThrow()
  expect(keysTold(told)).toEqual([...elements.keys()].toSorted())
  elements.set('later', 1)
  expect(keysTold(told)).toEqual(['a', 'later'])
})
