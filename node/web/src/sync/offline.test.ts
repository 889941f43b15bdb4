import { IDBFactory } from 'fake-indexeddb'
import { afterEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { OfflineBoard } from './offline'
import { MERGED_BYTES_MAX, openOffline } from './offline'
import { deleteOffline, readUnsent } from './unsent'

const opened: OfflineBoard[] = []
let clock = 0

afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

function open(disk: IDBFactory, tab: string, board = 'brd_1'): OfflineBoard {
  const one = openOffline({
    board,
    tab,
    now: () => (clock += 1),
    onFailure: (failure) => {
      throw failure
    },
    factory: disk,
  })
  opened.push(one)
  return one
}

/** A document whose edits go into the store, as a session's do. */
function docOn(store: OfflineBoard): Y.Doc {
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin === 'server') store.addRemote(update)
    else if (origin !== 'cache') store.addLocal(update)
  })
  return doc
}

async function visit(disk: IDBFactory, tab: string, board?: string) {
  const store = open(disk, tab, board)
  const doc = docOn(store)
  const { updates, unsaved } = await store.read()
  for (const update of updates) Y.applyUpdate(doc, update, 'cache')
  return { store, doc, unsaved, rows: updates.length, elements: doc.getMap('elements') }
}

test('edits are read back, with how many were never confirmed', async () => {
  const disk = new IDBFactory()
  const one = await visit(disk, '1')
  one.elements.set('a', 1)
  one.elements.set('b', 2)
  one.elements.delete('a')
  const two = await visit(disk, '2')
  expect(two.elements.toJSON()).toEqual({ b: 2 })
  expect(two.unsaved).toBe(3)
})

test('an edit that was made before the store was read is kept', async () => {
  const disk = new IDBFactory()
  const store = open(disk, '1')
  docOn(store).getMap('elements').set('a', 1)
  await store.flush()
  expect((await visit(disk, '2')).elements.toJSON()).toEqual({ a: 1 })
})

test('confirmed edits are not unsaved on the next visit; those made after are', async () => {
  const disk = new IDBFactory()
  const one = await visit(disk, '1')
  one.elements.set('a', 1)
  one.store.confirmAll()
  expect((await visit(disk, '2')).unsaved).toBe(0)
  one.elements.set('b', 1)
  expect((await visit(disk, '3')).unsaved).toBe(1)
})

test('a tab that carried the edits of one that is gone confirms them', async () => {
  const disk = new IDBFactory()
  const one = await visit(disk, '1')
  one.elements.set('a', 1)
  const two = await visit(disk, '2')
  expect(two.unsaved).toBe(1)
  two.store.confirmAll()
  expect((await visit(disk, '3')).unsaved).toBe(0)
})

test('it does not confirm what the other tab did since it was read', async () => {
  const disk = new IDBFactory()
  const one = await visit(disk, '1')
  one.elements.set('a', 1)
  const two = await visit(disk, '2')
  one.elements.set('b', 1)
  two.store.confirmAll()
  expect((await visit(disk, '3')).unsaved).toBe(2)
})

test('what others made is written soon, as one row', async () => {
  const disk = new IDBFactory()
  const one = await visit(disk, '1')
  one.doc.transact(() => one.elements.set('a', 1), 'server')
  one.doc.transact(() => one.elements.set('b', 1), 'server')
  await one.store.flush()
  const two = await visit(disk, '2')
  expect(two).toMatchObject({ rows: 1, unsaved: 0 })
  expect(two.elements.toJSON()).toEqual({ a: 1, b: 1 })
})

test('a large update is written as it came, and only small ones are put together', async () => {
  const disk = new IDBFactory()
  const one = await visit(disk, '1')
  const others = new Y.Doc()
  const came: Uint8Array[] = []
  others.on('update', (update: Uint8Array) => came.push(update))
  for (const [key, value] of [
    ['a', 'a'],
    ['b', 'b'],
    ['large', 'x'.repeat(MERGED_BYTES_MAX)],
    ['c', 'c'],
    ['d', 'd'],
  ]) {
    others.getMap('elements').set(key ?? '', value)
  }
  for (const update of came) one.store.addRemote(update)
  await one.store.flush()
  const { updates } = await open(disk, '2').read()
  expect(updates).toHaveLength(3)
  expect(updates[1]).toEqual(came[2])
  const { elements } = await visit(disk, '3')
  expect([...elements.keys()].toSorted()).toEqual(['a', 'b', 'c', 'd', 'large'])
})

test('many rows become one, and no other tab loses a row by it', async () => {
  const disk = new IDBFactory()
  const [one, two] = [await visit(disk, '1'), await visit(disk, '2')]
  for (let n = 0; n < 20; n++) one.elements.set(`one ${n}`, n)
  two.elements.set('two', true)
  one.doc.transact(() => one.elements.set('theirs', true), 'server')
  expect(one.store.rows()).toBe(20)
  one.store.replaceAll(Y.encodeStateAsUpdate(one.doc))
  one.elements.set('later', true)
  expect(one.store.rows()).toBe(2)
  const three = await visit(disk, '3')
  expect(three.rows).toBe(3)
  expect(Object.keys(three.elements.toJSON())).toHaveLength(23)
  // Still nobody confirmed any of it.
  expect(three.unsaved).toBe(22)
  three.store.confirmAll()
  expect((await visit(disk, '4')).unsaved).toBe(0)
})

