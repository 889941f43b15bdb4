/** What a hand does with each tool, and what is on the board afterwards. */
import { describe, expect, test } from 'vitest'
import type { Element } from '../src/core/elements/types'
import { endPoints } from '../src/core/connectors/ends'
import { isInk } from '../src/core/elements'
import { unpackInk } from '../src/core/elements/ink'
import { wholePicture } from '../src/core/elements/image'
import { lineEnds } from '../src/core/elements/line'
import type { ModifierKeys, ToolId } from '../src/core/editor-api'
import { SHAPE_KINDS } from '../src/core/schema.gen'
import { contentOf, desk, type Desk } from './desk'

type Pair = readonly [number, number]

function boxOf(e: Element | undefined): string {
  if (!e) return 'gone'
  const { x, y, w, h, angle } = e.box
  const turned = angle === 0 ? '' : ` @${Math.round((angle * 180) / Math.PI)}`
  return `${Math.round(x)},${Math.round(y)} ${Math.round(w)}x${Math.round(h)}${turned}`
}

function only(d: Desk): Element {
  const [id] = d.board.ids()
  const e = id === undefined ? undefined : d.board.get(id)
  if (!e || d.board.size() !== 1) throw new Error(`${d.board.size()} elements`)
  return e
}

describe('drawing', () => {
  const cases: [ToolId, Pair, Pair, Partial<ModifierKeys>, string][] = [
    ['rectangle', [100, 100], [300, 200], {}, 'shape 100,100 200x100'],
    ['ellipse', [300, 200], [100, 100], {}, 'shape 100,100 200x100'],
    ['diamond', [100, 100], [300, 200], { shift: true }, 'shape 100,100 200x200'],
    ['rectangle', [200, 200], [300, 250], { alt: true }, 'shape 100,150 200x100'],
    ['rectangle', [200, 200], [200, 200], {}, 'shape 120,150 160x100'],
    ['sticky', [300, 300], [300, 300], {}, 'sticky 200,200 200x200'],
    ['sticky', [300, 300], [400, 300], {}, 'sticky 300,200 200x200'],
    ['line', [100, 100], [200, 150], {}, 'line 100,100 100x50'],
    ['line', [100, 100], [200, 104], { shift: true }, 'line 100,100 100x0'],
    ['pen', [100, 100], [200, 160], {}, 'pen 100,100 100x60'],
    ['pen', [100, 100], [200, 104], { shift: true }, 'pen 100,100 100x0'],
    ['pen', [100, 100], [196, 104], { shift: true }, 'pen 100,100 96x0'],
    ['pen', [200, 200], [130, 140], { shift: true }, 'pen 135,135 65x65'],
    ['highlighter', [100, 100], [200, 160], {}, 'highlighter 100,100 100x60'],
    ['highlighter', [100, 100], [200, 104], { shift: true }, 'highlighter 100,100 100x0'],
  ]
  test.each(cases)('%s from %j to %j with %j makes %s', (tool, from, to, keys, expected) => {
    const d = desk()
    d.editor.setTool(tool)
    d.drag(from, to, keys)
    const e = only(d)
    expect(`${e.type} ${boxOf(e)}`).toBe(expected)
    d.editor.undo()
    expect(d.board.size()).toBe(0)
    d.editor.redo()
    expect(boxOf(only(d))).toBe(boxOf(e))
  })

  test.each(SHAPE_KINDS)('a %s is drawn, and turned into another shape with its text and place', (kind) => {
    const d = desk()
    const id = d.draw(kind, [100, 100], [300, 200])
    d.editor.setText(id, 'kept')
    expect(d.board.get(id)).toMatchObject({ type: 'shape', kind, text: 'kept' })
    d.editor.setShape('cloud')
    d.editor.setShape('ellipse')
    expect(d.board.get(id)).toMatchObject({ kind: 'ellipse', text: 'kept' })
    expect(boxOf(d.board.get(id))).toBe('100,100 200x100')
    d.editor.undo()
    if (kind !== 'cloud') d.editor.undo()
    expect(d.board.get(id)).toMatchObject({ kind })
  })

  test('a click with the line tool makes nothing by itself', () => {
    const d = desk()
    d.editor.setTool('line')
    d.click(100, 100)
    d.key('Escape')
    expect(d.board.size()).toBe(0)
  })

  test('a tool gives way to select, with what it drew selected; the pen stays', () => {
    const d = desk()
    const id = d.draw('rectangle', [0, 0], [50, 50])
    expect(d.editor.state.get()).toMatchObject({ tool: 'select', selection: [id] })
    d.draw('pen', [0, 0], [50, 50])
    expect(d.editor.state.get()).toMatchObject({ tool: 'pen', selection: [] })
  })

  test('Shift makes a stroke straight for as long as it is held, and what the hand did counts again after it', () => {
    const d = desk()
    d.editor.setTool('pen')
    d.press(100, 100)
    d.moveTo(150, 180)
    d.moveTo(200, 104, { shift: true })
    const draft = () => d.told.at(-1)?.drafts?.[0]
    expect(boxOf(draft())).toBe('100,100 100x0')
    d.key('Shift')
    expect(boxOf(draft())).toBe('100,100 100x0')
    d.editor.key({ kind: 'up', key: 'Shift', code: '', repeat: false, shift: false, alt: false, mod: false })
    expect(draft()?.box.h).toBeGreaterThan(30)
    d.release(200, 104, { shift: true })
    const e = only(d)
    expect(boxOf(e)).toBe('100,100 100x0')
    expect(e.type === 'pen' && unpackInk(e.data)?.points.length).toBe(4)
  })

  test('a tool that is kept draws again, and selects nothing on the way', () => {
    const d = desk()
    d.key('q')
    d.editor.setTool('rectangle')
    d.drag([100, 100], [200, 200])
    d.drag([300, 100], [400, 200])
    expect(d.board.size()).toBe(2)
    expect(d.editor.state.get()).toMatchObject({ tool: 'rectangle', selection: [] })
    d.editor.setTool('sticky')
    d.click(600, 300)
    expect(d.editor.state.get().editing).not.toBeNull()
    d.key('Escape')
    d.click(900, 300)
    expect(d.board.size()).toBe(4)
    d.key('Escape')
    d.key('Escape')
    expect(d.editor.state.get().tool).toBe('select')
    d.click(110, 100)
    expect(d.editor.state.get().selection).toHaveLength(1)
    // With a shape selected it would be the first letter of its text.
    d.key('Escape')
    d.key('q')
    d.draw('ellipse', [100, 400], [200, 500])
    expect(d.editor.state.get().tool).toBe('select')
  })

  test('pen strokes keep pressure only from a device that has it', () => {
    const d = desk()
    d.editor.setTool('pen')
    const at = (kind: 'down' | 'move' | 'up', x: number, pressure: number) =>
      d.editor.pointer({
        kind,
        pointerId: 3,
        device: 'pen',
        button: 0,
        at: { x, y: 10 },
        pressure,
        time_ms: 0,
        shift: false,
        alt: false,
        mod: false,
      })
    at('down', 10, 0.2)
    at('move', 50, 0.9)
    at('up', 90, 0.4)
    const e = only(d)
    expect(e.type === 'pen' && unpackInk(e.data)?.pressures?.length).toBe(4)
  })

  test('while a shape is drawn the others are shown it, and the document is not touched', () => {
    const d = desk()
    d.editor.setTool('rectangle')
    d.press(10, 10)
    d.moveTo(60, 60)
    expect(d.told.at(-1)?.drafts?.map(boxOf)).toEqual(['10,10 50x50'])
    expect(d.board.size()).toBe(0)
    d.key('Escape')
    d.release(60, 60)
    expect(d.told.at(-1)).toBeNull()
    expect(d.board.size()).toBe(0)
  })
})

