import { afterEach, expect, test, vi } from 'vitest'
import type { Visit } from './visit'
import { keepVisit, visitOf } from './visit'
import { visitBearer } from './visit-token'

const visit: Visit = {
  id: 'v1',
  link: 'l',
  board: 'brd_1',
  token: 'old',
  endsAtMs: 600_000,
  role: 'editor',
  name: 'Dora',
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function at(nowMs: number, answer: () => Response) {
  vi.useFakeTimers({ now: nowMs })
  const asked: Request[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    asked.push(new Request(`http://localhost${path}`, init))
    return answer()
  })
  keepVisit(visit)
  return asked
}

const next = () => Response.json({ access_token: 'new', expires_in: 600 })

test('a visit’s token is used while it is good', async () => {
  const asked = at(0, next)
  expect(await visitBearer(visit)).toBe('old')
  expect(asked).toEqual([])
})

test('near its end it brings the next one, once for all that wait', async () => {
  const asked = at(500_000, next)
  expect(await Promise.all([visitBearer(visit), visitBearer(visit)])).toEqual(['new', 'new'])
  expect(asked).toHaveLength(1)
  expect(asked[0]?.headers.get('authorization')).toBe('Bearer old')
  expect(visitOf('brd_1')).toMatchObject({ token: 'new', endsAtMs: 1_100_000, name: 'Dora' })
})

test('a refusal is of no matter as long as the token holds, and the end of the visit afterwards', async () => {
  const no = () => Response.json({ code: 'invalid-token', status: 401, title: 'no' }, { status: 401 })
  at(500_000, no)
  expect(await visitBearer(visit)).toBe('old')
  at(700_000, no)
  await expect(visitBearer(visit)).rejects.toMatchObject({ code: 'invalid-token' })
})
