import { expect, test } from 'vitest'
import { sizeWords } from './size-words'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KiB'],
  [1_500_000, '1.4 MiB'],
  [52_428_800, '50 MiB'],
  [1024 ** 4 * 5000, '5000 TiB'],
])('%i bytes are %s', (bytes, words) => {
  expect(sizeWords(bytes)).toBe(words)
})