describe('text', () => {
  test('a click begins a text, and one left empty is gone without a trace in the history', () => {
    const d = desk()
    d.editor.setTool('text')
    d.click(100, 100)
    const { editing } = d.editor.state.get()
    expect(editing?.isNew).toBe(true)
    d.editor.endTextEdit()
    expect(d.board.size()).toBe(0)
    const rectangle = d.draw('rectangle', [0, 0], [50, 50])
    d.editor.undo()
    expect(d.board.get(rectangle)).toBeUndefined()
  })

  test('what is typed at once is one step, together with making the element', () => {
    const d = desk()
    d.doubleClick(100, 100)
    const id = d.editor.state.get().editing?.id ?? ''
    for (const text of ['H', 'He', 'Hello']) d.editor.setText(id, text)
    d.editor.endTextEdit()
    expect(d.board.get(id)).toMatchObject({ type: 'text', text: 'Hello' })
    d.editor.undo()
    expect(d.board.size()).toBe(0)
  })

  test('a double click inside a hollow shape writes in it', () => {
    const d = desk()
    const id = d.draw('rectangle', [100, 100], [300, 200])
    d.click(600, 600)
    d.doubleClick(200, 150)
    expect(d.editor.state.get().editing).toEqual({ id, isNew: false })
  })

  test('someone else deletes what is being written', () => {
    const d = desk()
    const id = d.draw('rectangle', [100, 100], [300, 200])
    d.editor.startTextEdit(id)
    d.ydoc.transact(() => d.ydoc.getMap('elements').delete(id), 'remote')
    expect(d.editor.state.get()).toMatchObject({ editing: null, selection: [] })
    d.editor.setText(id, 'too late')
    d.editor.endTextEdit()
    expect(d.board.size()).toBe(0)
  })
})

