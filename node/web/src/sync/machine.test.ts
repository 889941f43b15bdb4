import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Effect, Event, SyncState } from './machine'
import { initialState, phaseOf, step, unsavedOf } from './machine'
import type { Control } from './messages'

const vector = new Uint8Array([0])
const update = new Uint8Array([0, 0])

/** Words for events, so that a case reads as the story it is. */
function eventOf(word: string): Event {
  const [name = '', given] = word.split(' ')
  const number = Number(given ?? 0)
  const say = (control: Control): Event => ({ is: 'received', message: { is: 'control', control } })
  switch (name) {
    case 'cache':
      return { is: 'cache_read', found: true, changes: number }
    case 'hello':
      return say({ says: 'hello', role: given === 'viewer' ? 'viewer' : 'editor', minClient: 1 })
    case 'newer':
      return say({ says: 'hello', role: 'editor', minClient: 99 })
    case 'asked':
      return { is: 'received', message: { is: 'step_one', vector } }
    case 'loaded':
      return { is: 'received', message: { is: 'step_two', update } }
    case 'saved':
      return say({ says: 'saved', frames: number })
    case 'role':
      return say({ says: 'role', role: given === 'viewer' ? 'viewer' : 'editor' })
    case 'draining':
      return say({ says: 'draining', retryAfterMs: number })
    case 'aside':
      return say({ says: 'set_aside', code: 'gate', reason: 'too deep' })
    case 'closed':
      return { is: 'closed', code: number, reason: 'why', random: 0.5, late: false }
    case 'late':
      return { is: 'closed', code: 1006, reason: '', random: 0.5, late: true }
    case 'fails':
      return { is: 'socket_fails', random: number }
    case 'works':
      return { is: 'socket_works' }
    case 'silent':
      return { is: 'silent', ms: number, unansweredMs: 0 }
    case 'unanswered':
      return { is: 'silent', ms: number, unansweredMs: number }
    case 'lost':
      return say({ says: 'out_of_touch' })
    case 'back':
      return say({ says: 'in_touch' })
    case 'found':
      return { is: 'found', node: given ?? '' }
    case 'network':
      return { is: 'network', online: given === 'on' }
    case 'start':
    case 'edited':
    case 'flush':
    case 'opened':
    case 'garbled':
    case 'retry':
    case 'wake':
    case 'missing':
      return { is: name }
    case 'there':
      return { is: 'there', ms: number }
    default:
      throw new Error(`no such event: ${word}`)
  }
}

function effectText(effect: Effect): string {
  switch (effect.do) {
    case 'retry':
    case 'try_socket':
      return `${effect.do} ${effect.afterMs}`
    case 'connect':
      return effect.way === 'stream' ? 'connect stream' : 'connect'
    default:
      return effect.do
  }
}

/** Runs a story; expects the last phase, the unsaved count, and the effects of the last event. */
function check(story: string, phase: string, unsaved: number, effects?: string): void {
  let state: SyncState = initialState
  let last: readonly Effect[] = []
  for (const word of story.split('; ')) {
    const next = step(state, eventOf(word))
    state = next.state
    last = next.effects
  }
  const text = last.map(effectText).join(', ')
  expect({
    phase: phaseOf(state),
    unsaved: unsavedOf(state),
    ...(effects !== undefined && { text }),
  }).toEqual({
    phase,
    unsaved,
    ...(effects !== undefined && { text: effects }),
  })
}

const joined = 'start; opened; hello; asked; loaded'

