import { expect, test } from 'vitest'
import type { PointerInput } from './editor-api'
import { Gestures } from './gestures'

/** `t1 down 10 20`: a finger, `p`: a pen, `m`: the mouse, `palm1`: what covers much of the glass. */
function play(events: string, fingersPan: boolean): string {
  const gestures = new Gestures()
  let time_ms = 0
  return events
    .split(';')
    .map((event) => {
      const [who = '', kind, x, y] = event.trim().split(' ')
      time_ms += 10
      const device = who === 'p' ? 'pen' : who === 'm' ? 'mouse' : 'touch'
      const pointerId = device === 'touch' ? Number(who.replace(/\D/g, '')) + 10 : device === 'pen' ? 2 : 1
      const input: PointerInput = {
        kind: kind as PointerInput['kind'],
        pointerId,
        device,
        button: 0,
        at: { x: Number(x), y: Number(y) },
        pressure: 0.5,
        contact: who.startsWith('palm') ? 120 : 20,
        time_ms,
        shift: false,
        alt: false,
        mod: false,
      }
      return said(gestures.take(input, false, fingersPan))
    })
    .join('; ')
}

function said(gesture: ReturnType<Gestures['take']>): string {
  switch (gesture.to) {
    case 'tool':
      return `${gesture.instead ? 'instead ' : ''}${gesture.kind}`
    case 'view':
      return `pan ${gesture.pan.x} ${gesture.pan.y}${gesture.zoom === 1 ? '' : ` zoom ${gesture.zoom}`}`
    case 'tool-cancel':
    case 'tap':
    case 'menu':
    case 'nobody':
      return gesture.to
  }
}

test.each([
  ['one finger draws', 't1 down 0 0; t1 move 50 0; t1 up 50 0', 'down; move; up'],
  [
    'a second finger takes back what the first began, and both pinch',
    't1 down 0 0; t1 move 20 0; t2 down 120 0; t2 move 220 0; t1 up 20 0; t2 move 240 0; t2 up 240 0; t1 down 0 0',
    'down; move; tool-cancel; pan 50 0 zoom 2; nobody; nobody; nobody; down',
  ],
  [
    'a palm means nothing',
    'palm1 down 0 0; palm1 move 9 9; palm1 up 9 9; t2 down 0 0',
    'nobody; nobody; nobody; down',
  ],
  [
    'what comes down beside a pen means nothing',
    'p down 0 0; t1 down 50 50; t1 move 60 60; p move 9 0; t1 up 60 60; p up 9 0; t1 down 0 0',
    'down; nobody; nobody; move; nobody; up; down',
  ],
  [
    'a hand that came before its pen is taken back',
    't1 down 50 50; t1 move 70 50; p down 0 0; t1 move 80 50; p move 9 0; t1 up 80 50; p up 9 0',
    'down; move; instead down; nobody; move; nobody; up',
  ],
  [
    'a pen ends a pinch',
    't1 down 0 0; t2 down 100 0; p down 5 5; t1 move 9 9; p up 5 5; t1 up 9 9; t2 up 0 0; t1 down 0 0',
    'down; tool-cancel; down; nobody; up; nobody; nobody; down',
  ],
])('fingers draw: %s', (_, events, expected) => {
  expect(play(events, false)).toBe(expected)
})

test.each([
  [
    'one finger moves the board',
    't1 down 0 0; t1 move 50 0; t1 move 60 5; t1 up 60 5',
    'nobody; pan 50 0; pan 10 5; nobody',
  ],
  ['a tap is one', 't1 down 0 0; t1 move 3 3; t1 up 3 3', 'nobody; nobody; tap'],
  ['two pinch', 't1 down 0 0; t2 down 100 0; t2 move 200 0', 'nobody; nobody; pan 50 0 zoom 2'],
  ['a pen draws', 'p down 0 0; p move 50 0; p up 50 0', 'down; move; up'],
  [
    'a pen takes over from a finger that moves the board',
    't1 down 0 0; t1 move 50 0; p down 5 5; t1 move 90 0; p move 9 9; p up 9 9',
    'nobody; pan 50 0; down; nobody; move; up',
  ],
  ['a mouse draws', 'm down 0 0; m move 50 0; m up 50 0', 'down; move; up'],
])('fingers move the board: %s', (_, events, expected) => {
  expect(play(events, true)).toBe(expected)
})

test('clicks count to two: a double click right after another is one again', () => {
  const gestures = new Gestures()
  const press = {
    pointerId: 1,
    device: 'mouse',
    button: 0,
    at: { x: 5, y: 5 },
    pressure: 0.5,
    contact: 1,
  } as const
  const counted = [0, 100, 200, 300, 2000].map((time_ms) => {
    const keys = { shift: false, alt: false, mod: false }
    const down = gestures.take({ ...press, ...keys, kind: 'down', time_ms }, false, false)
    gestures.take({ ...press, ...keys, kind: 'up', time_ms: time_ms + 20 }, false, false)
    return down.to === 'tool' ? down.clicks : 0
  })
  expect(counted).toEqual([1, 2, 1, 2, 1])
})