describe('selecting', () => {
  function three() {
    const d = desk()
    const a = d.draw('sticky', [200, 200], [200, 200])
    const b = d.draw('sticky', [500, 200], [500, 200])
    const c = d.draw('sticky', [800, 200], [800, 200])
    d.editor.endTextEdit()
    d.click(200, 600)
    return {
      d,
      name: (ids: readonly string[]) => ids.map((id) => ({ [a]: 'a', [b]: 'b', [c]: 'c' })[id]).join(''),
    }
  }
  const cases: [string, (d: Desk) => void, string][] = [
    ['click', (d) => d.click(200, 200), 'a'],
    ['click elsewhere', (d) => (d.click(200, 200), d.click(200, 600)), ''],
    ['shift adds', (d) => (d.click(200, 200), d.click(800, 200, { shift: true })), 'ac'],
    ['shift takes away', (d) => (d.editor.selectAll(), d.click(500, 200, { shift: true })), 'ac'],
    ['marquee takes what it touches', (d) => d.drag([350, 400], [550, 250]), 'b'],
    ['marquee takes several', (d) => d.drag([50, 50], [550, 350]), 'ab'],
    ['marquee with Ctrl takes what it encloses', (d) => d.drag([50, 50], [550, 350], { mod: true }), 'a'],
    [
      'marquee with Shift adds',
      (d) => (d.click(800, 200), d.drag([50, 50], [250, 350], { shift: true })),
      'ca',
    ],
    ['all', (d) => void d.key('a', { mod: true }), 'abc'],
    ['Escape', (d) => (d.editor.selectAll(), d.key('Escape')), ''],
  ]
  test.each(cases)('%s', (_, act, expected) => {
    const { d, name } = three()
    act(d)
    expect(name(d.editor.state.get().selection)).toBe(expected)
  })

  test('Alt-click goes through to what lies beneath, and round', () => {
    const d = desk()
    const below = d.draw('sticky', [200, 200], [200, 200])
    const above = d.draw('sticky', [220, 220], [220, 220])
    d.editor.endTextEdit()
    d.click(600, 600)
    d.click(210, 210)
    expect(d.editor.state.get().selection).toEqual([above])
    d.click(210, 210, { alt: true })
    expect(d.editor.state.get().selection).toEqual([below])
    d.click(210, 210, { alt: true })
    expect(d.editor.state.get().selection).toEqual([above])
  })

  test('locked elements are passed over', () => {
    const { d, name } = three()
    d.ydoc
      .getMap<never>('elements')
      .forEach((map: unknown) => (map as Map<string, unknown>).set('locked', true))
    d.click(200, 200)
    d.key('a', { mod: true })
    expect(name(d.editor.state.get().selection)).toBe('')
  })
})

