import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { base64FromBytes } from '../core/base64'
import type { Carrier } from './carrier'
import { writeAwareness, writeUpdate } from './messages'
import { openStream } from './stream'

/** A server that says what the test has it say. */
interface Scripted {
  readonly url: string
  /** The responses that are open, oldest first. */
  readonly open: ServerResponse[]
  /** What was asked for, in order: `GET 3` (the last event), `POST 1`, `DELETE`. */
  readonly asked: string[]
  /** Bodies that were posted, by number. */
  readonly bodies: Buffer[]
  /** Statuses for the posts to come; 204 when there is none. 0: the connection is cut. */
  readonly statuses: number[]
  /** Asked for the stream again, says that it is another one. */
  forgets: boolean
  /** Takes no connection. */
  away: boolean
}

let server: Scripted
let close: () => void
let heard: string[]
let carrier: Carrier

beforeEach(async () => {
  heard = []
  const http = createServer((request, response) => void answer(request, response))
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  const { port } = http.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/board`
  server = { url, open: [], asked: [], bodies: [], statuses: [], forgets: false, away: false }
  close = () => {
    http.close()
    http.closeAllConnections()
  }
})

afterEach(async () => {
  await carrier.close()
  close()
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (server.away) {
    request.socket.destroy()
    return
  }
  const header = (name: string) => String(request.headers[name] ?? '')
  if (request.method === 'GET') {
    const last = header('last-event-id')
    server.asked.push(`GET ${last}`.trim())
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const resumed = last !== '' && !server.forgets
    say(
      response,
      resumed ? last : 'name.0',
      'notice',
      JSON.stringify({ t: 'stream', stream: 'name', resumed }),
    )
    server.open.push(response)
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const number = request.method === 'POST' ? ` ${header('easel-seq')}` : ''
  server.asked.push(`${request.method}${number}`)
  const status = number === '' ? 204 : (server.statuses.shift() ?? 204)
  if (status === 0) {
    request.socket.destroy()
    return
  }
  if (number !== '' && status === 204) server.bodies[Number(number)] = Buffer.concat(chunks)
  response.writeHead(status).end()
}

function say(response: ServerResponse | undefined, id: string, kind: string, data: string): void {
  response?.write(`id: ${id}\nevent: ${kind}\ndata: ${data}\n\n`)
}

const sayUpdate = (response: ServerResponse | undefined, number: number) =>
  say(response, `name.${number}`, 'update', base64FromBytes(writeUpdate(new Uint8Array([number]))))

const until = (check: () => void) => vi.waitFor(check, { timeout: 4_000, interval: 5 })

async function connect(): Promise<void> {
  carrier = openStream(
    server.url,
    {
      opened: () => heard.push('opened'),
      received: (message) =>
        heard.push(message?.is === 'update' ? `update ${message.update}` : (message?.is ?? 'garbled')),
      alive: () => heard.push('alive'),
      closed: (code, reason) => heard.push(`closed ${code} ${reason}`.trim()),
    },
    { fetch },
  )
  await until(() => expect(heard).toEqual(['opened']))
  heard = []
}

test('what was cut off goes on after the last event, and its user hears of none of it', async () => {
  await connect()
  sayUpdate(server.open[0], 1)
  await until(() => expect(heard).toEqual(['update 1']))
  server.open[0]?.destroy()
  await until(() => expect(server.open).toHaveLength(2))
  expect(server.asked).toEqual(['GET', 'GET name.1'])
  // One that came before comes again: it was not known to have arrived.
  sayUpdate(server.open[1], 1)
  sayUpdate(server.open[1], 2)
  await until(() => expect(heard.filter((one) => one !== 'alive')).toEqual(['update 1', 'update 2']))
})

test('events that have a hole are worth nothing', async () => {
  await connect()
  sayUpdate(server.open[0], 2)
  await until(() => expect(heard).toEqual(['closed 1006']))
})

test('an event on its way is a sign of life', async () => {
  await connect()
  const data = base64FromBytes(writeUpdate(new Uint8Array(9).fill(7)))
  server.open[0]?.write(`id: name.1\nevent: update\ndata: ${data.slice(0, 6)}`)
  await until(() => expect(heard).toEqual(['alive']))
  server.open[0]?.write(`${data.slice(6)}\n\n`)
  await until(() => expect(heard).toEqual(['alive', `update ${new Uint8Array(9).fill(7)}`]))
})

test('another seat is another connection', async () => {
  await connect()
  server.forgets = true
  server.open[0]?.destroy()
  await until(() => expect(heard).toEqual(['closed 1006']))
  // Neither seat is left to wait for nobody.
  await until(() => expect(server.asked.filter((one) => one === 'DELETE')).toHaveLength(2))
})

test('a server that stays away is away', async () => {
  await connect()
  server.away = true
  server.open[0]?.destroy()
  await until(() => expect(heard).toEqual(['closed 1006']))
})

test('why it was closed is said as by a WebSocket', async () => {
  await connect()
  say(server.open[0], 'name.1', 'notice', JSON.stringify({ t: 'close', code: 4410, reason: 'deleted' }))
  await until(() => expect(heard).toEqual(['closed 4410 deleted']))
})

test('a post without an answer is repeated as it was, under its number', async () => {
  await connect()
  server.statuses.push(0, 503)
  carrier.send(writeUpdate(new Uint8Array([7])))
  carrier.send(writeUpdate(new Uint8Array([8])))
  expect(carrier.waiting()).toBeGreaterThan(0)
  await until(() => expect(carrier.waiting()).toBe(0))
  const posted = server.asked.filter((one) => one.startsWith('POST'))
  expect(posted).toEqual(['POST 1', 'POST 1', 'POST 1', 'POST 2'])
  expect([...(server.bodies[1] ?? [])]).toEqual([4, 0, 2, 1, 7])
  expect([...(server.bodies[2] ?? [])]).toEqual([4, 0, 2, 1, 8])
  expect(heard).toEqual([])
})

test.each([
  [409, 'closed 1006'],
  [410, 'closed 1006'],
  [413, 'closed 1013 A proxy on the way takes no change of this size.'],
])('a post that is answered with %i ends the connection: %s', async (status, expected) => {
  await connect()
  server.statuses.push(status)
  carrier.send(writeUpdate(new Uint8Array([7])))
  await until(() => expect(heard).toEqual([expected]))
})

test('what was said last arrives before the good-bye', async () => {
  await connect()
  carrier.send(writeUpdate(new Uint8Array([7])))
  carrier.send(writeAwareness(new Uint8Array([0])))
  await carrier.close()
  expect(server.asked.at(-1)).toBe('DELETE')
  expect([...(server.bodies[1] ?? [])]).toEqual([4, 0, 2, 1, 7])
  expect([...(server.bodies[2] ?? [])]).toEqual([3, 1, 1, 0])
  expect(heard).toEqual([])
})
