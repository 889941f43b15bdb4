/** Locking, carrying styles over, and the ends of lines. */
import { describe, expect, test } from 'vitest'
import type { Element } from '../src/core/elements/types'
import { contentOf, desk, type Desk } from './desk'

function two() {
  const d = desk()
  d.editor.setSnapping({ elements: false })
  const a = d.draw('rectangle', [100, 100], [200, 200])
  d.editor.setStyle({ fill: 'blue' })
  const b = d.draw('sticky', [500, 200], [500, 200])
  d.editor.endTextEdit()
  return { d, a, b }
}

describe('locking', () => {
  test('is one step, by Ctrl-Shift-L, and its undo another', () => {
    const { d, a, b } = two()
    d.editor.select([a, b])
    const lock = () => d.key('L', { mod: true, shift: true })
    const locked = () => [a, b].map((id) => d.board.get(id)?.style.locked)
    lock()
    expect(locked()).toEqual([true, true])
    expect(d.editor.styleSummary().locked).toBe('all')
    d.editor.undo()
    expect(locked()).toEqual([false, false])
    d.editor.redo()
    lock()
    expect(locked()).toEqual([false, false])
  })

  test('of some that are locked already locks the rest', () => {
    const { d, a, b } = two()
    d.editor.select([a])
    d.editor.toggleLock()
    d.editor.select([a, b])
    expect(d.editor.styleSummary().locked).toBe('some')
    d.editor.toggleLock()
    expect(d.board.get(b)?.style.locked).toBe(true)
  })

  /** What a person might do to the locked one, which is selected. */
  const deeds: [string, (d: Desk) => void][] = [
    ['a drag', (d) => d.drag([150, 150], [300, 300])],
    ['a drag of its corner', (d) => d.drag([200, 200], [300, 300])],
    ['a turn', (d) => d.drag([150, 76], [300, 150])],
    ['an arrow', (d) => void d.key('ArrowLeft')],
    ['Delete', (d) => void d.key('Delete')],
    ['a style', (d) => d.editor.setStyle({ fill: 'red' })],
    ['an alignment', (d) => d.editor.align('left')],
    ['a flip', (d) => d.editor.flip('across')],
    ['another order', (d) => d.editor.bringToFront()],
    ['Enter', (d) => void d.key('Enter')],
    ['a double click', (d) => d.doubleClick(150, 150)],
  ]
  test.each(deeds)('%s leaves it as it is', (_, act) => {
    const { d, a } = two()
    d.editor.select([a])
    d.editor.toggleLock()
    const was = contentOf(d.ydoc)
    act(d)
    d.editor.endTextEdit()
    if (d.board.size() === 2) expect(contentOf(d.ydoc)).toEqual(was)
    expect(d.board.get(a)?.box).toMatchObject({ x: 100, y: 100, w: 100, h: 100, angle: 0 })
  })

  test('the ends of a locked line cannot be dragged', () => {
    const d = desk()
    const id = d.draw('line', [100, 100], [200, 200])
    d.editor.toggleLock()
    const was = contentOf(d.ydoc)
    d.drag([200, 200], [400, 300])
    expect(contentOf(d.ydoc)).toEqual(was)
    expect(d.board.get(id)?.style.locked).toBe(true)
  })

  test('only the menu selects what is locked', () => {
    const { d, a } = two()
    d.editor.select([a])
    d.editor.toggleLock()
    d.click(700, 500)
    d.click(150, 150)
    expect(d.editor.state.get().selection).toEqual([])
    d.drag([50, 50], [250, 250])
    expect(d.editor.state.get().selection).toEqual([])
    d.editor.selectForMenu({ x: 150, y: 150 })
    expect(d.editor.state.get().selection).toEqual([a])
    d.editor.toggleLock()
    expect(d.board.get(a)?.style.locked).toBe(false)
  })

  test('the menu beside the selection is that of the board, and inside its frame that of the selection', () => {
    const { d, a, b } = two()
    d.editor.select([a, b])
    const frame = d.editor.selectionBox()
    if (!frame) throw new Error('nothing selected')
    d.editor.selectForMenu({ x: frame.x + frame.w / 2, y: frame.y + frame.h / 2 })
    expect(d.editor.state.get().selection).toEqual([a, b])
    d.editor.selectForMenu({ x: frame.x + frame.w + 100, y: frame.y + frame.h + 100 })
    expect(d.editor.state.get().selection).toEqual([])
  })

  test('a finger that was about to drag is let go of when the menu opens', () => {
    const { d, a } = two()
    const was = contentOf(d.ydoc)
    d.press(150, 150)
    d.moveTo(152, 150)
    d.editor.selectForMenu({ x: 150, y: 150 })
    d.moveTo(400, 400)
    d.release(400, 400)
    expect(contentOf(d.ydoc)).toEqual(was)
    expect(d.editor.state.get().selection).toEqual([a])
  })
})

