/** What a gesture comes in line with, and what it shows of that. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ModifierKeys, SnapSettings, ToolId } from '../src/core/editor-api'
import type { Element } from '../src/core/elements/types'
import type { Guide } from '../src/core/snapping/guide'
import { desk, type Desk } from './desk'

type Pair = readonly [number, number]

const boxOf = (e: Element | undefined): string => (e ? `${e.box.x},${e.box.y} ${e.box.w}x${e.box.h}` : 'gone')

const told = (guides: readonly Guide[]): string[] =>
  guides.map(({ is, axis, at, from, to }) => `${is} ${axis}=${at} ${from}..${to}`).sort()

/** A filled block without snapping, so that tests say where things stand. */
function block(d: Desk, x: number, y: number, w: number, h: number): string {
  const { snapping } = d.editor.state.get()
  d.editor.setSnapping({ elements: false, grid: false })
  const id = d.draw('rectangle', [x, y], [x + w, y + h])
  d.editor.setStyle({ fill: 'blue' })
  d.editor.setSnapping(snapping)
  return id
}

/** What is shown just before the pointer is let go, and what is on the board after. */
function drag(d: Desk, id: string, from: Pair, to: Pair, keys: Partial<ModifierKeys> = {}) {
  d.editor.select([id])
  d.press(...from, keys)
  d.moveTo((from[0] + to[0]) / 2, (from[1] + to[1]) / 2, keys)
  d.moveTo(...to, keys)
  const guides = told(d.editor.state.get().guides)
  d.release(...to, keys)
  expect(d.editor.state.get().guides).toEqual([])
  return { box: boxOf(d.board.get(id)), guides }
}

describe('moving', () => {
  /** Others of 100 x 100 at 400,100 and, where said, more; what is moved is 80 x 60 at 100,400, held in its middle. */
  const held: Pair = [140, 430]
  const cases: [string, Pair[], Pair, Partial<ModifierKeys>, string, string[]][] = [
    ['left edges', [[400, 100]], [404, 400], {}, '400,400 80x60', ['line x=400 100..460']],
    ['right edges', [[400, 100]], [424, 400], {}, '420,400 80x60', ['line x=500 100..460']],
    ['middles', [[400, 100]], [413, 400], {}, '410,400 80x60', ['line x=450 100..460']],
    ['an edge to the opposite edge', [[400, 100]], [323, 400], {}, '320,400 80x60', ['line x=400 100..460']],
    [
      'both axes',
      [[400, 100]],
      [397, 143],
      {},
      '400,140 80x60',
      ['line x=400 100..200', 'line y=200 400..500'],
    ],
    ['nothing out of reach', [[400, 100]], [393, 400], {}, '393,400 80x60', []],
    ['nothing with Ctrl held', [[400, 100]], [404, 400], { mod: true }, '404,400 80x60', []],
    [
      'only the axis it moves on',
      [[400, 100]],
      [404, 396],
      { shift: true },
      '400,400 80x60',
      ['line x=400 100..460'],
    ],
    [
      'equal gaps between two',
      [
        [400, 300],
        [600, 300],
      ],
      [512, 313],
      {},
      '510,313 80x60',
      ['gap x=343 500..510', 'gap x=343 590..600'],
    ],
    [
      'the gap beyond the neighbour',
      [
        [400, 300],
        [530, 300],
      ],
      [657, 313],
      {},
      '660,313 80x60',
      ['gap x=343 630..660', 'gap x=350 500..530'],
    ],
    [
      'the gap before, upwards',
      [
        [400, 400],
        [400, 530],
      ],
      [417, 312],
      {},
      '420,310 80x60',
      ['gap y=450 500..530', 'gap y=460 370..400', 'line x=500 310..630'],
    ],
  ]
  test.each(cases)('%s', (_, others, [x, y], keys, box, guides) => {
    const d = desk()
    for (const [ox, oy] of others) block(d, ox, oy, 100, 100)
    const id = block(d, 100, 400, 80, 60)
    const to: Pair = [held[0] + x - 100, held[1] + y - 400]
    expect(drag(d, id, held, to, keys)).toEqual({ box, guides })
    d.editor.undo()
    expect(boxOf(d.board.get(id))).toBe('100,400 80x60')
  })

  test('Ctrl pressed and let go in the middle of a drag counts at once', () => {
    const d = desk()
    block(d, 400, 100, 100, 100)
    const id = block(d, 100, 400, 80, 60)
    d.editor.select([id])
    d.press(140, 430)
    d.moveTo(444, 430)
    const left = () => d.told.at(-1)?.boxes?.[0]?.[1].x
    expect(left()).toBe(400)
    d.key('Control', { mod: true })
    expect(left()).toBe(404)
    d.editor.key({
      kind: 'up',
      key: 'Control',
      code: '',
      repeat: false,
      shift: false,
      alt: false,
      mod: false,
    })
    expect(left()).toBe(400)
    d.release(444, 430)
  })

  test('what is out of view is nothing to be in line with', () => {
    const d = desk()
    block(d, 400, -300, 100, 100)
    const id = block(d, 100, 400, 80, 60)
    expect(drag(d, id, held, [444, 430])).toEqual({ box: '404,400 80x60', guides: [] })
  })

  test('a copy snaps to its original', () => {
    const d = desk()
    const id = block(d, 100, 400, 80, 60)
    d.drag([140, 430], [143, 600], { alt: true })
    const copy = [...d.board.ids()].find((one) => one !== id) ?? ''
    expect(boxOf(d.board.get(copy))).toBe('100,570 80x60')
  })

  test('several move as one', () => {
    const d = desk()
    block(d, 400, 100, 100, 100)
    const a = block(d, 100, 400, 80, 60)
    const b = block(d, 200, 420, 80, 60)
    d.editor.select([a, b])
    d.drag([140, 430], [443, 480])
    expect([a, b].map((id) => boxOf(d.board.get(id)))).toEqual(['400,450 80x60', '500,470 80x60'])
  })
})

