/** The eraser and the laser. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ModifierKeys, PointerInput } from '../src/core/editor-api'
import { contentOf, desk, type Desk } from './desk'

type Pair = readonly [number, number]

/** Three filled blocks of 100 x 100 in a row, and the eraser in hand. */
function row() {
  const d = desk()
  d.editor.setSnapping({ elements: false })
  const ids = [100, 300, 500].map((x) => {
    const id = d.draw('rectangle', [x, 100], [x + 100, 200])
    d.editor.setStyle({ fill: 'blue', opacity: 0.5 })
    return id
  })
  d.key('Escape')
  d.key('e')
  const left = () => ids.map((id, i) => (d.board.get(id) ? 'abc'[i] : '')).join('')
  const faint = () =>
    ids.map((id, i) => ((d.editor.scene.get(id)?.element.style.opacity ?? 1) < 0.2 ? 'abc'[i] : '')).join('')
  return { d, ids, left, faint }
}

describe('the eraser', () => {
  const cases: [string, (d: Desk) => void, string][] = [
    ['a click takes what is on top', (d) => d.click(150, 150), 'bc'],
    ['a click beside takes nothing', (d) => d.click(250, 150), 'abc'],
    ['a drag takes all it crosses, however fast', (d) => d.drag([50, 150], [450, 150]), 'c'],
    ['a drag past them takes nothing', (d) => d.drag([50, 250], [700, 250]), 'abc'],
    [
      'Escape leaves all',
      (d) => (d.press(50, 150), d.moveTo(700, 150), d.key('Escape'), d.release(700, 150)),
      'abc',
    ],
  ]
  test.each(cases)('%s', (_, act, expected) => {
    const { d, left } = row()
    const was = contentOf(d.ydoc)
    act(d)
    expect(left()).toBe(expected)
    expect(d.editor.state.get().tool).toBe('eraser')
    if (expected === 'abc') return expect(contentOf(d.ydoc)).toEqual(was)
    d.editor.undo()
    expect(contentOf(d.ydoc)).toEqual(was)
  })

  test('what is about to go is faint, here and for the others, and Alt lets it stay', () => {
    const { d, ids, left, faint } = row()
    d.press(50, 150)
    d.moveTo(650, 150)
    expect([faint(), left()]).toEqual(['abc', 'abc'])
    expect(d.told.at(-1)?.drafts?.map((e) => [e.id, e.style.opacity])).toEqual(ids.map((id) => [id, 0.1]))
    const alt: Partial<ModifierKeys> = { alt: true }
    d.moveTo(350, 150, alt)
    expect(faint()).toBe('a')
    d.release(350, 150, alt)
    expect([faint(), left()]).toEqual(['', 'bc'])
  })

  test('nothing new is told while nothing else is crossed', () => {
    const { d } = row()
    d.press(150, 150)
    const told = d.told.length
    for (let x = 151; x < 190; x++) d.moveTo(x, 150)
    expect(d.told.length).toBe(told)
  })

  test('locked elements stay, and what lies beneath them goes', () => {
    const { d, ids, left } = row()
    const cover = d.draw('rectangle', [80, 80], [620, 220])
    d.editor.setStyle({ fill: 'red' })
    d.editor.toggleLock()
    d.editor.setTool('eraser')
    d.drag([50, 150], [450, 150])
    expect([left(), d.board.get(cover) !== undefined, ids.length]).toEqual(['c', true, 3])
  })

  test('only the outline of what is hollow counts, and only the line of a line', () => {
    const d = desk()
    const hollow = d.draw('rectangle', [100, 100], [300, 300])
    const line = d.draw('line', [400, 100], [600, 300])
    d.editor.setTool('eraser')
    d.drag([150, 150], [250, 250])
    d.drag([420, 280], [450, 250])
    expect([d.board.get(hollow), d.board.get(line)].every((e) => e !== undefined)).toBe(true)
    d.drag([50, 200], [550, 200])
    expect(d.board.size()).toBe(0)
  })

  test('a finger erases, and a second finger takes that back', () => {
    const { d, left } = row()
    const touch = (kind: PointerInput['kind'], pointerId: number, x: number) =>
      d.editor.pointer({
        kind,
        pointerId,
        device: 'touch',
        button: 0,
        at: { x, y: 150 },
        pressure: 0.5,
        time_ms: 0,
        shift: false,
        alt: false,
        mod: false,
      })
    touch('down', 1, 150)
    touch('move', 1, 350)
    touch('down', 2, 700)
    touch('up', 1, 350)
    touch('up', 2, 700)
    expect(left()).toBe('abc')
    touch('down', 1, 150)
    touch('move', 1, 350)
    touch('up', 1, 350)
    expect(left()).toBe('c')
  })

  test('is not for someone who may only look', () => {
    const { d } = row()
    d.editor.setReadOnly(true)
    expect(d.editor.state.get().tool).toBe('select')
    d.key('Escape')
    d.key('e')
    expect(d.editor.state.get().tool).toBe('select')
  })

  const place: fc.Arbitrary<Pair> = fc.tuple(
    fc.integer({ min: 0, max: 700 }),
    fc.integer({ min: 50, max: 250 }),
  )
  test('wherever it goes, one undo brings all back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.boolean()), { minLength: 1, maxLength: 8 }), (way) => {
        const { d } = row()
        const was = contentOf(d.ydoc)
        d.press(50, 20)
        for (const [[x, y], alt] of way) d.moveTo(x, y, { alt })
        const [x, y] = way.at(-1)?.[0] ?? [0, 0]
        d.release(x, y)
        if (JSON.stringify(contentOf(d.ydoc)) === JSON.stringify(was)) return
        d.editor.undo()
        expect(contentOf(d.ydoc)).toEqual(was)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the laser', () => {
  const shown = (d: Desk) => d.told.at(-1)?.drafts?.[0]

  test('is seen while it shines and a little longer, and is never on the board', () => {
    const d = desk()
    const was = contentOf(d.ydoc)
    d.key('k')
    d.press(100, 100)
    d.moveTo(200, 150)
    d.moveTo(300, 100)
    expect(shown(d)).toMatchObject({ type: 'pen', box: { x: 100, y: 100, w: 200 } })
    d.release(300, 100)
    expect(d.editor.state.get()).toMatchObject({ fades: true, gesture: false })
    d.wait(500)
    d.editor.tick()
    expect(shown(d)).toBeDefined()
    d.wait(500)
    d.editor.tick()
    expect(d.told.at(-1)).toBeNull()
    expect(d.editor.state.get().fades).toBe(false)
    expect(contentOf(d.ydoc)).toEqual(was)
    expect(d.editor.state.get().canUndo).toBe(false)
  })

  test('its tail goes first, and its tip stays while it is held', () => {
    const d = desk()
    d.editor.setTool('laser')
    d.press(100, 100)
    d.wait(600)
    d.moveTo(300, 100)
    d.wait(600)
    d.editor.tick()
    expect(shown(d)?.box).toMatchObject({ x: 300, w: 0 })
    d.wait(5000)
    d.editor.tick()
    expect(shown(d)?.box).toMatchObject({ x: 300, w: 0 })
    d.key('Escape')
    expect(d.told.at(-1)).toBeNull()
  })

  test('another tool ends it', () => {
    const d = desk()
    d.editor.setTool('laser')
    d.drag([100, 100], [200, 200])
    d.editor.setTool('select')
    expect(d.told.at(-1)).toBeNull()
    expect(d.editor.state.get().fades).toBe(false)
  })

  test('is for someone who may only look, too', () => {
    const d = desk()
    d.editor.setReadOnly(true)
    d.key('k')
    d.press(100, 100)
    d.moveTo(200, 200)
    expect(shown(d)).toBeDefined()
  })
})
