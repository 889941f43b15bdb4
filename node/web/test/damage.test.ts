/** What the scene says has changed, against what is seen at every place of the board before and after. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { Damage } from '../src/core/damage'
import type { Element } from '../src/core/elements/types'
import { isSeenAt, type Scene } from '../src/core/scene'
import { desk } from './desk'

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'] as const
const PLACES = Array.from({ length: 12 * 12 }, (_, i) => ({ x: (i % 12) * 42, y: Math.floor(i / 12) * 42 }))

const place = fc.integer({ min: 0, max: 400 })
const size = fc.integer({ min: 20, max: 200 })
const id = fc.constantFrom(...IDS)
const make = fc.record({
  type: fc.constantFrom('shape', 'sticky', 'frame', 'connector'),
  box: fc.tuple(place, place, size, size, fc.constant(0)),
  z: fc.constantFrom('a0', 'a1', 'a2'),
  parent: fc.option(id),
  ends: fc.tuple(id, id),
})
const edit = fc.oneof(
  fc.record({ do: fc.constant('make' as const), id, of: make }),
  fc.record({ do: fc.constant('move' as const), id, to: fc.tuple(place, place) }),
  fc.record({ do: fc.constant('z' as const), id, z: fc.constantFrom('a0', 'a1', 'a2', 'a3') }),
  fc.record({ do: fc.constant('parent' as const), id, parent: fc.option(id) }),
  fc.record({ do: fc.constant('delete' as const), id }),
)
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

function perform(elements: Y.Map<unknown>, one: Edit): void {
  const map = elements.get(one.id)
  if (one.do === 'make') {
    const made = new Y.Map<unknown>()
    const { type, box, z, parent, ends } = one.of
    for (const [key, value] of Object.entries({ type, box, z, kind: 'rectangle', fill: 'blue' }))
      made.set(key, value)
    if (parent !== null) made.set('parent', parent)
    const [from, to] = ends
    if (type === 'connector') made.set('data', { from: { element: from }, to: { element: to } })
    elements.set(one.id, made)
  }
  if (!(map instanceof Y.Map)) return
  if (one.do === 'delete') elements.delete(one.id)
  if (one.do === 'z') map.set('z', one.z)
  if (one.do === 'parent' && one.parent !== null) map.set('parent', one.parent)
  if (one.do === 'parent' && one.parent === null) map.delete('parent')
  const box: unknown = map.get('box')
  if (one.do === 'move' && Array.isArray(box)) map.set('box', [...one.to, ...(box as number[]).slice(2)])
}

/** What lies there, bottom first. */
function seenAt(scene: Scene, { x, y }: { x: number; y: number }): readonly Element[] {
  const seen: Element[] = []
  scene.order()
  scene.visit({ minX: x, minY: y, maxX: x, maxY: y }, (entry) => {
    if (entry.element.type !== 'group' && isSeenAt(entry, { x, y })) seen.push(entry.element)
  })
  return seen
}

test('outside of what is said to have changed all looks as it did', () => {
  let told = 0
  fc.assert(
    fc.property(fc.array(fc.array(edit, { maxLength: 3 }), { minLength: 2, maxLength: 12 }), (steps) => {
      const { ydoc, editor } = desk()
      const { scene } = editor
      const elements = ydoc.getMap('elements')
      for (const edits of steps) {
        const version = scene.version()
        const before = PLACES.map((at) => seenAt(scene, at))
        // Each by itself: what changed is told of all of them together.
        for (const one of edits) perform(elements, one)
        const changed = scene.changedSince(version)
        if (changed === null) continue
        told += 1
        PLACES.forEach((at, i) => {
          const { minX, minY, maxX, maxY } = changed
          if (at.x >= minX && at.x <= maxX && at.y >= minY && at.y <= maxY) return
          expect(seenAt(scene, at)).toEqual(before[i])
        })
      }
    }),
    { numRuns: 100 },
  )
  expect(told).toBeGreaterThan(100)
})

test('a live preview changes where the element was, and where it is shown', () => {
  const d = desk()
  const drawn = d.draw('rectangle', [100, 100], [150, 150])
  const version = d.editor.scene.version()
  d.editor.scene.setPreview(7, { boxes: [[drawn, { x: 300, y: 100, w: 50, h: 50, angle: 0 }]] })
  const { minX, minY, maxX, maxY } = d.editor.scene.changedSince(version) ?? {}
  expect([minX, minY, maxX, maxY].map((n) => Math.round((n ?? NaN) / 10) * 10)).toEqual([100, 100, 350, 150])
})

test('so many changes that nobody counts them may have touched anything', () => {
  const damage = new Damage()
  const rect = { minX: 0, minY: 0, maxX: 1, maxY: 1 }
  for (let n = 0; n < 100; n += 1) {
    damage.touch(rect)
    damage.close()
  }
  expect(damage.ofLast(0)?.minX).toBe(Infinity)
  expect(damage.ofLast(2)).toEqual(rect)
  expect(damage.ofLast(100)).toBeNull()
  damage.touchAll()
  damage.close()
  expect(damage.ofLast(2)).toBeNull()
})
