/** What is longer or more than there is room for: it is split, or it is said what found none. Nothing is lost in silence. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { PARTS_MAX } from '../src/core/copy-edits'
import { createEditor } from '../src/core/editor'
import { frameOf } from '../src/core/elements'
import type { Editor, ToolId } from '../src/core/editor-api'
import type { TextElement } from '../src/core/elements/types'
import { readExcalidraw } from '../src/core/exchange/excalidraw'
import { notesOfGrid } from '../src/core/exchange/grid'
import { rectOfBox, rectsTouch } from '../src/core/geometry/box'
import { ELEMENTS_MAX, TEXT_LENGTH_MAX } from '../src/core/schema.gen'
import { partsOf } from '../src/core/text/parts'
import { fitting } from '../src/core/writing/bounds'
import { pasted, typed, type TextEdit } from '../src/core/writing/rich-edit'
import { isReadable, richFromHtml } from '../src/core/writing/html'
import { openBoardDocument } from '../src/doc/yboard'
import { desk, type Desk } from './desk'

const isWhole = (text: string) =>
  !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)
const texts = (d: Desk) =>
  [...d.board.ids()]
    .map((id) => d.board.get(id))
    .filter((e): e is TextElement => e?.type === 'text')
    .toSorted((a, b) => a.box.x - b.box.x)

describe('a text in parts', () => {
  test.each([
    ['short', 10, ['short']],
    ['one two three', 8, ['one two', 'three']],
    ['one\ntwo three', 9, ['one\ntwo', 'three']],
    ['first line\nsecond', 14, ['first line', 'second']],
    ['a b\n\nc d e', 6, ['a b', 'c d e']],
    ['abcdefghij', 4, ['abcd', 'efgh', 'ij']],
    ['ab😀cd', 3, ['ab', '😀c', 'd']],
    ['', 4, ['']],
  ])('%j', (text, longest, parts) => {
    expect(partsOf(text, longest).map(({ from, to }) => text.slice(from, to))).toEqual(parts)
  })

  test('has every letter, in order, and no part is longer than it may be', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'bc', ' ', '\n', '😀'), maxLength: 200 })
    fc.assert(
      fc.property(letters, fc.integer({ min: 2, max: 40 }), (text, longest) => {
        const parts = partsOf(text, longest).map(({ from, to }) => text.slice(from, to))
        expect(parts.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''))
        for (const part of parts) expect(part.length <= longest && isWhole(part)).toBe(true)
      }),
    )
  })
})

describe('an edit of a text', () => {
  const splice = (at: number, removed: number, inserted: string): TextEdit => ({
    do: 'splice',
    splice: { at, removed, inserted },
  })
  test.each<[string, TextEdit[], number, TextEdit[], number, number | null]>([
    ['fits', [splice(3, 0, 'ab')], 8, [splice(3, 0, 'ab')], 0, null],
    ['fits in part', [splice(3, 0, 'abc')], 8, [splice(3, 0, 'ab')], 1, 5],
    ['has the room of what it replaces', [splice(0, 4, 'abcdef')], 8, [splice(0, 4, 'abcdef')], 0, null],
    ['does not fit at all', [splice(3, 0, 'x')], 10, [], 1, 3],
    ['does not fit into a text that is too long already', [splice(3, 0, 'x')], 12, [], 1, 3],
    ['cuts no letter in two', [splice(0, 0, 'a😀')], 8, [splice(0, 0, 'a')], 2, 1],
    ['ends where the room ends', [splice(0, 2, 'abc'), splice(3, 0, 'de')], 10, [splice(0, 2, 'ab')], 3, 2],
    ['takes away always', [splice(0, 2, '')], 12, [splice(0, 2, '')], 0, null],
  ])('%s', (_, edits, length, kept, left, end) => {
    expect(fitting(edits, length, 10)).toEqual({ edits: kept, left, end })
  })

  test('of a text with formats, what is left is the end of what was pasted', () => {
    const given = { text: 'bold and not', runs: [{ start: 0, end: 4, marks: { bold: true } as const }] }
    const here = { text: 'x'.repeat(5), runs: [] }
    const { edits } = pasted(here, { start: 5, end: 5 }, given)
    const fits = fitting(edits, 5, 12)
    expect(fits.left).toBe(given.text.length - 7)
    expect(fits.end).toBe(12)
    expect(fits.edits.map((edit) => edit.do === 'splice' && edit.splice.inserted)).toEqual(['bold', ' an'])
    expect(fitting(typed(here, { start: 5, end: 5 }, 'y', null).edits, 5, 5).left).toBe(1)
  })
})

describe('what is pasted', () => {
  const paragraph = `${'word '.repeat(199)}end.`
  const long = Array.from({ length: 45 }, (_, i) => `${i} ${paragraph}`).join('\n')

  test('is in several texts side by side when it is longer than one holds, in one step', () => {
    const d = desk()
    expect(d.editor.pasteText(long)).toEqual({ elements: 3, parts: 3, leftOut: 0 })
    const made = texts(d)
    expect(made.map((e) => e.text).join('\n')).toBe(long)
    for (const e of made) expect(e.text.length).toBeLessThanOrEqual(TEXT_LENGTH_MAX)
    const rects = made.map((e) => rectOfBox(frameOf(e)))
    rects.forEach((rect, i) =>
      rects.slice(i + 1).forEach((other) => expect(rectsTouch(rect, other)).toBe(false)),
    )
    expect(d.editor.state.get().selection).toHaveLength(3)
    d.editor.undo()
    expect(d.board.size()).toBe(0)
  })

  test('keeps its formats in every part', () => {
    const d = desk()
    const runs = [{ start: 10, end: long.length - 10, marks: { bold: true } as const }]
    d.editor.pasteText(long, undefined, runs)
    const made = texts(d)
    expect(made.map((e) => e.runs?.length)).toEqual([1, 1, 1])
    expect(made[0]?.runs?.[0]).toMatchObject({ start: 10, end: made[0]?.text.length })
    expect(made[2]?.runs?.[0]).toMatchObject({ start: 0, end: (made[2]?.text.length ?? 0) - 10 })
  })

  test('says how much of a book was left out', () => {
    const d = desk()
    const whole = 'x'.repeat(TEXT_LENGTH_MAX * PARTS_MAX)
    expect(d.editor.pasteText(`${whole}and more`)).toEqual({
      elements: PARTS_MAX,
      parts: PARTS_MAX,
      leftOut: 8,
    })
  })

  test('is no list of notes, and no grid of them, when one of them would be too long', () => {
    const d = desk()
    d.draw('sticky', [200, 200], [200, 200])
    const tooLong = 'x'.repeat(TEXT_LENGTH_MAX + 1)
    expect(d.editor.pasteText(`short\n${tooLong}`)).toMatchObject({ parts: 2, leftOut: 0 })
    expect(texts(d).map((e) => e.text.length)).toEqual([5 + 1 + TEXT_LENGTH_MAX - 6, 7])
    expect(notesOfGrid([['a', tooLong]])).toBe(null)
    expect(notesOfGrid([['a', tooLong.slice(1)]])?.elements).toHaveLength(2)
  })

  test('is as much as the board still holds, and says what is not', () => {
    const source = desk()
    for (const x of [0, 200, 400]) source.draw('rectangle', [x, 0], [x + 100, 100])
    source.editor.selectAll()
    const payload = source.editor.copy()
    if (!payload) throw new Error('nothing copied')
    const board = openBoardDocument(new Y.Doc())
    let made = 0
    const editor = createEditor({
      // As if there were so many already.
      document: { ...board, size: () => ELEMENTS_MAX - 2 },
      now: () => 0,
      newId: () => `el_${(made += 1)}`,
    })
    expect(editor.paste(payload, { x: 0, y: 0 })).toEqual({ elements: 2, parts: 0, leftOut: 1 })
    expect(board.size()).toBe(2)
  })

  describe('on a full board', () => {
    /** One element, and as if there were so many more that `room` are left. */
    function nearlyFull(room: number) {
      const d = desk()
      const id = d.draw('sticky', [0, 0], [0, 0])
      d.editor.endTextEdit()
      const told: number[] = []
      let made = 0
      const editor = createEditor({
        document: { ...d.board, size: () => ELEMENTS_MAX - room - 1 + d.board.size() },
        now: () => 0,
        newId: () => `el_full_${(made += 1)}`,
        onFull: (leftOut) => void told.push(leftOut),
      })
      editor.setViewport(1280, 800)
      editor.select([id])
      return { d, id, editor, told }
    }
    const at = (editor: Editor, kind: 'down' | 'move' | 'up', x: number, y: number) => {
      const rest = { pointerId: 1, device: 'mouse', button: 0, pressure: 0.5, time_ms: 0 } as const
      editor.pointer({ kind, at: { x, y }, shift: false, alt: false, mod: false, ...rest })
    }
    const drawn = (tool: ToolId) => (editor: Editor) => {
      editor.setTool(tool)
      at(editor, 'down', 400, 400)
      at(editor, 'move', 500, 480)
      at(editor, 'up', 500, 480)
    }
    const cases: [string, number, (editor: Editor) => void, number[]][] = [
      ...(['rectangle', 'sticky', 'text', 'pen', 'highlighter', 'line', 'connector', 'frame'] as const).map(
        (tool): [string, number, (editor: Editor) => void, number[]] => [tool, 0, drawn(tool), [1]],
      ),
      ['a shape in the last place', 1, drawn('rectangle'), []],
      ['a copy', 0, (e) => e.duplicate(), [1]],
      ['a copy and its connector', 1, (e) => e.grow('right'), [1]],
      ['a note after a note', 0, (e) => e.addNote('beside'), [1]],
      ['notes of a list', 2, (e) => e.pasteText('one\ntwo\nthree'), [1]],
      ['moving', 0, (e) => e.nudge(1, 1), []],
      ['deleting', 0, (e) => e.deleteSelection(), []],
    ]
    test.each(cases)('%s, with room for %d', (_, room, act, expected) => {
      const { d, editor, told } = nearlyFull(room)
      const before = d.board.size()
      act(editor)
      expect(told).toEqual(expected)
      expect(d.board.size() <= before + room).toBe(true)
      expect(editor.state.get()).toMatchObject({ editing: null, gesture: false })
    })
  })

  test('is not read in part: HTML that is too long gives way to the plain text', () => {
    const html = `<p>${'word '.repeat(500_000)}</p>`
    expect(isReadable(html)).toBe(false)
    expect(richFromHtml(html).text).toBe('')
    expect(richFromHtml('<p>short</p>').text).toBe('short')
  })
})

