import { expect, test } from 'vitest'
import { ApiError, problemOf } from './problem'
import type { Note, SessionPlatform } from './session'
import { createAccount, readNote, refreshAfterMs, SIGNED_OUT } from './session'

const ADA = {
  id: 'usr_ada',
  email: 'ada@example.org',
  name: 'Ada',
  admin: false,
  avatar_url: null,
  created_at: '2026-01-02T03:04:05.678Z',
}

const answerFor = (token: string, user = ADA) => ({ access_token: token, expires_in: 600, user })

const refusal = (status: number, code: string) =>
  ApiError.answered(problemOf(status, '', { title: code, code, status }))

/** Tabs of one browser: one hint, one lock, one channel, one clock. */
function browser(hint: string | null = null) {
  let kept = hint
  let nowMs = 0
  let locked: Promise<unknown> = Promise.resolve()
  const listeners: ((note: Note) => void)[] = []
  const asked: string[] = []
  let answer: (path: string) => Promise<unknown> = () => Promise.reject(ApiError.silent('unreachable'))

  function tab() {
    let own: ((note: Note) => void) | null = null
    const timers: { run: () => void; atMs: number }[] = []
    const platform: SessionPlatform = {
      post: (path) => {
        asked.push(path)
        return answer(path)
      },
      nowMs: () => nowMs,
      later(run, afterMs) {
        const timer = { run, atMs: nowMs + afterMs }
        timers.push(timer)
        return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0)
      },
      alone(work) {
        const turn = locked.then(work, work)
        locked = turn.catch(() => {})
        return turn
      },
      tell(note) {
        for (const listener of listeners) if (listener !== own) listener(note)
      },
      onNote(listener) {
        own = listener
        listeners.push(listener)
      },
      hint: { read: () => kept, write: (next) => void (kept = next) },
    }
    return { account: createAccount(platform), timers }
  }

  return {
    tab,
    asked,
    hint: () => kept,
    pass: (ms: number) => void (nowMs += ms),
    answers: (next: (path: string) => Promise<unknown>) => void (answer = next),
  }
}

test('where nobody was ever asked, nobody is asked', async () => {
  const world = browser()
  const { account } = world.tab()
  expect(account.standing.get()).toEqual({ at: 'open' })
  expect(await account.bearer()).toBeNull()
  expect(world.asked).toEqual([])
})

test('who was signed in is again, with one request for all that waits', async () => {
  const world = browser('usr_ada')
  world.answers(async () => answerFor('t1'))
  const { account } = world.tab()
  expect(account.standing.get()).toEqual({ at: 'returning', user: 'usr_ada' })
  expect(await Promise.all([account.bearer(), account.bearer()])).toEqual(['t1', 't1'])
  expect(account.standing.get()).toMatchObject({ at: 'in', me: { name: 'Ada' } })
  expect(world.asked).toEqual(['/auth/refresh'])
})

test('two tabs ask one after the other, and the second takes what the first was told', async () => {
  const world = browser('usr_ada')
  let count = 0
  world.answers(async () => answerFor(`t${(count += 1)}`))
  const one = world.tab()
  const two = world.tab()
  expect(await Promise.all([one.account.bearer(), two.account.bearer()])).toEqual(['t1', 't1'])
  expect(world.asked).toHaveLength(1)
})

test('a server that asks who it is, is asked once whether the cookie still holds', async () => {
  const world = browser()
  world.answers(async () => Promise.reject(refusal(401, 'refresh-expired')))
  const { account } = world.tab()
  expect(await account.challenged(null)).toBeNull()
  expect(account.standing.get()).toEqual({ at: 'out' })
  expect(world.hint()).toBe(SIGNED_OUT)
  expect(await account.challenged(null)).toBeNull()
  expect(world.asked).toHaveLength(1)
})

test('a server that lost its accounts is used as one that has none', async () => {
  const world = browser('usr_ada')
  world.answers(async () => Promise.reject(refusal(409, 'no-accounts')))
  const { account } = world.tab()
  expect(await account.bearer()).toBeNull()
  expect(account.standing.get()).toEqual({ at: 'open' })
  expect(world.hint()).toBeNull()
})

test('no answer changes nothing, and is waited for', async () => {
  const world = browser('usr_ada')
  const { account, timers } = world.tab()
  await expect(account.bearer()).rejects.toMatchObject({ silence: 'unreachable' })
  expect(account.standing.get()).toEqual({ at: 'returning', user: 'usr_ada' })
  expect(world.hint()).toBe('usr_ada')
  await Promise.resolve()
  expect(timers).toHaveLength(1)
})

test('a token is replaced before it ends, and one that was refused at once', async () => {
  const world = browser()
  let count = 1
  world.answers(async () => answerFor(`t${(count += 1)}`))
  const { account, timers } = world.tab()
  account.begin(answerFor('t1'))
  expect(timers).toMatchObject([{ atMs: 540_000 }])
  world.pass(590_000)
  expect(await account.bearer()).toBe('t2')
  expect(await account.challenged('t2')).toBe('t3')
  // Somebody else was refused an older one.
  expect(await account.challenged('t2')).toBe('t3')
})

test('signing out ends it in every tab, and an unreachable server in none', async () => {
  const world = browser()
  const one = world.tab()
  const two = world.tab()
  one.account.begin(answerFor('t1'))
  expect(two.account.standing.get().at).toBe('in')
  await expect(two.account.signOut('this')).rejects.toBeInstanceOf(ApiError)
  expect(one.account.standing.get().at).toBe('in')
  world.answers(async () => null)
  await two.account.signOut('this')
  expect([one, two].map(({ account }) => account.standing.get().at)).toEqual(['out', 'out'])
  expect(await one.account.bearer()).toBeNull()
})

test('another person who signs in elsewhere is this tab’s person as well', () => {
  const world = browser()
  const one = world.tab()
  const two = world.tab()
  one.account.begin(answerFor('t1'))
  two.account.begin(answerFor('t2', { ...ADA, id: 'usr_bob', name: 'Bob' }))
  expect(one.account.standing.get()).toMatchObject({ at: 'in', me: { id: 'usr_bob' } })
  expect(world.hint()).toBe('usr_bob')
})

test.each([
  [600_000, 540_000],
  [100_000, 50_000],
  [0, 1_000],
])('with %i ms left the next is asked for after %i', (left, after) => {
  expect(refreshAfterMs(left)).toBe(after)
})

test('what is not a note of ours is none', () => {
  expect(readNote({ t: 'in', session: { token: 't' } })).toBeNull()
  expect(readNote('out')).toBeNull()
  expect(readNote({ t: 'out' })).toEqual({ t: 'out' })
})
