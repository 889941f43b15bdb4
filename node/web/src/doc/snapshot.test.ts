import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { snapshotOf, valueFrom } from './snapshot'

test('a key that means something else to JavaScript is copied like any other', () => {
  const doc = new Y.Doc()
  const element = doc.getMap('elements').set('el_1', new Y.Map<unknown>())
  const nested = new Y.Map<unknown>()
  element.set('__proto__', { x: 1 })
  element.set('constructor', 'c')
  element.set('nested', nested)
  nested.set('__proto__', { y: 2 })
  const { keys } = snapshotOf(element)
  expect(Object.keys(keys).sort()).toEqual(['__proto__', 'constructor', 'nested'])
  expect(Object.getPrototypeOf(keys)).toBe(Object.prototype)
  const copy = new Y.Doc().getMap<unknown>('copy')
  for (const [key, json] of Object.entries(keys)) copy.set(key, valueFrom(json))
  expect(copy.get('__proto__')).toEqual({ x: 1 })
  expect((copy.get('nested') as Y.Map<unknown>).get('__proto__')).toEqual({ y: 2 })
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
})