describe('another node', () => {
  const drawn = `${joined}; saved 1; edited; flush`
  const lostFor2s = Array.from({ length: 8 }, () => 'silent 0').join('; ')
  const calm30s = Array.from({ length: 120 }, () => 'silent 0').join('; ')
  const moved = `${drawn}; unanswered 1000; found b; opened; hello; asked; loaded; saved 1; edited; flush`
  test.each([
    // A node that says nothing to what was sent may stand still. It is asked for anything, and others beside it.
    [`${drawn}; unanswered 999`, 'saving', 1, ''],
    [`${drawn}; unanswered 1000`, 'saving', 1, 'scout, probe'],
    [`${drawn}; unanswered 1000; unanswered 2000`, 'saving', 1, ''],
    [`${drawn}; unanswered 1000; saved 2`, 'saved', 0, 'stop_scouting'],
    [`${drawn}; unanswered 1000; saved 2; found b`, 'saved', 0, ''],
    [`${drawn}; unanswered 1000; found b`, 'connecting', 1, 'forget_peers, move, connect'],
    [`${drawn}; unanswered 1000; found b; opened; hello; asked; loaded; saved 1`, 'saved', 0, ''],
    // Where all are slow, each next move takes twice as long; not after a while of quiet.
    [`${moved}; unanswered 1999`, 'saving', 1, ''],
    [`${moved}; unanswered 2000`, 'saving', 1, 'scout, probe'],
    [`${moved}; ${calm30s}; unanswered 1000`, 'saving', 1, 'scout, probe'],
    // A node that says it is of no use is left as soon as another answers, and kept if none does.
    [`${drawn}; lost`, 'saving', 1, 'scout'],
    [`${drawn}; lost; silent 0; edited; flush; saved 1`, 'saving', 2, ''],
    [`${drawn}; lost; found b`, 'connecting', 1, 'forget_peers, move, connect'],
    [`${drawn}; lost; ${lostFor2s}`, 'reconnecting', 1, ''],
    [`${drawn}; lost; ${lostFor2s}; back`, 'saving', 1, 'stop_scouting'],
    [`${drawn}; lost; ${lostFor2s}; back; saved 2`, 'saved', 0, ''],
    [`${drawn}; lost; back; found b`, 'saving', 1, ''],
    [`${drawn}; found b`, 'saving', 1, ''],
  ])('%s -> %s, %i unsaved, %s', (story, phase, unsaved, effects) => check(story, phase, unsaved, effects))
})

describe('saved', () => {
  test.each([
    ['start', 'loading', 0],
    ['start; opened; hello; asked', 'loading', 0],
    ['start; opened; hello; loaded', 'saving', 0],
    [joined, 'saving', 0],
    [`${joined}; saved 1`, 'saved', 0],
    ['start; opened; hello; asked; saved 1; loaded', 'saved', 0],
    [`${joined}; saved 1; edited`, 'saving', 1],
    [`${joined}; saved 1; edited; flush`, 'saving', 1],
    [`${joined}; saved 1; edited; edited; flush; edited`, 'saving', 3],
    [`${joined}; saved 1; edited; flush; saved 2`, 'saved', 0],
    [`${joined}; saved 1; edited; flush; edited; saved 2`, 'saving', 1],
    [`${joined}; saved 1; edited; flush; edited; flush; saved 2`, 'saving', 1],
    [`${joined}; saved 1; edited; flush; saved 1`, 'saving', 1],
    // A count beyond what was sent confirms nothing that was sent later.
    [`${joined}; saved 7; edited; flush`, 'saving', 1],
    // Counts never run back.
    [`${joined}; edited; flush; saved 2; saved 1`, 'saved', 0],
    // What a connection did not count is unsaved again, until the next step 2 is counted.
    [`${joined}; saved 1; edited; flush; closed 1006`, 'reconnecting', 1],
    [`${joined}; saved 1; edited; flush; closed 1006; retry; opened; hello; loaded`, 'saving', 1],
    [`${joined}; saved 1; edited; flush; closed 1006; retry; opened; hello; asked; loaded`, 'saving', 1],
    [`${joined}; saved 1; edited; flush; closed 1006; retry; opened; asked; loaded; saved 1`, 'saved', 0],
    // Even with nothing to send.
    [`${joined}; saved 1; closed 1006; retry; opened; hello; asked; loaded`, 'saving', 0],
    // Edits of an earlier visit are unsaved until the server has counted them.
    ['cache 3; start; opened; hello; asked; loaded', 'saving', 3],
    ['cache 3; start; opened; hello; asked; loaded; saved 1', 'saved', 0],
    ['cache 3; start; closed 1006', 'reconnecting', 3],
    // Asked again (a missing piece, a promotion): one more frame to be counted.
    [`${joined}; saved 1; asked`, 'saving', 0],
    [`${joined}; saved 1; asked; saved 2`, 'saved', 0],
  ])('%s -> %s, %i unsaved', (story, phase, unsaved) => check(story, phase, unsaved))
})

