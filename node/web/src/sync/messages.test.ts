import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  readControl,
  readMessage,
  writeAwareness,
  writeAwarenessQuery,
  writeControl,
  writeStepOne,
  writeStepTwo,
  writeUpdate,
} from './messages'

const bytes = new Uint8Array([1, 2, 3])

test('what is written is read', () => {
  expect(readMessage(writeStepOne(bytes))).toEqual({ is: 'step_one', vector: bytes })
  expect(readMessage(writeStepTwo(bytes))).toEqual({ is: 'step_two', update: bytes })
  expect(readMessage(writeUpdate(bytes))).toEqual({ is: 'update', update: bytes })
  expect(readMessage(writeAwareness(bytes))).toEqual({ is: 'awareness', update: bytes })
  expect(readMessage(writeAwarenessQuery())).toEqual({ is: 'awareness_query' })
  expect(readMessage(writeControl({ t: 'saved', frames: 4 }))).toEqual({
    is: 'control',
    control: { says: 'saved', frames: 4 },
  })
})

test.each([
  [
    '{"t":"hello","v":1,"app":"0.1.0","schema":1,"min_client":2,"role":"editor"}',
    { says: 'hello', role: 'editor', minClient: 2 },
  ],
  // A role of a later version may look and not touch.
  ['{"t":"hello","role":"emperor"}', { says: 'hello', role: 'viewer', minClient: 0 }],
  ['{"t":"hello","role":"owner"}', { says: 'hello', role: 'owner', minClient: 0 }],
  ['{"t":"saved","frames":-1}', { says: 'saved', frames: 0 }],
  ['{"t":"saved","frames":"7"}', { says: 'saved', frames: 0 }],
  ['{"t":"role","role":"viewer"}', { says: 'role', role: 'viewer' }],
  ['{"t":"draining","retry_after_ms":250}', { says: 'draining', retryAfterMs: 250 }],
  ['{"t":"set_aside","code":"c","reason":"r"}', { says: 'set_aside', code: 'c', reason: 'r' }],
  ['{"t":"something new"}', { says: 'ignored' }],
  ['[]', { says: 'ignored' }],
])('%s is read', (json, control) => expect(readControl(json)).toEqual(control))

test('a message of a kind to come is ignored; one cut short is not understood', () => {
  expect(readMessage(new Uint8Array([77, 1, 2]))).toEqual({ is: 'ignored' })
  expect(readMessage(new Uint8Array([]))).toBeNull()
  expect(readMessage(writeUpdate(bytes).slice(0, -1))).toBeNull()
  expect(readMessage(writeControl({ t: 'saved' }).slice(0, -1))).toBeNull()
  expect(readMessage(new Uint8Array([0, 9, 0]))).toBeNull()
})

test('no bytes make reading throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (any) => void readMessage(any)))
})