test('two tabs that tidy up at once lose nothing', async () => {
  const disk = new IDBFactory()
  const [one, two] = [await visit(disk, '1'), await visit(disk, '2')]
  one.elements.set('one', 1)
  two.elements.set('two', 2)
  one.store.replaceAll(Y.encodeStateAsUpdate(one.doc))
  two.store.replaceAll(Y.encodeStateAsUpdate(two.doc))
  expect((await visit(disk, '3')).elements.toJSON()).toEqual({ one: 1, two: 2 })
})

test('forgetting leaves the rows of tabs that came later', async () => {
  const disk = new IDBFactory()
  const one = await visit(disk, '1')
  one.elements.set('mine', 1)
  const two = await visit(disk, '2')
  two.elements.set('theirs', 1)
  one.store.forget()
  one.store.addLocal(Y.encodeStateAsUpdate(new Y.Doc()))
  const three = await visit(disk, '3')
  // What the second tab wrote rests on nothing of the first one's here, so it can be read alone.
  expect(three.elements.toJSON()).toEqual({ theirs: 1 })
})

test('boards do not mix, and only the oldest without unconfirmed edits goes', async () => {
  const disk = new IDBFactory()
  const unconfirmed = await visit(disk, 't', 'brd_unconfirmed')
  unconfirmed.elements.set('a', 1)
  const oldest = await visit(disk, 't', 'brd_oldest')
  oldest.elements.set('a', 1)
  oldest.store.confirmAll()
  for (let n = 0; n < 99; n++) {
    const { store, elements, rows } = await visit(disk, 't', `brd_${n}`)
    expect(rows).toBe(0)
    elements.set('a', n)
    store.confirmAll()
    await store.flush()
  }
  expect((await visit(disk, 'u', 'brd_oldest')).rows).toBe(0)
  expect((await visit(disk, 'u', 'brd_unconfirmed')).rows).toBe(1)
  expect((await visit(disk, 'u', 'brd_98')).rows).toBe(1)
})

test('a failure is told once, and everything goes on without the store', async () => {
  const failures: unknown[] = []
  const store = openOffline({
    board: 'brd_1',
    tab: '1',
    now: () => 0,
    onFailure: (failure) => failures.push(failure),
    factory: {
      open: () => {
        throw new Error('private mode')
      },
    } as unknown as IDBFactory,
  })
  store.addLocal(new Uint8Array([0, 0]))
  expect(await store.read()).toEqual({ updates: [], unsaved: 0 })
  store.addLocal(new Uint8Array([0, 0]))
  store.addRemote(new Uint8Array([0, 0]))
  store.confirmAll()
  expect(await store.listAside()).toEqual([])
  await store.flush()
  store.close()
  expect(failures).toHaveLength(1)
})

test('documents set aside are listed until they are dropped', async () => {
  const { store } = await visit(new IDBFactory(), '1')
  await store.setAside({ at: 5, code: 'gate', reason: 'too deep', update: new Uint8Array([0, 0]) })
  const [aside] = await store.listAside()
  expect(aside).toMatchObject({ board: 'brd_1', at: 5, code: 'gate', reason: 'too deep' })
  await store.dropAside(aside?.id ?? -1)
  expect(await store.listAside()).toEqual([])
})

test('each person has a store of their own, and it can be told what in it is nowhere else', async () => {
  const disk = new IDBFactory()
  const ownedBy = async (owner: string, board: string) => {
    const store = openOffline({
      board,
      owner,
      tab: '1',
      now: () => (clock += 1),
      onFailure: (failure) => {
        throw failure
      },
      factory: disk,
    })
    opened.push(store)
    const doc = docOn(store)
    const { updates } = await store.read()
    return { store, elements: doc.getMap('elements'), rows: updates.length }
  }
  const ada = await ownedBy('usr_ada', 'brd_1')
  ada.elements.set('a', 1)
  await ada.store.flush()
  const saved = await ownedBy('usr_ada', 'brd_2')
  saved.elements.set('b', 1)
  saved.store.confirmAll()
  await saved.store.flush()
  expect((await ownedBy('usr_bob', 'brd_1')).rows).toBe(0)
  expect((await visit(disk, '2')).rows).toBe(0)
  expect((await ownedBy('usr_ada', 'brd_1')).rows).toBe(1)

  const unsent = await readUnsent('usr_ada', disk)
  expect(unsent.map(({ board }) => board)).toEqual(['brd_1'])
  const found = new Y.Doc()
  for (const update of unsent[0]?.updates ?? []) Y.applyUpdate(found, update)
  expect(found.getMap('elements').toJSON()).toEqual({ a: 1 })
  expect(await readUnsent('usr_bob', disk)).toEqual([])

  await deleteOffline('usr_ada', disk)
  expect(await readUnsent('usr_ada', disk)).toEqual([])
})
