import { expect, it } from 'vitest'
import { readBody } from './body'

const HEADERS = { 'easel-body-seq': '7' }

/** A body that comes part by part, as `feed` gives it. */
function answerOf(feed: (controller: ReadableStreamDefaultController<Uint8Array>) => void): Response {
  return new Response(new ReadableStream({ start: feed }), { headers: HEADERS })
}

it('puts the parts together and tells the number', async () => {
  const answer = answerOf((controller) => {
    controller.enqueue(new Uint8Array([1, 2]))
    controller.enqueue(new Uint8Array([3]))
    controller.close()
  })
  expect(await readBody(Promise.resolve(answer), new AbortController())).toEqual({
    update: new Uint8Array([1, 2, 3]),
    seq: 7,
  })
})

it.each([
  ['there is none', new Response(null, { status: 204 })],
  ['it is not ready yet', new Response('', { status: 202, headers: HEADERS })],
  ['the answer is a failure', new Response('no', { status: 500, headers: HEADERS })],
  ['nothing says what it is', new Response('content')],
])('does without when %s', async (_, answer) => {
  expect(await readBody(Promise.resolve(answer), new AbortController())).toBeUndefined()
})

it('does without when the request fails, or breaks off', async () => {
  expect(await readBody(Promise.reject(new TypeError('gone')), new AbortController())).toBeUndefined()
  const broken = answerOf((controller) => {
    controller.enqueue(new Uint8Array([1]))
    controller.error(new TypeError('gone'))
  })
  expect(await readBody(Promise.resolve(broken), new AbortController())).toBeUndefined()
})

it('does without, and stops the request, when nothing more comes', async () => {
  for (const asked of [
    new Promise<Response>(() => {}),
    Promise.resolve(answerOf((controller) => controller.enqueue(new Uint8Array([1])))),
  ]) {
    const stop = new AbortController()
    expect(await readBody(asked, stop, () => {}, 1)).toBeUndefined()
    expect(stop.signal.aborted).toBe(true)
  }
})