describe('a copied style', () => {
  const styleOf = (e: Element | undefined) => e && [e.style.fill, e.style.opacity, e.style.font_size]

  test('goes to others as far as it means something there, in one step', () => {
    const { d, a, b } = two()
    const line = d.draw('line', [300, 400], [400, 400])
    d.editor.select([a])
    d.editor.setStyle({ opacity: 0.5, font_size: 32, stroke: 'red', stroke_width: 8 })
    d.key('', { mod: true, alt: true, code: 'KeyC' })
    expect(d.editor.hasStyle()).toBe(true)
    d.editor.select([b, line])
    d.key('', { mod: true, alt: true, code: 'KeyV' })
    expect(styleOf(d.board.get(b))).toEqual(['blue', 0.5, 32])
    expect(d.board.get(line)?.style).toMatchObject({ stroke: 'red', stroke_width: 8, opacity: 0.5 })
    d.editor.undo()
    expect(styleOf(d.board.get(b))).toEqual(['yellow', 1, 20])
    expect(d.board.get(line)?.style).toMatchObject({ stroke: 'black', opacity: 1 })
  })

  test('is nothing before one was copied, and leaves locked elements alone', () => {
    const { d, a, b } = two()
    const was = contentOf(d.ydoc)
    d.editor.pasteStyle()
    expect(contentOf(d.ydoc)).toEqual(was)
    d.editor.select([a])
    d.editor.copyStyle()
    d.editor.select([b])
    d.editor.toggleLock()
    d.editor.pasteStyle()
    expect(d.board.get(b)?.style).toMatchObject({ fill: 'yellow', locked: true })
  })
})

describe('the ends of a line', () => {
  const headsOf = (d: Desk, id: string) => {
    const e = d.board.get(id)
    return e?.type === 'line' ? `${e.ends.from_head} ${e.ends.to_head}` : 'gone'
  }

  test('are set for what is selected, in one step, and for what comes next', () => {
    const d = desk()
    const a = d.draw('line', [100, 100], [200, 200])
    const b = d.draw('line', [300, 100], [400, 200])
    const box = d.draw('rectangle', [500, 100], [600, 200])
    d.editor.select([a])
    d.editor.setHeads({ from_head: 'arrow' })
    d.editor.select([a, b, box])
    expect(d.editor.styleSummary().heads).toEqual({ to_head: 'none' })
    d.editor.setHeads({ to_head: 'arrow' })
    expect([a, b].map((id) => headsOf(d, id))).toEqual(['arrow arrow', 'none arrow'])
    d.editor.undo()
    expect([a, b].map((id) => headsOf(d, id))).toEqual(['arrow none', 'none none'])
    expect(headsOf(d, d.draw('line', [100, 400], [200, 400]))).toBe('arrow arrow')
  })

  test('are shown for the line tool, and for nothing without lines', () => {
    const d = desk()
    d.editor.setTool('line')
    expect(d.editor.styleSummary().heads).toEqual({ from_head: 'none', to_head: 'none' })
    d.draw('rectangle', [500, 100], [600, 200])
    expect(d.editor.styleSummary().heads).toBeNull()
  })
})
