import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  ApiError,
  createBoard,
  findBoard,
  getBoard,
  listBoards,
  MalformedAnswer,
  renameBoard,
  trashBoard,
} from './client'

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const wire = {
  id: 'brd_1',
  title: 'Plans',
  created_at: '2026-01-02T03:04:05.678Z',
  updated_at: '2026-01-02T03:04:06.000Z',
  trashed_at: null,
  seq: 7,
  present: 2,
  sync_url: '/sync/brd_1',
  preview_url: '/api/v1/boards/brd_1/preview.svg',
  later: 'ignored',
}

let seen: Seen[] = []
let answer: (request: Seen, response: ServerResponse) => void = () => {}
const nativeFetch = globalThis.fetch
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += String(chunk)))
  request.on('end', () => {
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
    seen.push(one)
    answer(one, response)
  })
})

beforeEach(async () => {
  seen = []
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  vi.stubGlobal('fetch', (path: string, init: RequestInit) =>
    nativeFetch(`http://127.0.0.1:${port}${path}`, init),
  )
})

afterEach(async () => {
  vi.unstubAllGlobals()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

function json(status: number, body: unknown): void {
  answer = (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(body === null ? undefined : JSON.stringify(body))
  }
}

test('a list is asked for by name and read into pages', async () => {
  json(200, { data: [wire], next_cursor: 'c2' })
  const page = await listBoards({ section: 'trash', sort: 'title', query: 'a&b', limit: 60, cursor: 'c1' })
  expect(page.nextCursor).toBe('c2')
  expect(page.boards).toEqual([
    {
      id: 'brd_1',
      title: 'Plans',
      createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      updatedAt: Date.UTC(2026, 0, 2, 3, 4, 6),
      trashedAt: null,
      archivedAt: null,
      seq: 7,
      role: 'owner',
      may: { edit: true, comment: true, share: true, copy: true, own: true },
      starred: false,
      owner: null,
      present: 2,
      syncUrl: '/sync/brd_1',
      previewUrl: '/api/v1/boards/brd_1/preview.svg',
    },
  ])
  expect(seen[0]?.url).toBe('/api/v1/boards?sort=title&limit=60&trashed=true&q=a%26b&cursor=c1')
})

test('a new board is posted with a key of its own', async () => {
  json(201, wire)
  await createBoard('Plans')
  await createBoard('Plans')
  const keys = seen.map((one) => one.headers['idempotency-key'])
  expect(keys[0]).toMatch(/^"[0-9a-f-]{36}"$/)
  expect(keys[0]).not.toBe(keys[1])
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ title: 'Plans' })
})

test('a rename is a merge patch, and a delete says whatever is there', async () => {
  json(200, wire)
  await renameBoard('brd_1', 'New')
  expect(seen[0]).toMatchObject({ method: 'PATCH', url: '/api/v1/boards/brd_1', body: '{"title":"New"}' })
  expect(seen[0]?.headers).toMatchObject({ 'if-match': '*', 'content-type': 'application/merge-patch+json' })
  json(204, null)
  await trashBoard('brd_1')
  expect(seen[1]).toMatchObject({ method: 'DELETE', headers: { 'if-match': '*' } })
})

test('a problem document becomes an error with its fields', async () => {
  json(422, {
    type: 'about:blank',
    title: 'Not valid',
    status: 422,
    detail: 'The title is empty.',
    code: 'invalid-title',
    request_id: 'r1',
    errors: [{ field: 'title', message: 'is empty' }],
  })
  const failure = await createBoard('').catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(ApiError)
  expect(failure).toMatchObject({
    message: 'The title is empty.',
    code: 'invalid-title',
    status: 422,
    silence: null,
  })
  expect((failure as ApiError).problem?.errors).toEqual([{ field: 'title', message: 'is empty' }])
})

test('an error page that is not JSON is known by its status', async () => {
  answer = (_, response) => response.writeHead(502).end('<html>bad gateway</html>')
  await expect(getBoard('brd_1')).rejects.toMatchObject({ status: 502, code: 'http-502' })
})

test('a success in another language is not taken for a board', async () => {
  json(200, { id: 'brd_1' })
  await expect(getBoard('brd_1')).rejects.toBeInstanceOf(MalformedAnswer)
  answer = (_, response) => response.end('<html>')
  await expect(getBoard('brd_1')).rejects.toBeInstanceOf(MalformedAnswer)
})

test('an address of another host is not followed', async () => {
  json(200, { ...wire, preview_url: '//elsewhere/x.svg', sync_url: 'https://elsewhere/' })
  expect(await getBoard('brd_1')).toMatchObject({
    previewUrl: '/api/v1/boards/brd_1/preview.svg',
    syncUrl: '/sync/brd_1',
  })
})

test('no answer is told apart from a refusal', async () => {
  answer = (_, response) => response.destroy()
  await expect(getBoard('brd_1')).rejects.toMatchObject({ status: null, silence: 'unreachable' })
})

test("the caller's abort is the caller's own error", async () => {
  const abort = new AbortController()
  answer = () => abort.abort(new Error('left the page'))
  await expect(getBoard('brd_1', abort.signal)).rejects.toThrow('left the page')
})

test('a board is found, trashed, missing or unknown', async () => {
  json(200, wire)
  expect(await findBoard('brd_1')).toBe('open')
  json(200, { ...wire, trashed_at: '2026-01-02T03:04:06.000Z' })
  expect(await findBoard('brd_1')).toBe('trashed')
  json(404, { title: 'No such board', status: 404, code: 'board-not-found' })
  expect(await findBoard('brd_1')).toBe('missing')
  json(503, null)
  expect(await findBoard('brd_1')).toBe('unknown')
})