describe('resizing', () => {
  /** Others at 500,100 and 100,500, both 100 x 100; what is resized is 200 x 100 at 200,200. */
  const cases: [string, Pair, Pair, Partial<ModifierKeys>, string, string[]][] = [
    ['a side', [400, 250], [497, 250], {}, '200,200 300x100', ['line x=500 100..300']],
    [
      'a corner',
      [400, 300],
      [496, 504],
      {},
      '200,200 300x300',
      ['line x=500 100..500', 'line y=500 100..500'],
    ],
    ['a side on the left', [200, 250], [104, 250], {}, '100,200 300x100', ['line x=100 200..600']],
    ['in proportion', [400, 300], [604, 390], { shift: true }, '200,200 400x200', ['line x=600 100..400']],
    ['from the centre', [400, 250], [497, 250], { alt: true }, '100,200 400x100', ['line x=500 100..300']],
    ['nothing with Ctrl held', [400, 250], [497, 250], { mod: true }, '200,200 297x100', []],
  ]
  test.each(cases)('%s', (_, from, to, keys, box, guides) => {
    const d = desk()
    block(d, 500, 100, 100, 100)
    block(d, 100, 500, 100, 100)
    const id = block(d, 200, 200, 200, 100)
    expect(drag(d, id, from, to, keys)).toEqual({ box, guides })
    d.editor.undo()
    expect(boxOf(d.board.get(id))).toBe('200,200 200x100')
  })

  test('a slanted frame snaps to nothing', () => {
    const d = desk()
    block(d, 500, 100, 100, 100)
    const id = block(d, 200, 200, 200, 100)
    d.editor.select([id])
    d.drag([300, 176], [340, 190])
    const { w } = d.board.get(id)?.box ?? { w: 0 }
    const grip = d.editor.selectionBox()
    if (!grip) throw new Error('nothing selected')
    const cos = Math.cos(grip.angle)
    const sin = Math.sin(grip.angle)
    const at: Pair = [300 + 100 * cos, 250 + 100 * sin]
    const { guides } = drag(d, id, at, [at[0] + 3 * cos, at[1] + 3 * sin])
    expect(guides).toEqual([])
    expect(d.board.get(id)?.box.w).toBeCloseTo(w + 3, 1)
  })
})

