import { expect, test } from 'vitest'
import { rank } from './rank'

const LABELS = [
  'Select',
  'Sticky note',
  'Star',
  'Zoom to fit',
  'Zoom to selection',
  'Align left edges',
  'Send to back',
  'Rounded rectangle',
  'Étiquette',
]

const found = (query: string, recent: readonly string[] = []) =>
  rank(
    query,
    LABELS,
    (label) => label,
    (label) => recent.indexOf(label) + 1,
  )

test.each([
  ['sti', 'Sticky note'],
  ['star', 'Star'],
  ['sn', 'Sticky note'],
  ['zf', 'Zoom to fit'],
  ['ztf', 'Zoom to fit'],
  ['zoom sel', 'Zoom to selection'],
  ['ale', 'Align left edges'],
  ['back', 'Send to back'],
  ['RECT', 'Rounded rectangle'],
  ['etiq', 'Étiquette'],
])('“%s” finds “%s” first', (query, label) => {
  expect(found(query)[0]).toBe(label)
})

test('nothing typed is all of it, the latest first', () => {
  expect(found('')).toEqual(LABELS)
  expect(found('', ['Star', 'Send to back']).slice(0, 3)).toEqual(['Send to back', 'Star', 'Select'])
})

test('what was used lately comes first among its like', () => {
  expect(found('zo')[0]).toBe('Zoom to fit')
  expect(found('zo', ['Zoom to selection'])[0]).toBe('Zoom to selection')
})

test('letters that are not there in this order find nothing', () => {
  expect(found('xyz')).toEqual([])
  expect(found('kcab')).toEqual([])
})
