import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventReader } from './event-stream'

const stream = [
  'retry: 1000\nid: x.0\nevent: notice\ndata: {"t":"stream"}\n\n',
  'id: x.1\nevent: update\ndata: AAICAAA=\n\n',
  'event: ping\ndata: {}\n\n',
  'data: one\ndata:two\n\n',
].join('')

const events = [
  { id: 'x.0', kind: 'notice', data: '{"t":"stream"}' },
  { id: 'x.1', kind: 'update', data: 'AAICAAA=' },
  { id: '', kind: 'ping', data: '{}' },
  { id: '', kind: 'message', data: 'one\ntwo' },
]

test('events come out the same whatever pieces they come in', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const reader = createEventReader()
      const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
      const read = edges.slice(1).flatMap((edge, at) => reader.read(stream.slice(edges[at], edge)))
      expect(read).toEqual(events)
    }),
  )
})

test('an event that was cut off is none', () => {
  expect(createEventReader().read('id: x.1\nevent: update\ndata: AAIC\n')).toEqual([])
})