describe('connection', () => {
  test.each([
    ['start', 'loading', 'connect'],
    ['cache 0; start', 'connecting', 'connect'],
    ['start; opened', 'loading', 'greet'],
    ['start; opened; hello; asked', 'loading', 'answer'],
    ['start; closed 1006', 'reconnecting', 'retry 300, ask_why'],
    ['start; closed 1006; retry; closed 1006', 'reconnecting', 'retry 600, ask_why'],
    ['start; closed 1006; retry; closed 1006; retry; closed 1006', 'offline', 'retry 1200, ask_why'],
    [`${joined}; closed 1006`, 'reconnecting', 'forget_peers, retry 300'],
    [`${joined}; network off`, 'saving', 'probe'],
    [`${joined}; network off; closed 1006`, 'offline', 'forget_peers, retry 300'],
    [`${joined}; network off; silent 1999`, 'saving', ''],
    [`${joined}; network off; silent 2000`, 'saving', 'disconnect'],
    [`${joined}; network off; saved 1; silent 2000`, 'saved', ''],
    [`${joined}; closed 1006; wake`, 'reconnecting', 'connect'],
    [`${joined}; closed 1006; network off; network on`, 'reconnecting', 'connect'],
    [`${joined}; closed 1013`, 'reconnecting', 'forget_peers, retry 1500'],
    [`${joined}; closed 4529`, 'reconnecting', 'forget_peers, retry 1500'],
    [`${joined}; draining 400; closed 1012`, 'reconnecting', 'forget_peers, retry 500'],
    [`${joined}; garbled`, 'saving', 'disconnect'],
    [`${joined}; silent 29999`, 'saving', ''],
    [`${joined}; silent 30000`, 'saving', 'probe'],
    [`${joined}; silent 30000; silent 2500`, 'saving', ''],
    [`${joined}; silent 30000; silent 10000`, 'saving', 'disconnect'],
    [`${joined}; silent 30000; saved 1; silent 10000`, 'saved', ''],
    [`${joined}; wake; silent 10000`, 'saving', 'disconnect'],
    // A load on its way is not seen before it is whole; no probe and no silence begins it again.
    ['start; opened; hello; asked; wake', 'loading', ''],
    ['start; opened; hello; asked; wake; silent 59999', 'loading', ''],
    ['start; opened; hello; asked; network off; silent 59999', 'loading', ''],
    ['start; opened; hello; asked; wake; silent 59999; loaded; silent 29999', 'saving', ''],
    ['start; opened; hello; asked; silent 60000', 'loading', 'disconnect'],
    [`${joined}; closed 1006; retry; opened; hello; wake; silent 59999`, 'saving', ''],
    // Updates leave only once the server has asked.
    ['start; opened; hello; edited; flush', 'loading', ''],
    [`${joined}; flush`, 'saving', ''],
    [`${joined}; edited; flush`, 'saving', 'send_gathered'],
    [`${joined}; edited; closed 1006; flush`, 'reconnecting', ''],
  ])('%s -> %s: %s', (story, phase, effects) => {
    let state: SyncState = initialState
    let last: readonly Effect[] = []
    for (const word of story.split('; ')) ({ state, effects: last } = step(state, eventOf(word)))
    expect([phaseOf(state), last.map(effectText).join(', ')]).toEqual([phase, effects])
  })

  test('why a busy server sent us away stands until something is saved again', () => {
    const words = [
      'start',
      'opened',
      'hello',
      'loaded',
      'edited',
      'flush',
      'closed 1013',
      'retry',
      'opened',
      'hello',
    ]
    const sentAway = words.map(eventOf).reduce((state, event) => step(state, event).state, initialState)
    expect(sentAway.detail).toBe('why')
    const saved = ['asked', 'loaded', 'saved 1'].map(eventOf)
    expect(saved.reduce((state, event) => step(state, event).state, sentAway).detail).toBeNull()
  })

  test('attempts grow to ten seconds and no further, and begin anew once the board was loaded', () => {
    let state = step(initialState, { is: 'start' }).state
    const waits: number[] = []
    const fail = (random: number) => {
      const next = step(state, { is: 'closed', code: 1006, reason: '', random, late: false })
      state = step(next.state, { is: 'retry' }).state
      for (const effect of next.effects) if (effect.do === 'retry') waits.push(effect.afterMs)
    }
    for (let n = 0; n < 9; n++) fail(1)
    expect(waits).toEqual([400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000])
    for (const word of ['opened', 'hello', 'asked', 'loaded']) state = step(state, eventOf(word)).state
    fail(0)
    expect(waits.at(-1)).toBe(200)
  })
})