describe('a drawing from elsewhere', () => {
  const drawing = (elements: unknown[]) =>
    readExcalidraw(JSON.stringify({ type: 'excalidraw', version: 2, elements }))
  const base = { x: 0, y: 0, width: 100, height: 50 }

  test('comes over whole, up to what a board holds, and says what does not', () => {
    const some = drawing(Array.from({ length: 9_000 }, (_, i) => ({ ...base, id: `${i}`, type: 'ellipse' })))
    expect([some?.payload?.elements.length, some?.leftOut]).toEqual([9_000, 0])
    const many = Array.from({ length: ELEMENTS_MAX + 5 }, (_, i) => ({
      ...base,
      id: `${i}`,
      type: 'ellipse',
    }))
    const most = drawing(many)
    expect([most?.payload?.elements.length, most?.leftOut]).toEqual([ELEMENTS_MAX, 5])
  })

  test('says how many of its texts are longer than ours', () => {
    const text = (id: string, length: number) => ({ ...base, id, type: 'text', text: 'x'.repeat(length) })
    const read = drawing([text('a', TEXT_LENGTH_MAX), text('b', TEXT_LENGTH_MAX + 1)])
    expect(read?.shortened).toBe(1)
    const label = { ...text('c', TEXT_LENGTH_MAX + 1), containerId: 'd' }
    expect(drawing([label, { ...base, id: 'd', type: 'rectangle' }])?.shortened).toBe(1)
  })
})