describe('handling', () => {
  /** A shape of 200 x 100 at 100,100, selected. */
  const cases: [string, Pair, Pair, Partial<ModifierKeys>, string][] = [
    ['moves by its edge', [150, 100], [180, 140], {}, '130,140 200x100'],
    ['moves by its inside while selected', [200, 150], [230, 190], {}, '130,140 200x100'],
    ['moves along one axis with Shift', [200, 150], [230, 151], { shift: true }, '130,100 200x100'],
    ['resizes by a corner', [300, 200], [350, 250], {}, '100,100 250x150'],
    ['resizes by a side', [300, 150], [350, 170], {}, '100,100 250x100'],
    ['keeps its aspect with Shift', [300, 200], [500, 210], { shift: true }, '100,100 400x200'],
    ['keeps its centre with Alt', [300, 200], [310, 210], { alt: true }, '90,90 220x120'],
    ['is never thinner than nothing', [300, 200], [100, 100], { mod: true }, '100,100 1x1'],
    ['goes on past the opposite corner', [300, 200], [0, 40], { mod: true }, '0,40 100x60'],
    ['goes on past one side alone', [300, 200], [0, 300], { mod: true }, '0,100 100x200'],
    ['goes on past the opposite side', [100, 150], [340, 0], { mod: true }, '300,100 40x100'],
    ['keeps its aspect beyond', [300, 200], [0, 90], { mod: true, shift: true }, '0,50 100x50'],
    ['keeps its centre beyond', [300, 200], [150, 210], { mod: true, alt: true }, '150,90 100x120'],
    ['keeps both beyond', [300, 150], [150, 0], { mod: true, alt: true, shift: true }, '150,125 100x50'],
    ['turns', [200, 76], [400, 150], {}, '100,100 200x100 @90'],
    ['turns by 15° with Shift', [200, 76], [395, 135], { shift: true }, '100,100 200x100 @90'],
  ]
  test.each(cases)('%s', (_, from, to, keys, expected) => {
    const d = desk()
    const id = d.draw('rectangle', [100, 100], [300, 200])
    const before = boxOf(d.board.get(id))
    d.drag(from, to, keys)
    expect(boxOf(d.board.get(id))).toBe(expected)
    d.editor.undo()
    expect(boxOf(d.board.get(id))).toBe(before)
    d.editor.undo()
    expect(d.board.size()).toBe(0)
  })

  function photo(d: Desk): string {
    const picture = wholePicture(`ast_${'0'.repeat(26)}`, { w: 200, h: 100 }, null)
    const box = { x: 100, y: 100, w: 200, h: 100, angle: 0 }
    d.editor.placePictures([{ id: 'photo', picture, box, text: '' }])
    return 'photo'
  }

  test('a picture keeps its aspect, and Shift lets go of it', () => {
    const d = desk()
    const id = photo(d)
    d.drag([300, 200], [500, 210])
    expect(boxOf(d.board.get(id))).toBe('100,100 400x200')
    d.drag([500, 300], [300, 300], { shift: true })
    expect(boxOf(d.board.get(id))).toBe('100,100 200x200')
  })

  test('Alt-drag leaves the original and selects the copy', () => {
    const d = desk()
    const id = d.draw('rectangle', [100, 100], [300, 200])
    d.editor.setStyle({ fill: 'blue' })
    d.drag([200, 150], [200, 350], { alt: true })
    expect(d.board.size()).toBe(2)
    const [copy = ''] = d.editor.state.get().selection
    expect(copy).not.toBe(id)
    expect([boxOf(d.board.get(id)), boxOf(d.board.get(copy))]).toEqual(['100,100 200x100', '100,300 200x100'])
    expect(d.board.get(copy)?.style.fill).toBe('blue')
  })

  test('one end of a line moves alone', () => {
    const d = desk()
    const id = d.draw('line', [100, 100], [200, 150])
    d.drag([200, 150], [60, 300])
    const e = d.board.get(id)
    const ends = e?.type === 'line' ? lineEnds(e).map((p) => [Math.round(p.x), Math.round(p.y)]) : []
    expect(ends).toEqual([
      [100, 100],
      [60, 300],
    ])
  })

  test('a corner of a text changes its size, a side the width it wraps at', () => {
    const d = desk()
    d.doubleClick(100, 100)
    const id = d.editor.state.get().editing?.id ?? ''
    d.editor.setText(id, 'one two three four')
    d.editor.endTextEdit()
    const box = d.editor.selectionBox()
    if (!box) throw new Error('nothing selected')
    d.drag([box.x + box.w, box.y + box.h], [box.x + 2 * box.w, box.y + 2 * box.h])
    expect(d.board.get(id)?.style).toMatchObject({ font_size: 40, auto_width: true })
    const wide = d.editor.selectionBox() ?? box
    d.drag([wide.x + wide.w, wide.y + wide.h / 2], [wide.x + wide.w / 2, wide.y])
    expect(d.board.get(id)?.style).toMatchObject({ font_size: 40, auto_width: false })
    expect(d.editor.selectionBox()?.h).toBeGreaterThan(wide.h)
  })

  test('several are resized by one frame', () => {
    const d = desk()
    const a = d.draw('rectangle', [100, 100], [200, 200])
    const b = d.draw('ellipse', [300, 300], [400, 400])
    d.editor.select([a, b])
    d.drag([400, 400], [700, 550])
    expect([a, b].map((id) => boxOf(d.board.get(id)))).toEqual(['100,100 200x150', '500,400 200x150'])
    d.editor.undo()
    expect([a, b].map((id) => boxOf(d.board.get(id)))).toEqual(['100,100 100x100', '300,300 100x100'])
  })

  /** Of 100,100 to 300,200 each, with its right side dragged 100 beyond its left, and then back. */
  const MIRRORED: [string, (d: Desk) => string, (e: Element) => unknown][] = [
    ['an arrow', (d) => d.draw('arrow_right', [100, 100], [300, 200]), (e) => e.type === 'shape' && e.kind],
    [
      'a stroke',
      (d) => d.draw('pen', [100, 100], [300, 200]),
      (e) => isInk(e) && unpackInk(e.data)?.points.map(Math.round),
    ],
    ['a picture', photo, (e) => e.type === 'image' && [e.picture.flipX, e.picture.flipY]],
  ]
  test.each(MIRRORED)(
    '%s is mirrored by a handle that goes past the other side, in one step',
    (_, make, look) => {
      const d = desk()
      const id = make(d)
      d.editor.setTool('select')
      d.editor.select([id])
      const of = () => {
        const e = d.board.get(id)
        if (!e) throw new Error('gone')
        return { at: boxOf(e), look: look(e) }
      }
      const before = of()
      // A picture lets go of its proportions.
      const keys = { mod: true, shift: d.board.get(id)?.type === 'image' }
      d.press(300, 150, keys)
      d.moveTo(0, 150, keys)
      const shown = d.told.at(-1)?.drafts?.[0]
      expect(shown && { at: boxOf(shown), look: look(shown) }).toEqual({
        at: '0,100 100x100',
        look: expect.anything(),
      })
      d.release(0, 150, keys)
      const beyond = of()
      expect(beyond.at).toBe('0,100 100x100')
      expect(beyond.look).not.toEqual(before.look)
      expect(shown && look(shown)).toEqual(beyond.look)
      d.editor.undo()
      expect(of()).toEqual(before)
      d.editor.redo()
      // Through its left side, which stands at 0, to the right again.
      d.drag([0, 150], [300, 150], keys)
      expect(of()).toEqual({ at: '100,100 200x100', look: before.look })
    },
  )

  test('a text goes to the other side and stays readable', () => {
    const d = desk()
    d.doubleClick(400, 400)
    const id = d.editor.state.get().editing?.id ?? ''
    d.editor.setText(id, 'one two three four')
    d.editor.endTextEdit()
    const box = d.editor.selectionBox()
    if (!box) throw new Error('nothing selected')
    const at = { x: box.x + box.w, y: box.y + box.h }
    d.drag([at.x, at.y], [at.x - 2 * box.w, at.y - 2 * box.h], { mod: true })
    const beyond = d.editor.selectionBox()
    expect(beyond?.x).toBeCloseTo(box.x - box.w, 0)
    expect(beyond?.y).toBeCloseTo(box.y - box.h, 0)
    expect(d.board.get(id)).toMatchObject({ text: 'one two three four', style: { font_size: 20 } })
  })

  test('several are mirrored by one frame: each goes to the other side, and a slant turns the other way', () => {
    const d = desk()
    const a = d.draw('arrow_right', [100, 100], [200, 200])
    const b = d.draw('line', [300, 300], [400, 400])
    const c = d.draw('ellipse', [300, 100], [400, 200])
    const link = d.draw('connector', [120, 320], [180, 380])
    const { box } = d.board.get(c) ?? {}
    if (box) d.board.apply([{ do: 'setBox', id: c, box: { ...box, angle: 0.3 } }])
    const before = contentOf(d.ydoc)
    d.editor.select([a, b, c, link])
    const frame = d.editor.selectionBox()
    if (!frame) throw new Error('nothing selected')
    const [right, bottom] = [frame.x + frame.w, frame.y + frame.h]
    d.drag([right, bottom], [frame.x - frame.w, bottom], { mod: true })
    const ends = (id: string) => {
      const e = d.editor.element(id)
      const points = e?.type === 'line' ? lineEnds(e) : e?.type === 'connector' ? endPoints(e) : []
      return points.map((p) => [Math.round(p.x - frame.x), Math.round(p.y)])
    }
    const by = Math.round(100 - frame.x)
    expect(d.board.get(a)).toMatchObject({ kind: 'arrow_left' })
    expect(boxOf(d.board.get(a))).toBe(`${-100 - by + Math.round(frame.x)},100 100x100`)
    expect(d.board.get(c)?.box.angle).toBeCloseTo(-0.3, 6)
    expect(ends(b)).toEqual([
      [-200 - by, 300],
      [-300 - by, 400],
    ])
    expect(ends(link)).toEqual([
      [-20 - by, 320],
      [-80 - by, 380],
    ])
    d.editor.undo()
    expect(contentOf(d.ydoc)).toEqual(before)
  })

  test('Escape in the middle of a gesture leaves everything as it was', () => {
    const d = desk()
    const id = d.draw('rectangle', [100, 100], [300, 200])
    d.press(200, 150)
    d.moveTo(400, 400)
    expect(d.told.at(-1)?.boxes?.[0]?.[1]).toMatchObject({ x: 300, y: 350 })
    d.key('Escape')
    d.release(400, 400)
    expect(boxOf(d.board.get(id))).toBe('100,100 200x100')
  })

  test('a modifier pressed in the middle of a drag counts at once', () => {
    const d = desk()
    d.draw('rectangle', [100, 100], [300, 200])
    d.press(300, 200)
    d.moveTo(500, 210)
    d.key('Shift', { shift: true })
    expect(d.told.at(-1)?.boxes?.[0]?.[1]).toMatchObject({ w: 400, h: 200 })
  })
})

