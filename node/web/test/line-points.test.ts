/** Lines of more than two points: placed by clicks, bent, straightened, and what others see and keep of them. */
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { hitElement } from '../src/core/elements'
import { linePoints } from '../src/core/elements/line'
import { flip } from '../src/core/flip'
import { LINE_VIA_MAX } from '../src/core/schema.gen'
import { contentOf, desk, exchange, type Desk } from './desk'

type Pair = readonly [number, number]

/** The points of all lines. */
function course(d: Desk): string {
  return [...d.board.ids()]
    .flatMap((id) => {
      const e = d.board.get(id)
      return e?.type === 'line'
        ? [
            linePoints(e)
              .map((p) => `${Math.round(p.x)},${Math.round(p.y)}`)
              .join(' '),
          ]
        : []
    })
    .join(' | ')
}

function clicks(d: Desk, ...places: readonly Pair[]): void {
  d.editor.setTool('line')
  for (const [x, y] of places) {
    d.moveTo(x, y)
    d.click(x, y)
  }
}

const THREE: readonly Pair[] = [
  [100, 100],
  [300, 100],
  [300, 300],
]

/** A line through three points, selected. */
function bent(): Desk {
  const d = desk()
  clicks(d, ...THREE)
  d.key('Enter')
  return d
}

describe('placing', () => {
  const cases: [string, (d: Desk) => void, string][] = [
    ['Enter ends it', (d) => (clicks(d, ...THREE), d.key('Enter')), '100,100 300,100 300,300'],
    ['Escape ends it', (d) => (clicks(d, ...THREE), d.key('Escape')), '100,100 300,100 300,300'],
    [
      'a double click ends it',
      (d) => (clicks(d, ...THREE), d.press(300, 300), d.release(300, 300)),
      '100,100 300,100 300,300',
    ],
    [
      'another tool ends it',
      (d) => (clicks(d, ...THREE), d.editor.setTool('pen')),
      '100,100 300,100 300,300',
    ],
    [
      'a click on the first point closes it',
      (d) => clicks(d, ...THREE, [103, 102]),
      '100,100 300,100 300,300 100,100',
    ],
    [
      'Backspace takes the last point back',
      (d) => (clicks(d, ...THREE), d.key('Backspace'), d.key('Enter')),
      '100,100 300,100',
    ],
    ['one point is nothing', (d) => (clicks(d, [100, 100]), d.key('Enter')), ''],
    ['a double click at once is nothing', (d) => (d.editor.setTool('line'), d.doubleClick(100, 100)), ''],
    [
      'Backspace at the first point is nothing',
      (d) => (clicks(d, [100, 100]), d.key('Backspace'), d.key('Enter')),
      '',
    ],
    [
      'letters wait',
      (d) => (clicks(d, ...THREE), d.key('r'), d.click(200, 400), d.key('Enter')),
      '100,100 300,100 300,300 200,400',
    ],
    [
      'a drag is a straight line',
      (d) => (d.editor.setTool('line'), d.drag([100, 100], [300, 250])),
      '100,100 300,250',
    ],
    [
      'Escape in a drag is nothing',
      (d) => (
        d.editor.setTool('line'),
        d.press(100, 100),
        d.moveTo(300, 250),
        d.key('Escape'),
        d.release(300, 250)
      ),
      '',
    ],
    [
      'with Shift it goes on in steps of 15 degrees from the last point',
      (d) => {
        clicks(d, [100, 100], [300, 100])
        d.moveTo(305, 250, { shift: true })
        d.click(305, 250, { shift: true })
        d.key('Enter')
      },
      '100,100 300,100 300,250',
    ],
  ]
  test.each(cases)('%s', (_, act, expected) => {
    const d = desk()
    act(d)
    expect(course(d)).toBe(expected)
    expect(d.editor.state.get().gesture).toBe(false)
    d.editor.undo()
    expect(d.board.size()).toBe(0)
  })

  test('it is selected then, with the select tool in hand', () => {
    const d = bent()
    expect(d.editor.state.get().tool).toBe('select')
    expect(d.editor.state.get().selection).toEqual([...d.board.ids()])
  })

  test('the others see it grow, up to the pointer', () => {
    const d = desk()
    clicks(d, [100, 100], [300, 100])
    d.moveTo(300, 300)
    const draft = d.told.at(-1)?.drafts?.[0]
    expect(draft?.type === 'line' && linePoints(draft)).toHaveLength(3)
    d.key('Enter')
    expect(d.told.at(-1)).toBeNull()
  })

  test('who may only read from now on has placed nothing', () => {
    const d = desk()
    clicks(d, ...THREE)
    d.editor.setReadOnly(true)
    expect(d.board.size()).toBe(0)
  })

  test('there is an end of points', () => {
    const d = desk()
    const many = Array.from({ length: LINE_VIA_MAX + 2 }, (_, i): Pair => [
      20 + (i % 60) * 20,
      20 + Math.floor(i / 60) * 20,
    ])
    clicks(d, ...many)
    expect(d.editor.state.get().tool).toBe('select')
    expect(course(d).split(' ')).toHaveLength(LINE_VIA_MAX + 2)
  })
})