const barred = 'start; closed 1006; there; retry; closed 1006; there'
const slow = `${barred}; opened; hello; asked; loaded`

describe('the way', () => {
  test.each([
    // One failed handshake may be a server that restarts; two while HTTP answers are a proxy.
    ['start; closed 1006; there', 'reconnecting', ''],
    [barred, 'reconnecting', 'connect stream'],
    ['start; closed 1006; retry; closed 1006; there; there', 'reconnecting', 'connect stream'],
    // The answer may come when the next attempt is under way already.
    ['start; closed 1006; retry; there; closed 1006; there', 'reconnecting', 'connect stream'],
    ['start; closed 1006; retry; closed 1006; retry; closed 1006', 'offline', 'retry 1200, ask_why'],
    // A handshake that gets no answer is clear enough.
    ['start; late', 'reconnecting', 'retry 300, ask_why'],
    ['start; late; there', 'reconnecting', 'connect stream'],
    ['start; late; there 1000', 'reconnecting', 'connect stream'],
    // Unless HTTP was slow too: then a WebSocket is given more time, once.
    ['start; late; there 1001', 'reconnecting', ''],
    ['start; late; there 1001; retry; late; there 1001', 'reconnecting', 'connect stream'],
    ['start; closed 1006; there 1001; retry; closed 1006; there 1001', 'reconnecting', ''],
    [
      'start; closed 1006; there 1001; retry; closed 1006; there 1001; retry; closed 1006; there 1001',
      'offline',
      'connect stream',
    ],
    // Opened and then cut before anything came is no better.
    ['start; opened; closed 1006', 'reconnecting', 'forget_peers, retry 300, ask_why'],
    [
      'start; opened; closed 1006; there; retry; opened; closed 1006; there',
      'reconnecting',
      'connect stream',
    ],
    // What worked in between does not count.
    [
      `${joined}; closed 1006; retry; closed 1006; there; retry; opened; hello; closed 1006; retry; closed 1006; there`,
      'offline',
      '',
    ],
    [`${barred}; opened`, 'loading', 'greet, try_socket 5000'],
    [`${slow}; fails 0`, 'saving', 'try_socket 5000'],
    [`${slow}; fails 1; fails 1`, 'saving', 'try_socket 20000'],
    [`${slow}; wake`, 'saving', 'probe, try_socket 0'],
    [`${slow}; works`, 'connecting', 'forget_peers, connect'],
    // Not while the board is still on its way.
    [`${barred}; opened; hello; asked; works`, 'loading', 'try_socket 5000'],
    [`${barred}; opened; hello; asked; works; loaded; works`, 'connecting', 'forget_peers, connect'],
    [`${slow}; closed 1006`, 'reconnecting', 'forget_peers, retry 300'],
    [`${slow}; closed 1006; retry`, 'reconnecting', 'connect stream'],
    // Nor does the other way come through: both are tried in turn.
    [`${slow}; closed 1006; retry; closed 1006; retry; closed 1006; retry`, 'offline', 'connect'],
    [`${slow}; closed 1006; works`, 'reconnecting', 'connect'],
    [`${slow}; closed 4410; works`, 'gone', ''],
    [`${slow}; closed 4410; fails 1`, 'gone', ''],
    // Where WebSockets work these mean nothing.
    [`${joined}; there; there`, 'saving', ''],
    [`${joined}; works`, 'saving', ''],
    [`${joined}; fails 1`, 'saving', ''],
  ])('%s -> %s: %s', (story, phase, effects) => {
    let state: SyncState = initialState
    let last: readonly Effect[] = []
    for (const word of story.split('; ')) ({ state, effects: last } = step(state, eventOf(word)))
    expect([phaseOf(state), last.map(effectText).join(', ')]).toEqual([phase, effects])
  })

  test.each([
    [`${slow}; saved 1; edited; flush`, 'saving', 1],
    [`${slow}; saved 1; edited; flush; saved 2`, 'saved', 0],
    // Whatever the stream did not count is counted by the WebSocket.
    [`${slow}; saved 1; edited; flush; works`, 'connecting', 1],
    [`${slow}; saved 1; edited; flush; works; opened; hello; asked; loaded`, 'saving', 1],
    [`${slow}; saved 1; edited; flush; works; opened; hello; asked; loaded; saved 1`, 'saved', 0],
  ])('%s -> %s, %i unsaved', (story, phase, unsaved) => check(story, phase, unsaved))

  test('attempts to get back grow to five minutes and no further', () => {
    let state = slow
      .split('; ')
      .map(eventOf)
      .reduce((before, event) => step(before, event).state, initialState)
    const waits: number[] = []
    for (let n = 0; n < 9; n++) {
      const next = step(state, { is: 'socket_fails', random: 1 })
      state = next.state
      for (const effect of next.effects) if (effect.do === 'try_socket') waits.push(effect.afterMs)
    }
    const expected = [10, 20, 40, 80, 160, 300, 300, 300, 300]
    expect(waits).toEqual(expected.map((seconds) => seconds * 1_000))
  })
})