describe('keys', () => {
  test('arrows nudge, and a burst of them is one step', () => {
    const d = desk()
    const id = d.draw('rectangle', [100, 100], [300, 200])
    d.key('ArrowRight')
    d.key('ArrowRight')
    d.key('ArrowDown', { shift: true })
    expect(boxOf(d.board.get(id))).toBe('102,110 200x100')
    d.editor.undo()
    expect(boxOf(d.board.get(id))).toBe('100,100 200x100')
  })

  test('duplicate, delete, undo', () => {
    const d = desk()
    d.draw('rectangle', [100, 100], [300, 200])
    d.key('d', { mod: true })
    expect([...d.board.ids()].map((id) => boxOf(d.board.get(id)))).toEqual([
      '100,100 200x100',
      '120,120 200x100',
    ])
    d.key('a', { mod: true })
    d.key('Delete')
    expect(d.board.size()).toBe(0)
    d.key('z', { mod: true })
    expect(d.board.size()).toBe(2)
    d.key('z', { mod: true, shift: true })
    expect(d.board.size()).toBe(0)
  })

  test('order', () => {
    const d = desk()
    const ids = [100, 120, 140].map((x) => d.draw('rectangle', [x, x], [x + 200, x + 200]))
    const order = () =>
      d.editor.scene
        .order()
        .map(({ id }) => ids.indexOf(id))
        .join('')
    d.editor.select(ids.slice(0, 1))
    const seen = ['}', '{', ']', ']', '['].map((key) => (d.key(key), order()))
    expect(seen).toEqual(['120', '012', '102', '120', '102'])
  })

  test('a viewer can look and select, and change nothing', () => {
    const d = desk()
    const id = d.draw('sticky', [200, 200], [200, 200])
    d.editor.setReadOnly(true)
    d.key('r')
    expect(d.editor.state.get().tool).toBe('select')
    d.click(200, 200)
    expect(d.editor.state.get().selection).toEqual([id])
    d.drag([200, 200], [400, 400])
    d.key('Delete')
    d.editor.setStyle({ fill: 'red' })
    d.editor.undo()
    expect(boxOf(d.board.get(id))).toBe('100,100 200x200')
    expect(d.board.get(id)?.style.fill).toBe('yellow')
  })
})

