import { expect, test } from 'vitest'
import { caretAfter } from './caret'

/** Both texts with the caret as `|`. */
test.each([
  ['one| two', 'one| two'],
  ['one two|', 'zero one two|'],
  ['one| two', 'one| and two'],
  ['|one', '|one two'],
  ['one |two', 'one |and two'],
  ['abc|def', 'ab|ef'],
  ['abcdef|', '|'],
])('%s → %s', (before, after) => {
  const caret = before.indexOf('|')
  const expected = after.indexOf('|')
  expect(caretAfter(before.replace('|', ''), after.replace('|', ''), caret)).toBe(expected)
})
