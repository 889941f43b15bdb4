import { expect, test } from 'vitest'
import type { Failure } from './failures'
import { Failures } from './failures'

function noted(note: (failures: Failures) => void): Failure[] {
  const told: Failure[] = []
  note(new Failures((failure) => told.push(failure)))
  return told
}

test('a failure is told once', () => {
  const told = noted((failures) => {
    failures.note('error', new TypeError('x is not a function'), '/b/1')
    failures.note('error', new TypeError('x is not a function'), '/b/1')
    failures.note('rejection', 'a string', '/')
  })
  expect(told.map(({ kind, message, page }) => [kind, message, page])).toEqual([
    ['error', 'TypeError: x is not a function', '/b/1'],
    ['rejection', 'a string', '/'],
  ])
  expect(told[0]?.stack).toContain('failures.test.ts')
})

test('at most five in a load', () => {
  const told = noted((failures) => {
    for (let number = 0; number < 20; number++) failures.note('error', new Error(`${number}`), '/')
  })
  expect(told).toHaveLength(5)
})

test('what is no failure, or says nothing, is not told', () => {
  const told = noted((failures) => {
    failures.note('error', 'ResizeObserver loop completed with undelivered notifications.', '/')
    failures.note('error', 'Script error.', '/')
    failures.note('rejection', undefined, '/')
    failures.note('rejection', { secret: 'x' }, '/')
  })
  expect(told).toEqual([])
})

test('a long message is cut', () => {
  const told = noted((failures) => failures.note('error', new Error('x'.repeat(10_000)), '/'))
  expect(told[0]?.message).toHaveLength(500)
  expect(told[0]?.stack.length).toBeLessThanOrEqual(4_000)
})