describe('copies', () => {
  test('go through text to another board, with new ids', () => {
    const from = desk()
    const to = desk()
    const id = from.draw('sticky', [200, 200], [200, 200])
    from.editor.setText(id, 'carried over')
    from.editor.endTextEdit()
    const payload = from.editor.copy()
    if (!payload) throw new Error('nothing copied')
    to.editor.paste(payload, { x: 0, y: 0 })
    const e = only(to)
    expect(e).toMatchObject({ type: 'sticky', text: 'carried over' })
    expect(e.id).not.toBe(id)
    expect(boxOf(e)).toBe('-100,-100 200x200')
  })

  test('pasted twice where they never stood, they do not hide each other', () => {
    const from = desk()
    const to = desk()
    from.draw('rectangle', [9000, 9000], [9100, 9100])
    const payload = from.editor.copy()
    if (!payload) throw new Error('nothing copied')
    to.editor.setViewport(800, 600)
    to.editor.paste(payload)
    to.editor.paste(payload)
    expect([...to.board.ids()].map((id) => boxOf(to.board.get(id)))).toEqual([
      '350,250 100x100',
      '370,270 100x100',
    ])
    const words = desk()
    words.editor.pasteText('words')
    words.editor.pasteText('words')
    const [first, second] = [...words.board.ids()].map((id) => words.board.get(id)?.box)
    expect(second).toMatchObject({ x: (first?.x ?? 0) + 20, y: (first?.y ?? 0) + 20 })
  })

  test('a paragraph from elsewhere is wrapped, and a few words are not', () => {
    const d = desk()
    d.editor.pasteText('word '.repeat(300))
    expect(only(d)).toMatchObject({ box: { w: 640 }, style: { auto_width: false } })
    d.editor.undo()
    d.editor.pasteText('a few words')
    expect(only(d).style.auto_width).toBe(true)
  })

  test('cut and paste is the same look, one step each', () => {
    const d = desk()
    d.draw('rectangle', [100, 100], [300, 200])
    const payload = d.editor.cut()
    expect(d.board.size()).toBe(0)
    if (!payload) throw new Error('nothing cut')
    d.editor.paste(payload)
    expect(boxOf(only(d))).toBe('120,120 200x100')
    d.editor.undo()
    d.editor.undo()
    expect(boxOf(only(d))).toBe('100,100 200x100')
  })
})