describe('bending', () => {
  const cases: [string, (d: Desk) => void, string][] = [
    ['a point is moved', (d) => d.drag([300, 100], [400, 60]), '100,100 400,60 300,300'],
    ['an end is moved', (d) => d.drag([100, 100], [60, 160]), '60,160 300,100 300,300'],
    [
      'the middle of a stretch becomes a point',
      (d) => d.drag([200, 100], [200, 40]),
      '100,100 200,40 300,100 300,300',
    ],
    [
      'the middle of the last one too',
      (d) => d.drag([300, 200], [380, 200]),
      '100,100 300,100 380,200 300,300',
    ],
    ['a click on a middle changes nothing', (d) => d.click(200, 100), '100,100 300,100 300,300'],
    ['a double click takes a point away', (d) => d.doubleClick(300, 100), '100,100 300,300'],
    ['an end stays', (d) => d.doubleClick(100, 100), '100,100 300,100 300,300'],
    ['a point let go on the next is that one', (d) => d.drag([300, 100], [302, 298]), '100,100 300,300'],
    ['an end let go on the next takes its place', (d) => d.drag([300, 300], [301, 102]), '100,100 300,100'],
    [
      'Escape leaves it',
      (d) => (d.press(300, 100), d.moveTo(400, 50), d.key('Escape')),
      '100,100 300,100 300,300',
    ],
  ]
  test.each(cases)('%s', (_, act, expected) => {
    const d = bent()
    const before = course(d)
    act(d)
    expect(course(d)).toBe(expected)
    if (expected === before) return
    d.editor.undo()
    expect(course(d)).toBe(before)
    d.editor.redo()
    expect(course(d)).toBe(expected)
  })

  test('a straight line is bent by its middle, and straight again', () => {
    const d = desk()
    const id = d.draw('line', [100, 100], [300, 100])
    d.drag([200, 100], [200, 200])
    expect(course(d)).toBe('100,100 200,200 300,100')
    d.doubleClick(200, 200)
    expect(course(d)).toBe('100,100 300,100')
    expect(d.board.snapshot(id)?.keys['data']).not.toHaveProperty('via')
  })

  test('what a later version keeps beside the points stays', () => {
    const d = bent()
    const [id = ''] = d.board.ids()
    const map = d.ydoc.getMap('elements').get(id) as Y.Map<unknown>
    map.set('data', { ...(map.get('data') as object), tension: 0.5 })
    d.drag([300, 100], [400, 60])
    d.doubleClick(400, 60)
    expect(map.get('data')).toMatchObject({ tension: 0.5 })
  })
})

describe('as a whole', () => {
  test('it is hit along its course alone, and found by a marquee there', () => {
    const d = bent()
    const [id = ''] = d.board.ids()
    const e = d.board.get(id)
    if (!e) throw new Error('no line')
    const at = (x: number, y: number) => hitElement(e, { x, y }, 4)
    expect([at(200, 101), at(299, 200), at(200, 200), at(100, 300)]).toEqual([true, true, false, false])
    const found = (minX: number, minY: number) =>
      d.editor.scene.inRect({ minX, minY, maxX: minX + 40, maxY: minY + 40 }, 'touching').length
    expect([found(180, 80), found(180, 180)]).toEqual([1, 0])
  })

  test('it is moved, flipped and copied with its points', () => {
    const d = bent()
    d.editor.nudge(10, 20)
    expect(course(d)).toBe('110,120 310,120 310,320')
    const [line] = [...d.board.ids()].flatMap((id) => d.board.get(id) ?? [])
    if (line?.type !== 'line') throw new Error('no line')
    const mirrored = flip([line], 'across', { minX: 110, minY: 120, maxX: 310, maxY: 320 })
    const points = mirrored.flatMap(({ after }) => (after.type === 'line' ? linePoints(after) : []))
    expect(points.map((p) => `${p.x},${p.y}`).join(' ')).toBe('310,120 110,120 110,320')
    d.editor.duplicate()
    expect(course(d)).toBe('110,120 310,120 310,320 | 130,140 330,140 330,340')
  })

  test('two people bend one line, and both hold the same afterwards', () => {
    const a = bent()
    const b = desk()
    exchange(a.ydoc, b.ydoc)
    b.editor.selectAll()
    a.drag([300, 100], [400, 60])
    b.drag([300, 200], [380, 200])
    exchange(a.ydoc, b.ydoc)
    expect(contentOf(a.ydoc)).toEqual(contentOf(b.ydoc))
    expect(course(a)).toBe(course(b))
  })

  test.each([
    ['a word', 'there'],
    ['a point of one number', [[0.5, 0], [1]]],
    ['too many', Array.from({ length: LINE_VIA_MAX + 1 }, () => [0.5, 0.5])],
  ])('a course that is %s is none', (_, via) => {
    const d = desk()
    const id = d.draw('line', [100, 100], [300, 200])
    const map = d.ydoc.getMap('elements').get(id) as Y.Map<unknown>
    map.set('data', { ...(map.get('data') as object), via })
    expect(course(d)).toBe('100,100 300,200')
  })
})