describe('endings', () => {
  test.each([
    [`${joined}; closed 4410`, 'gone', 0, 'forget_peers'],
    [`${joined}; closed 4403`, 'shut_out', 0, 'forget_peers'],
    [`${joined}; closed 4410; wake; retry; start`, 'gone', 0, ''],
    [`${joined}; edited; flush; aside; closed 4422`, 'set_aside', 1, 'forget_peers, disconnect, set_aside'],
    // Nothing of ours to set aside: the same would happen again.
    [`${joined}; saved 1; aside; closed 4422`, 'refused', 0, 'forget_peers'],
    ['start; closed 1006; missing', 'gone', 0, 'disconnect'],
    [`${joined}; missing`, 'saving', 0, ''],
    ['start; opened; newer', 'outdated', 0, ''],
    ['start; opened; newer; asked', 'outdated', 0, ''],
    ['start; opened; newer; asked; edited; flush', 'outdated', 1, ''],
    ['start; opened; newer; closed 1006', 'outdated', 0, 'forget_peers, retry 300'],
  ])('%s -> %s', check)
})

describe('roles', () => {
  test.each([
    ['start; opened; hello viewer; asked', 'loading', 0, ''],
    ['start; opened; hello viewer; asked; loaded', 'saved', 0, 'apply'],
    [`${joined}; saved 1; role viewer`, 'saved', 0, ''],
    [`${joined}; saved 1; edited; flush; role viewer`, 'set_aside', 1, 'disconnect, set_aside'],
    ['cache 2; start; opened; hello viewer', 'set_aside', 2, 'disconnect, set_aside'],
    // Promoted: what the server asked is answered now, and then everything is as for any editor.
    ['start; opened; hello viewer; asked; loaded; role editor', 'saving', 0, 'answer'],
    ['start; opened; hello viewer; asked; loaded; role editor; saved 1', 'saved', 0, ''],
    ['start; opened; hello viewer; asked; loaded; role editor; asked; saved 1', 'saving', 0, ''],
    ['start; opened; hello viewer; asked; loaded; role editor; asked; saved 2', 'saved', 0, ''],
    ['start; opened; hello viewer; loaded; role editor; asked; saved 1', 'saved', 0, ''],
  ])('%s -> %s', check)
})