describe('the view', () => {
  test('zooms about the pointer and stays within 5 and 800 %', () => {
    const d = desk()
    const at = { x: 400, y: 300 }
    const before = d.editor.toWorld(at)
    for (let i = 0; i < 60; i++)
      d.editor.wheel({ at, dx: 0, dy: -100, zoom: true, shift: false, alt: false, mod: true })
    expect(d.editor.state.get().camera.zoom).toBe(8)
    const after = d.editor.toWorld(at)
    expect([after.x, after.y].map(Math.round)).toEqual([before.x, before.y])
    d.editor.zoomTo(0.0001)
    expect(d.editor.state.get().camera.zoom).toBe(0.05)
  })

  test('a second finger takes back what the first began and pinches', () => {
    const d = desk()
    d.editor.setTool('rectangle')
    const touch = (kind: 'down' | 'move' | 'up', pointerId: number, x: number) =>
      d.editor.pointer({
        kind,
        pointerId,
        device: 'touch',
        button: 0,
        at: { x, y: 100 },
        pressure: 0.5,
        time_ms: 0,
        shift: false,
        alt: false,
        mod: false,
      })
    touch('down', 1, 100)
    touch('move', 1, 140)
    touch('down', 2, 240)
    touch('move', 2, 340)
    touch('up', 1, 140)
    touch('move', 2, 400)
    touch('up', 2, 400)
    expect(d.board.size()).toBe(0)
    expect(d.editor.state.get().camera.zoom).toBe(2)
    expect(d.told.at(-1)).toBeNull()
  })

  test('Space pans whatever the tool', () => {
    const d = desk()
    d.editor.setTool('rectangle')
    d.key(' ')
    d.drag([100, 100], [150, 120])
    expect(d.editor.state.get().camera).toEqual({ x: 50, y: 20, zoom: 1 })
    expect(d.board.size()).toBe(0)
  })
})
