import { expect, test } from 'vitest'
import { hashOf, placeOf, viewAt } from './place'

test.each([
  ['#e=el_1', { is: 'element', id: 'el_1' }],
  ['#f=el-2', { is: 'frame', id: 'el-2' }],
  ['#v=10,-20,0.5', { is: 'view', x: 10, y: -20, zoom: 0.5 }],
  ['#e=<script>', null],
  ['#v=1,2', null],
  ['#v=1,2,x', null],
  ['#v=1,2,900', null],
  ['#v=1e9,2,1', null],
  ['#', null],
  ['', null],
])('%s is a place', (hash, place) => {
  expect(placeOf(hash)).toEqual(place)
  if (place !== null) expect(placeOf(hashOf(placeOf(hash) ?? { is: 'element', id: '' }))).toEqual(place)
})

test('a view is the same in any window', () => {
  expect(viewAt({ x: 100, y: 50, zoom: 2 }, { w: 800, h: 600 })).toEqual({ x: 200, y: 200, zoom: 2 })
})
