import { expect, test } from 'vitest'
import { placeAfter, wishOf } from './keys'

test.each([
  ['ArrowRight', 0, 1],
  [' ', 1, 2],
  ['PageDown', 2, 2],
  ['ArrowLeft', 1, 0],
  ['PageUp', 0, 0],
  ['Home', 2, 0],
  ['End', 0, 2],
  ['k', 1, 1],
])('%s goes from %i to %i of three', (key, from, to) => {
  const wish = wishOf(key)
  expect(wish && placeAfter(wish, from, 3)).toBe(to)
})

test('Escape ends it, and letters of tools mean nothing', () => {
  expect([wishOf('Escape'), wishOf('r'), wishOf('Delete')]).toEqual(['end', null, null])
})
