/** Aligning, distributing, tidying up and mirroring: what stands where afterwards. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Alignment, Direction } from '../src/core/align'
import type { Editor } from '../src/core/editor-api'
import type { ShapeKind } from '../src/core/elements/types'
import { unpackInk } from '../src/core/elements/ink'
import { lineEnds } from '../src/core/elements/line'
import type { Mirror } from '../src/core/mirror'
import { cornersOf } from '../src/core/geometry/box'
import { contentOf, desk, type Desk } from './desk'

/** Blocks of these places and sizes, all selected. */
function blocks(...boxes: readonly (readonly [number, number, number, number])[]) {
  const d = desk()
  d.editor.setSnapping({ elements: false })
  const ids = boxes.map(([x, y, w, h]) => d.draw('rectangle', [x, y], [x + w, y + h]))
  d.editor.select(ids)
  const places = () => ids.map((id) => `${d.board.get(id)?.box.x},${d.board.get(id)?.box.y}`).join(' ')
  return { d, ids, places }
}

const THREE = [
  [100, 100, 100, 100],
  [250, 160, 50, 80],
  [500, 120, 200, 40],
] as const

describe('align', () => {
  const cases: [Alignment, string, string][] = [
    ['left', 'KeyA', '100,100 100,160 100,120'],
    ['center', 'KeyH', '350,100 375,160 300,120'],
    ['right', 'KeyD', '600,100 650,160 500,120'],
    ['top', 'KeyW', '100,100 250,100 500,100'],
    ['middle', 'KeyV', '100,120 250,130 500,150'],
    ['bottom', 'KeyS', '100,140 250,160 500,200'],
  ]
  test.each(cases)('%s, by its verb and by Alt and %s', (how, code, expected) => {
    for (const act of [(e: Desk) => e.editor.align(how), (e: Desk) => e.key('', { alt: true, code })]) {
      const { d, places } = blocks(...THREE)
      act(d)
      expect(places()).toBe(expected)
      d.editor.undo()
      expect(places()).toBe('100,100 250,160 500,120')
    }
  })

  test('a turned element counts with the upright rectangle around it', () => {
    const { d, ids } = blocks([100, 100, 200, 100], [400, 300, 100, 100])
    const [turned = '', other = ''] = ids
    d.editor.select([turned])
    d.drag([200, 76], [274, 150])
    // Standing upright now, 100 wide and 200 high about the same middle.
    d.editor.select(ids)
    d.editor.align('left')
    expect(d.board.get(other)?.box.x).toBe(150)
    expect(d.board.get(turned)?.box).toMatchObject({ x: 100, y: 100 })
  })

  test('locked elements stay and do not count', () => {
    const { d, ids, places } = blocks(...THREE)
    const [first = ''] = ids
    d.board.apply([{ do: 'setStyle', id: first, patch: { locked: true } }])
    d.editor.align('left')
    expect(places()).toBe('100,100 250,160 250,120')
  })
})

describe('distribute', () => {
  const cases: [Direction, string, string][] = [
    ['across', 'KeyH', '100,100 325,160 500,120'],
    // In the order of their middles; they overlap by 50 each.
    ['down', 'KeyV', '100,110 250,160 500,120'],
  ]
  test.each(cases)('%s, by its key', (_, code, expected) => {
    const { d, places } = blocks(...THREE)
    d.key('', { alt: true, shift: true, code })
    expect(places()).toBe(expected)
    d.editor.undo()
    expect(places()).toBe('100,100 250,160 500,120')
  })

  test('down, also where there is too little room', () => {
    const { d, places } = blocks([0, 0, 10, 100], [0, 10, 10, 100], [0, 150, 10, 100])
    d.editor.distribute('down')
    expect(places()).toBe('0,0 0,75 0,150')
    const tight = blocks([0, 0, 10, 100], [0, 10, 10, 100], [0, 80, 10, 100])
    tight.d.editor.distribute('down')
    expect(tight.places()).toBe('0,0 0,40 0,80')
  })

  test('two have nothing between them', () => {
    const { d, places } = blocks([0, 0, 10, 10], [100, 100, 10, 10])
    const was = contentOf(d.ydoc)
    d.editor.distribute('across')
    expect(contentOf(d.ydoc)).toEqual(was)
    expect(places()).toBe('0,0 100,100')
  })
})

