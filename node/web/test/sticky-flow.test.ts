/** Notes one after the other. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentOf, desk, type Desk } from './desk'

/** A board with one green note of 200 x 200 at 100,100 that says something, selected. */
function started() {
  const d = desk()
  d.editor.setSnapping({ elements: false })
  const first = d.draw('sticky', [200, 200], [200, 200])
  d.editor.setText(first, 'first')
  d.editor.endTextEdit()
  d.editor.setStyle({ fill: 'green' })
  d.editor.select([first])
  return { d, first }
}

const place = (d: Desk, id: string): string => {
  const box = d.board.get(id)?.box
  return box ? `${box.x},${box.y}` : 'gone'
}

/** The one that is being written in. */
const written = (d: Desk): string => d.editor.state.get().editing?.id ?? ''

describe('the next note', () => {
  const ways: [string, (d: Desk) => void, string][] = [
    ['Tab', (d) => void d.key('Tab'), '320,100'],
    ['Enter', (d) => void d.key('Enter'), '100,320'],
    ['Ctrl-Enter', (d) => void d.key('Enter', { mod: true }), '100,320'],
    ['Tab from writing', (d) => (d.key('F2'), d.editor.addNote('beside')), '320,100'],
  ]
  test.each(ways)('by %s, alike and open for writing; one step with what is typed', (_, act, expected) => {
    const { d, first } = started()
    const was = contentOf(d.ydoc)
    act(d)
    const next = written(d)
    expect([next !== first, place(d, next)]).toEqual([true, expected])
    expect(d.board.get(next)).toMatchObject({ type: 'sticky', text: '', style: { fill: 'green' } })
    expect(d.editor.state.get()).toMatchObject({
      selection: [next],
      tool: 'select',
      editing: { isNew: true },
    })
    d.editor.setText(next, 'second')
    d.editor.endTextEdit()
    d.editor.undo()
    expect(contentOf(d.ydoc)).toEqual(was)
  })

  test('Enter writes in a note that says nothing yet, F2 in any', () => {
    const { d, first } = started()
    d.key('F2')
    expect(written(d)).toBe(first)
    d.editor.setText(first, '')
    d.editor.endTextEdit()
    d.key('Enter')
    expect(written(d)).toBe(first)
    expect(d.board.size()).toBe(1)
  })

  test('a row goes on and on', () => {
    const { d } = started()
    const row = [1, 2, 3].map(
      () => (
        d.key('Tab'),
        d.editor.setText(written(d), 'x'),
        d.editor.endTextEdit(),
        d.editor.state.get().selection[0] ?? ''
      ),
    )
    expect(row.map((id) => place(d, id))).toEqual(['320,100', '540,100', '760,100'])
  })

  const obstacles: [string, (d: Desk) => void, string][] = [
    ['a shape', (d) => void d.draw('rectangle', [400, 150], [450, 250]), '470,100'],
    [
      'two in a row',
      (d) => (d.draw('rectangle', [330, 120], [400, 200]), void d.draw('rectangle', [560, 120], [600, 200])),
      '620,100',
    ],
    ['not a line', (d) => void d.draw('line', [330, 120], [400, 200]), '320,100'],
    ['not what the note stands on', (d) => void d.draw('rectangle', [50, 50], [900, 700]), '320,100'],
    ['not what only touches', (d) => void d.draw('rectangle', [520, 100], [600, 200]), '320,100'],
  ]
  test.each(obstacles)('gives way to %s', (_, obstacle, expected) => {
    const { d, first } = started()
    obstacle(d)
    d.editor.select([first])
    d.key('Tab')
    expect(place(d, written(d))).toBe(expected)
  })

  test('is brought into view, and nothing moves while it is in view', () => {
    const { d } = started()
    d.key('Tab')
    expect(d.editor.state.get().camera).toEqual({ x: 0, y: 0, zoom: 1 })
    for (let i = 0; i < 4; i++) d.editor.addNote('beside')
    const box = d.board.get(written(d))?.box
    const right = d.editor.toScreen({ x: (box?.x ?? 0) + 200, y: 0 })
    expect(right.x).toBe(1280 - 88)
  })

  test('of nothing, of something else and of several there is none', () => {
    const { d, first } = started()
    const shape = d.draw('rectangle', [600, 500], [700, 600])
    for (const ids of [[], [shape], [first, shape]]) {
      d.editor.select(ids)
      expect(d.key('Tab')).toBe(false)
    }
    expect(d.board.size()).toBe(2)
    d.editor.select([first])
    d.editor.setReadOnly(true)
    expect(d.key('Tab')).toBe(false)
    expect(d.board.size()).toBe(2)
  })

  test('of a turned note goes along its sides', () => {
    const { d, first } = started()
    d.drag([200, 76], [324, 200])
    d.editor.select([first])
    d.key('Tab')
    expect(d.board.get(written(d))?.box).toMatchObject({ x: 100, y: 320 })
  })
})

describe('a pasted list', () => {
  test('is a note for each line beside the selected one, in one step', () => {
    const { d } = started()
    const was = contentOf(d.ydoc)
    d.editor.pasteText('one\n two \n\nthree\nfour\nfive\n')
    const notes = d.editor.state.get().selection.map((id) => d.board.get(id))
    expect(
      notes.map((e) => e?.type === 'sticky' && `${e.text} ${e.box.x},${e.box.y} ${e.style.fill}`),
    ).toEqual([
      'one 320,100 green',
      'two 540,100 green',
      'three 760,100 green',
      'four 320,320 green',
      'five 540,320 green',
    ])
    d.editor.undo()
    expect(contentOf(d.ydoc)).toEqual(was)
  })

  test('is text without a note, of one line, and when it is very long', () => {
    for (const [text, select] of [
      ['one\ntwo', false],
      ['one', true],
      [Array.from({ length: 201 }, (_, i) => `line ${i}`).join('\n'), true],
    ] as const) {
      const { d, first } = started()
      d.editor.select(select ? [first] : [])
      d.editor.pasteText(text)
      expect([...d.board.ids()].map((id) => d.board.get(id)?.type).sort()).toEqual(['sticky', 'text'])
    }
  })
})

test('whatever stands there, the next note stands on none of it', () => {
  const block = fc.tuple(
    fc.integer({ min: 250, max: 900 }),
    fc.integer({ min: 0, max: 500 }),
    fc.integer({ min: 10, max: 200 }),
  )
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), fc.boolean(), (blocks, beside) => {
      const { d, first } = started()
      for (const [x, y, size] of blocks) d.draw('rectangle', [x, y], [x + size, y + size])
      d.editor.select([first])
      d.editor.addNote(beside ? 'beside' : 'below')
      const made = d.board.get(written(d))
      if (!made) throw new Error('no note')
      for (const id of d.board.ids()) {
        const other = d.board.get(id)
        if (!other || id === made.id || id === first) continue
        const { x, y, w, h } = other.box
        const apart =
          x + w <= made.box.x + 2 || made.box.x + 198 <= x || y + h <= made.box.y + 2 || made.box.y + 198 <= y
        expect(apart).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})