/**
 * A server that receives frames, stores them at some time, confirms them at some later time, and
 * loses on a dropped connection whatever it had not stored.
 */
test('saved is never shown while a change is not durable, whatever happens in between', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('edited', 'flush', 'store', 'confirm', 'confirm') },
    { weight: 4, arbitrary: fc.constantFrom('join', 'settle', 'retry', 'wake') },
    { weight: 2, arbitrary: fc.constantFrom('opened', 'hello', 'asked', 'loaded') },
    {
      weight: 2,
      arbitrary: fc.constantFrom('closed 1006', 'closed 1012', 'closed 1013', 'network off', 'network on'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('silent 30000', 'silent 50000', 'garbled', 'draining 10', 'asked'),
    },
    { weight: 1, arbitrary: fc.constantFrom('late', 'there', 'barred', 'works', 'fails 1') },
  )
  let timesSaved = 0
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 120 }), fc.nat(5), (actions, cached) => {
      let state = initialState
      let made = cached
      /** Changes 1..n in each counted frame of this connection. */
      let frames: number[] = []
      let storedFrames = 0
      let durable = 0
      const feed = (event: Event) => {
        const next = step(state, event)
        state = next.state
        for (const effect of next.effects) {
          if (effect.do === 'connect') [frames, storedFrames] = [[], 0]
          if (effect.do === 'answer' || effect.do === 'send_gathered') frames.push(made)
          if (effect.do === 'disconnect')
            feed({ is: 'closed', code: 1006, reason: '', random: 0.3, late: false })
        }
        const phase = phaseOf(state)
        if (phase === 'saved') timesSaved += 1
        if (phase === 'saved' && durable < made)
          throw new Error(`saved with ${made - durable} changes at risk`)
        if (durable < made && unsavedOf(state) === 0) throw new Error('unsaved changes are not counted')
      }
      feed({ is: 'cache_read', found: true, changes: cached })
      feed({ is: 'start' })
      const parts: Record<string, string[]> = {
        join: ['retry', 'opened', 'hello', 'asked', 'loaded'],
        settle: ['flush', 'store', 'store', 'store', 'confirm'],
        barred: ['closed 1006', 'there', 'retry', 'closed 1006', 'there'],
      }
      for (const one of actions.flatMap((action) => parts[action] ?? [action])) {
        if (one === 'store') {
          storedFrames = Math.min(frames.length, storedFrames + 1)
          durable = Math.max(durable, frames[storedFrames - 1] ?? 0)
        } else if (one === 'confirm') {
          if (state.link.at === 'open') feed(eventOf(`saved ${storedFrames}`))
        } else {
          if (one === 'edited') made += 1
          feed(eventOf(one))
        }
      }
    }),
    { numRuns: 2_000 },
  )
  // The property would hold of a client that never says "saved".
  expect(timesSaved).toBeGreaterThan(100)
})