describe('tidy up', () => {
  const cases: [string, readonly (readonly [number, number, number, number])[], string][] = [
    [
      'a row',
      [
        [0, 0, 100, 100],
        [130, 20, 100, 100],
        [300, 10, 100, 100],
      ],
      '0,0 170,0 340,0',
    ],
    [
      'a column',
      [
        [0, 0, 100, 100],
        [20, 130, 100, 100],
        [10, 300, 100, 100],
      ],
      '0,0 0,170 0,340',
    ],
    [
      'rows and columns',
      [
        [0, 0, 100, 100],
        [140, 10, 50, 50],
        [10, 130, 60, 60],
        [150, 140, 100, 100],
      ],
      '0,0 140,0 0,140 140,140',
    ],
    [
      'a pile',
      [
        [0, 0, 100, 100],
        [10, 10, 100, 100],
      ],
      '0,0 120,0',
    ],
  ]
  test.each(cases)('%s', (_, boxes, expected) => {
    const { d, places } = blocks(...boxes)
    const before = places()
    d.key('', { alt: true, shift: true, code: 'KeyT' })
    expect(places()).toBe(expected)
    d.editor.undo()
    expect(places()).toBe(before)
  })

  const anyBlock = fc.tuple(
    fc.integer({ min: 0, max: 600 }),
    fc.integer({ min: 0, max: 400 }),
    fc.integer({ min: 10, max: 120 }),
    fc.integer({ min: 10, max: 120 }),
  )
  test('whatever it was, nothing overlaps afterwards', () => {
    fc.assert(
      fc.property(fc.array(anyBlock, { minLength: 2, maxLength: 9 }), (boxes) => {
        const { d, ids } = blocks(...boxes)
        d.editor.tidy()
        const after = ids.flatMap((id) => d.board.get(id)?.box ?? [])
        for (const [i, a] of after.entries()) {
          for (const b of after.slice(i + 1)) {
            const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
            expect(apart).toBe(true)
          }
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('flip', () => {
  test('places are mirrored about the middle of all', () => {
    const { d, places } = blocks(...THREE)
    d.key('H', { shift: true })
    expect(places()).toBe('600,100 500,160 100,120')
    d.key('V', { shift: true })
    expect(places()).toBe('600,140 500,100 100,180')
  })

  test('a slant leans the other way', () => {
    const { d, ids } = blocks([100, 100, 200, 100])
    d.drag([200, 76], [230, 80])
    const [id = ''] = ids
    const before = d.board.get(id)?.box
    if (!before) throw new Error('gone')
    d.editor.flip('across')
    const after = d.board.get(id)?.box
    expect(after).toEqual({ ...before, angle: -before.angle })
    // Mirrored corner by corner.
    const xs = cornersOf(before)
      .map((p) => Math.round((400 - p.x) * 10))
      .sort()
    expect(
      cornersOf(after ?? before)
        .map((p) => Math.round(p.x * 10))
        .sort(),
    ).toEqual(xs)
  })

  const kinds: [ShapeKind, Mirror, ShapeKind][] = [
    ['arrow_right', 'across', 'arrow_left'],
    ['arrow_right', 'down', 'arrow_right'],
    ['arrow_up', 'down', 'arrow_down'],
    ['brace_left', 'across', 'brace_right'],
    ['star', 'across', 'star'],
  ]
  test.each(kinds)('%s %s becomes %s', (kind, mirror, expected) => {
    const d = desk()
    const id = d.draw(kind, [100, 100], [200, 200])
    const was = contentOf(d.ydoc)
    d.editor.flip(mirror)
    expect(d.board.get(id)).toMatchObject({ type: 'shape', kind: expected })
    if (kind !== expected) d.editor.undo()
    expect(contentOf(d.ydoc)).toEqual(was)
  })

  const ends = (d: Desk, id: string) => {
    const e = d.board.get(id)
    return e?.type === 'line'
      ? lineEnds(e)
          .map((p) => `${Math.round(p.x)},${Math.round(p.y)}`)
          .join(' ')
      : ''
  }
  const lines: [Mirror, string][] = [
    ['across', '300,100 100,200'],
    ['down', '100,200 300,100'],
  ]
  test.each(lines)('a line %s', (mirror, expected) => {
    const d = desk()
    const id = d.draw('line', [100, 100], [300, 200])
    d.editor.flip(mirror)
    expect(ends(d, id)).toBe(expected)
    d.editor.undo()
    expect(ends(d, id)).toBe('100,100 300,200')
  })

  const strokes: [Mirror, (x: number, y: number, w: number, h: number) => [number, number]][] = [
    ['across', (x, y, w) => [w - x, y]],
    ['down', (x, y, _, h) => [x, h - y]],
  ]
  test.each(strokes)('a stroke %s', (mirror, mirrored) => {
    const d = desk()
    const id = d.draw('pen', [100, 100], [300, 160])
    d.editor.select([id])
    const pointsOf = () => {
      const e = d.board.get(id)
      const ink = e?.type === 'pen' ? unpackInk(e.data) : undefined
      if (!ink) throw new Error('no stroke')
      return Array.from(
        { length: ink.points.length / 2 },
        (_, i) => [ink.points[2 * i] ?? 0, ink.points[2 * i + 1] ?? 0, ink.w0, ink.h0] as const,
      )
    }
    const before = pointsOf()
    d.editor.flip(mirror)
    for (const [i, [x, y]] of pointsOf().entries()) {
      const [wx, wy] = mirrored(...(before[i] ?? [0, 0, 0, 0]))
      expect(Math.abs(x - wx) + Math.abs(y - wy)).toBeLessThan(0.3)
    }
  })

  test('twice is as it was, whatever it is', () => {
    const draws = fc.constantFrom('rectangle', 'ellipse', 'sticky', 'line', 'pen', 'highlighter')
    const place = fc.tuple(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 500 }))
    fc.assert(
      fc.property(fc.array(fc.tuple(draws, place, place), { minLength: 1, maxLength: 5 }), (drawn) => {
        const d = desk()
        for (const [tool, from, to] of drawn) {
          d.editor.setTool(tool as 'rectangle')
          d.drag(from, to)
          d.editor.endTextEdit()
        }
        d.editor.selectAll()
        const shown = () => [...d.board.ids()].map((id) => d.board.get(id)?.box)
        const was = shown()
        for (const mirror of ['across', 'across', 'down', 'down'] as const) d.editor.flip(mirror)
        for (const [i, box] of shown().entries()) {
          expect(box?.x).toBeCloseTo(was[i]?.x ?? 0, 1)
          expect(box?.y).toBeCloseTo(was[i]?.y ?? 0, 1)
          expect(box?.angle).toBeCloseTo(was[i]?.angle ?? 0, 5)
        }
      }),
      { numRuns: 40 },
    )
  })
})

test('someone who may only look changes nothing', () => {
  const { d, places } = blocks(...THREE)
  d.editor.setReadOnly(true)
  const verbs: ((e: Editor) => void)[] = [
    (e) => e.align('left'),
    (e) => e.distribute('across'),
    (e) => e.tidy(),
    (e) => e.flip('across'),
  ]
  for (const act of verbs) act(d.editor)
  expect(places()).toBe('100,100 250,160 500,120')
})
