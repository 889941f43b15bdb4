/** What a letter does: it is written in the one text, note or shape that is selected, or takes up a tool. */
import { describe, expect, test } from 'vitest'
import type { ModifierKeys } from '../src/core/editor-api'
import { desk, type Desk } from './desk'

type Keys = Partial<ModifierKeys & { code: string }>

/** A browser types what the editor left to it. */
function typed(d: Desk, key: string, keys?: Keys): string {
  const taken = d.key(key, keys)
  const { editing, tool } = d.editor.state.get()
  if (editing !== null) return taken ? 'writes, and the letter is lost' : 'writes'
  return taken ? tool : `nothing, ${tool}`
}

const rectangle = (d: Desk) => d.draw('rectangle', [100, 100], [300, 200])

describe('with a shape that was just drawn', () => {
  const cases: [string, Keys, string][] = [
    ['r', {}, 'writes'],
    ['H', { shift: true }, 'writes'],
    ['q', {}, 'writes'],
    ['1', {}, 'writes'],
    ['é', {}, 'writes'],
    ['ж', { code: 'KeyD' }, 'writes'],
    ['日', {}, 'writes'],
    ['-', {}, 'writes'],
    ['(', { shift: true }, 'writes'],
    ['Enter', {}, 'writes, and the letter is lost'],
    ['F2', {}, 'writes, and the letter is lost'],
    [' ', {}, 'select'],
    ['[', {}, 'select'],
    ['}', { shift: true }, 'select'],
    ['?', { shift: true }, 'select'],
    ['ArrowLeft', {}, 'select'],
    ['ArrowLeft', { shift: true }, 'select'],
    ['Delete', {}, 'select'],
    ['Escape', {}, 'select'],
    ['Process', { code: 'KeyN' }, 'nothing, select'],
    ['Dead', {}, 'nothing, select'],
    ['d', { mod: true }, 'select'],
    ['å', { alt: true, code: 'KeyA' }, 'select'],
  ]
  test.each(cases)('%s with %j: %s', (key, keys, expected) => {
    const d = desk()
    rectangle(d)
    expect(typed(d, key, keys)).toBe(expected)
  })
})

describe('letters are shortcuts', () => {
  const cases: [string, (d: Desk) => void][] = [
    ['with nothing selected', () => undefined],
    ['after Escape', (d) => (rectangle(d), d.key('Escape'))],
    ['after Escape out of writing, once', (d) => (d.editor.startTextEdit(rectangle(d)), d.key('Escape'))],
    [
      'with two selected',
      (d) => (rectangle(d), d.draw('ellipse', [400, 100], [500, 200]), d.editor.selectAll()),
    ],
    ['with a line', (d) => d.draw('line', [100, 100], [300, 200])],
    ['with a connector', (d) => d.draw('connector', [100, 100], [300, 200])],
    ['with a stroke', (d) => d.editor.select([d.draw('pen', [100, 100], [300, 200])])],
    ['with a frame', (d) => d.draw('frame', [100, 100], [300, 200])],
    ['with a locked shape', (d) => (rectangle(d), d.editor.toggleLock())],
    [
      'while Q keeps the tool',
      (d) => {
        d.editor.setKeepsTool(true)
        rectangle(d)
      },
    ],
  ]
  test.each(cases)('%s', (_, arrange) => {
    const d = desk()
    arrange(d)
    expect(typed(d, 'o')).toBe('ellipse')
  })
})

test('what was left by Escape is written in again once it is clicked', () => {
  const d = desk()
  const id = rectangle(d)
  d.editor.setText(id, 'one')
  d.editor.startTextEdit(id)
  d.key('Escape')
  expect(d.editor.writesInto()).toBeNull()
  d.click(150, 100)
  expect(d.editor.writesInto()).toBe(id)
  expect(typed(d, 'x')).toBe('writes')
})

test('a board that may only be read takes no letters', () => {
  const d = desk()
  const id = rectangle(d)
  d.editor.setReadOnly(true)
  d.editor.select([id])
  expect(d.editor.writesInto()).toBeNull()
})

test('a letter in the middle of a drag means nothing', () => {
  const d = desk()
  rectangle(d)
  d.press(200, 100)
  d.moveTo(250, 150)
  expect(typed(d, 'o')).toBe('select')
  d.release(250, 150)
})

test('a copy made with the point beside a shape is open for writing, and one undo takes both away', () => {
  const d = desk()
  const id = rectangle(d)
  d.click(322, 150)
  const { selection, editing } = d.editor.state.get()
  expect(editing).toEqual({ id: selection[0], isNew: true })
  expect(selection).not.toContain(id)
  d.editor.setText(selection[0] ?? '', 'next')
  d.editor.endTextEdit()
  d.editor.undo()
  expect([...d.board.ids()]).toEqual([id])
})

test('by keys a copy is selected, so that the next can follow, and letters are written in it', () => {
  const d = desk()
  rectangle(d)
  d.key('ArrowRight', { mod: true })
  const [first] = d.editor.state.get().selection
  expect(d.editor.state.get().editing).toBeNull()
  d.key('ArrowRight', { mod: true })
  const [second] = d.editor.state.get().selection
  expect(second).not.toBe(first)
  expect(d.editor.writesInto()).toBe(second)
})