describe('drawing', () => {
  const cases: [ToolId, Pair, Pair, Partial<ModifierKeys>, string][] = [
    ['rectangle', [403, 300], [497, 400], {}, '400,300 100x100'],
    ['rectangle', [403, 300], [497, 400], { mod: true }, '403,300 94x100'],
    ['ellipse', [300, 296], [405, 350], {}, '300,296 100x54'],
    ['ellipse', [300, 300], [404, 310], { shift: true }, '300,300 100x100'],
    ['line', [403, 204], [603, 350], {}, '400,200 203x150'],
    ['sticky', [503, 403], [503, 403], {}, '400,303 200x200'],
  ]
  test.each(cases)('%s from %j to %j with %j', (tool, from, to, keys, expected) => {
    const d = desk()
    block(d, 400, 100, 100, 100)
    const before = new Set(d.board.ids())
    d.editor.setTool(tool)
    d.drag(from, to, keys)
    const [id] = [...d.board.ids()].filter((one) => !before.has(one))
    expect(boxOf(d.board.get(id ?? ''))).toBe(expected)
  })

  test('the end of a line that is dragged later', () => {
    const d = desk()
    block(d, 400, 100, 100, 100)
    const id = d.draw('line', [100, 300], [200, 350])
    d.drag([200, 350], [397, 103])
    expect(boxOf(d.board.get(id))).toBe('100,100 300x200')
  })
})

describe('the grid', () => {
  const cases: [number, SnapSettings, Pair, string][] = [
    [1, { elements: false, grid: true }, [30, 41], '120,432 80x60'],
    // Halved where twice as many dots are seen.
    [2, { elements: false, grid: true }, [29, 41], '132,444 80x60'],
    [1, { elements: false, grid: false }, [30, 41], '130,441 80x60'],
    [1, { elements: true, grid: true }, [303, 41], '400,432 80x60'],
  ]
  test.each(cases)('at a zoom of %j with %j by %j', (zoom, snapping, [dx, dy], expected) => {
    const d = desk()
    block(d, 400, 100, 100, 100)
    const id = block(d, 100, 400, 80, 60)
    d.editor.setSnapping(snapping)
    d.editor.zoomTo(zoom, { x: 0, y: 400 })
    d.editor.select([id])
    const from = d.editor.toScreen({ x: 140, y: 430 })
    d.drag([from.x, from.y], [from.x + dx * zoom, from.y + dy * zoom])
    expect(boxOf(d.board.get(id))).toBe(expected)
  })

  test('keys switch both', () => {
    const d = desk()
    d.key("'", { mod: true, code: 'Quote' })
    d.key('"', { mod: true, shift: true, code: 'Quote' })
    expect(d.editor.state.get().snapping).toEqual({ elements: false, grid: true })
  })
})

test('whatever is dragged comes at most the reach away from where the hand is, and its guides are true', () => {
  const place = fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 600 }))
  fc.assert(
    fc.property(fc.array(place, { maxLength: 6 }), place, (others, [x, y]) => {
      const d = desk()
      for (const [ox, oy] of others) block(d, ox, oy, 100, 100)
      const id = block(d, 1000, 650, 90, 70)
      d.editor.select([id])
      d.press(1045, 685)
      d.moveTo(x + 45, y + 35)
      const shown = d.editor.scene.get(id)?.element.box
      if (!shown) throw new Error('gone')
      expect(Math.max(Math.abs(shown.x - x), Math.abs(shown.y - y))).toBeLessThanOrEqual(6)
      for (const { is, axis, at } of d.editor.state.get().guides) {
        if (is === 'gap') continue
        const [low, size] = axis === 'x' ? [shown.x, shown.w] : [shown.y, shown.h]
        const near = [low, low + size / 2, low + size].map((value) => Math.abs(value - at))
        expect(Math.min(...near)).toBeLessThan(0.02)
      }
      d.release(x + 45, y + 35)
    }),
    { numRuns: 60 },
  )
})
