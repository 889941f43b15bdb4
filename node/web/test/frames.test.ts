/** Frames and groups: what hangs below them, how they are handled as one, and what becomes of them when two edit at once. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { frameOf } from '../src/core/elements'
import type { Element } from '../src/core/elements/types'
import { presentingOrder, reorder } from '../src/core/frames'
import { contentOf, desk, exchange, type Desk } from './desk'

/** A frame over 100,100 to 500,400 and beside it a rectangle at 700,100. */
function framed(): { d: Desk; frame: string; inside: string; beside: string } {
  const d = desk()
  d.editor.setFrameSize('free')
  const frame = d.draw('frame', [100, 100], [500, 400])
  const inside = d.draw('sticky', [300, 250], [300, 250])
  const beside = d.draw('rectangle', [700, 100], [800, 200])
  d.editor.setStyle({ fill: 'red' })
  d.editor.select([])
  return { d, frame, inside, beside }
}

const boxOf = (d: Desk, id: string) => {
  const b = d.editor.element(id)?.box
  return b ? `${b.x},${b.y} ${b.w}x${b.h}` : 'gone'
}
const parentOf = (d: Desk, id: string) => d.board.get(id)?.parent ?? null
const selection = (d: Desk) => d.editor.state.get().selection

/** Three filled squares in a row from 100,100, each 100 wide and 200 apart. */
function row(): { d: Desk; a: string; b: string; c: string } {
  const d = desk()
  const [a = '', b = '', c = ''] = [100, 300, 500].map((x) => {
    const id = d.draw('rectangle', [x, 100], [x + 100, 200])
    d.editor.setStyle({ fill: 'red' })
    return id
  })
  d.editor.select([])
  return { d, a, b, c }
}

function grouped(): { d: Desk; a: string; b: string; c: string; group: string } {
  const { d, a, b, c } = row()
  d.editor.select([a, b])
  d.editor.group()
  const [group = ''] = selection(d)
  d.editor.select([])
  return { d, a, b, c, group }
}

describe('a frame', () => {
  test('holds what is made in it, and what it is drawn around', () => {
    const { d, frame, inside, beside } = framed()
    expect(parentOf(d, inside)).toBe(frame)
    expect(parentOf(d, beside)).toBe(null)
    const around = d.draw('frame', [650, 50], [900, 300])
    expect(parentOf(d, beside)).toBe(around)
  })

  test('is of the chosen size where it is clicked', () => {
    const d = desk()
    d.editor.setTool('frame')
    d.click(600, 400)
    const [id = ''] = selection(d)
    expect(boxOf(d, id)).toBe('120,130 960x540')
    d.editor.setFrameSize('phone')
    expect(boxOf(d, id)).toBe('120,130 390x844')
  })

  test('takes its content along, which one undo brings back', () => {
    const { d, frame, inside } = framed()
    const before = contentOf(d.ydoc)
    d.editor.select([frame])
    d.drag([100, 300], [150, 350], { mod: true })
    expect(boxOf(d, frame)).toBe('150,150 400x300')
    expect(boxOf(d, inside)).toBe('250,200 200x200')
    d.editor.undo()
    expect(contentOf(d.ydoc)).toEqual(before)
  })

  test('is seen with its content while a copy of it is dragged', () => {
    const { d, frame } = framed()
    d.editor.select([frame])
    d.press(100, 300)
    d.moveTo(150, 350, { alt: true, mod: true })
    const drafts = d.editor.preview.get()?.drafts ?? []
    expect(drafts.map((one) => `${one.type} ${one.box.x},${one.box.y}`)).toEqual([
      'frame 150,150',
      'sticky 250,200',
    ])
    d.release(150, 350, { alt: true, mod: true })
    expect(drafts.map((one) => d.board.get(one.id)?.box)).toEqual(drafts.map((one) => one.box))
  })

  test('is stretched without its content', () => {
    const { d, frame, inside } = framed()
    d.editor.select([frame])
    d.drag([500, 400], [700, 600], { mod: true })
    expect(boxOf(d, frame)).toBe('100,100 600x500')
    expect(boxOf(d, inside)).toBe('200,150 200x200')
  })

  test('lets go of what is dragged out, and takes in what is dragged into it', () => {
    const { d, frame, inside, beside } = framed()
    d.drag([300, 250], [900, 600], { mod: true })
    expect(parentOf(d, inside)).toBe(null)
    d.press(750, 150, { mod: true })
    d.moveTo(500, 200, { mod: true })
    d.moveTo(400, 200, { mod: true })
    expect(d.told.at(-1)?.into).toEqual({ ids: [beside], parent: frame })
    d.release(400, 200, { mod: true })
    expect(parentOf(d, beside)).toBe(frame)
    expect(d.editor.scene.order().map((entry) => entry.id)).toEqual([frame, beside, inside])
  })

  test('is held by its edge and its name, and its inside is the board', () => {
    const { d, frame, inside } = framed()
    d.click(150, 380)
    expect(selection(d)).toEqual([])
    d.drag([120, 120], [350, 300])
    expect(selection(d)).toEqual([inside])
    d.click(100, 250)
    expect(selection(d)).toEqual([frame])
    d.editor.select([])
    d.click(110, 88)
    expect(selection(d)).toEqual([frame])
    d.doubleClick(110, 88)
    expect(d.editor.state.get().naming).toBe(frame)
    d.editor.renameFrame(frame, 'Plan')
    expect(d.board.get(frame)).toMatchObject({ text: 'Plan' })
  })

  test('hides what of its content lies beyond it', () => {
    const { d, inside } = framed()
    d.editor.select([inside])
    d.editor.nudge(150, 0)
    d.editor.select([])
    d.click(520, 250)
    expect(selection(d)).toEqual([])
    d.click(480, 250)
    expect(selection(d)).toEqual([inside])
  })

  test('is deleted with its content, or alone', () => {
    const { d, frame, inside } = framed()
    d.editor.select([frame])
    d.editor.removeFramesOnly()
    expect([boxOf(d, frame), parentOf(d, inside)]).toEqual(['gone', null])
    d.editor.undo()
    expect(parentOf(d, inside)).toBe(frame)
    d.editor.select([frame])
    d.editor.deleteSelection()
    expect([boxOf(d, frame), boxOf(d, inside)]).toEqual(['gone', 'gone'])
    d.editor.undo()
    expect(parentOf(d, inside)).toBe(frame)
  })

  test('is copied with its content', () => {
    const { d, frame, inside } = framed()
    d.editor.select([frame])
    d.editor.duplicate()
    const [copy = '', ...others] = selection(d)
    expect(others).toEqual([])
    const [content = '', ...rest] = d.editor.scene.family.childrenOf(copy)
    expect([rest, boxOf(d, content)]).toEqual([[], '220,170 200x200'])
    expect(parentOf(d, inside)).toBe(frame)
    d.drag([100, 300], [100, 600], { alt: true, mod: true })
    expect(d.editor.scene.frames()).toHaveLength(3)
    expect(d.board.size()).toBe(7)
  })

  test('locked, it locks what it holds', () => {
    const { d, frame, inside } = framed()
    d.editor.select([frame])
    d.editor.toggleLock()
    d.editor.select([])
    d.click(300, 250)
    expect(selection(d)).toEqual([])
    d.editor.select([inside])
    d.editor.deleteSelection()
    expect(boxOf(d, inside)).toBe('200,150 200x200')
  })

  test('content is ordered within it', () => {
    const { d, frame, inside, beside } = framed()
    const second = d.draw('sticky', [320, 260], [320, 260])
    const order = () => d.editor.scene.order().map((entry) => entry.id)
    expect(order()).toEqual([frame, inside, second, beside])
    d.editor.select([second])
    d.editor.sendToBack()
    expect(order()).toEqual([frame, second, inside, beside])
    d.editor.select([frame])
    d.editor.bringToFront()
    expect(order()).toEqual([beside, frame, second, inside])
  })

  test('select all begins beside the selection', () => {
    const { d, frame, inside, beside } = framed()
    const second = d.draw('ellipse', [120, 120], [160, 160])
    d.editor.select([inside])
    d.editor.selectAll()
    expect(selection(d)).toEqual([inside, second])
    d.editor.selectAll()
    expect(selection(d)).toEqual([frame, beside])
  })
})

describe('presenting', () => {
  const frame = (id: string, x: number, y: number, order: string | null = null) =>
    ({
      ...desk().editor.element(''),
      id,
      type: 'frame',
      order,
      box: { x, y, w: 100, h: 100, angle: 0 },
    }) as never
  test.each([
    [[frame('c', 0, 200), frame('b', 200, 10), frame('a', 0, 0)], 'a b c'],
    [[frame('a', 0, 0), frame('b', 200, 0, 'a2'), frame('c', 400, 0, 'a1')], 'c b a'],
  ])('goes as somebody put it, then as it is read', (frames, expected) => {
    expect(
      presentingOrder(frames)
        .map((one) => one.id)
        .join(' '),
    ).toBe(expected)
  })

  test('keeps the order that it is given', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 12 }), (moves) => {
        let frames = presentingOrder(['a', 'b', 'c', 'd', 'e', 'f'].map((id, at) => frame(id, at * 200, 0)))
        for (const [from, to] of moves) {
          const moved = frames[from]
          if (!moved) continue
          const expected = frames.filter((one) => one !== moved).toSpliced(to, 0, moved)
          for (const intent of reorder(frames, moved.id, to)) {
            if (intent.do !== 'setOrder') throw new Error(intent.do)
            frames = frames.map((one) => (one.id === intent.id ? { ...one, order: intent.order } : one))
          }
          frames = presentingOrder(frames)
          expect(frames.map((one) => one.id)).toEqual(expected.map((one) => one.id))
        }
      }),
    )
  })
})

describe('a group', () => {
  test('is selected by a click on any part, and gone into by a double click', () => {
    const { d, a, b, c, group } = grouped()
    d.click(150, 150)
    expect(selection(d)).toEqual([group])
    d.doubleClick(150, 150)
    expect(selection(d)).toEqual([a])
    d.click(350, 150)
    expect(selection(d)).toEqual([b])
    d.editor.escape()
    expect(selection(d)).toEqual([group])
    d.editor.escape()
    expect(selection(d)).toEqual([])
    d.click(150, 150, { mod: true })
    expect(selection(d)).toEqual([a])
    d.click(550, 150)
    expect(selection(d)).toEqual([c])
  })

  test.each<[string, (d: Desk, ids: { a: string; b: string; c: string; group: string }) => void, string]>([
    ['moved', (d) => d.drag([150, 150], [160, 180]), '110,130 100x100; 310,130 100x100'],
    [
      'nudged',
      (d, { group }) => (d.editor.select([group]), d.editor.nudge(5, 0)),
      '105,100 100x100; 305,100 100x100',
    ],
    [
      'stretched',
      (d, { group }) => (d.editor.select([group]), d.drag([400, 200], [700, 300], { mod: true })),
      '100,100 200x200; 500,100 200x200',
    ],
    [
      'turned',
      (d, { group }) => (d.editor.select([group]), d.drag([250, 76], [324, 150])),
      '200,0 100x100; 200,200 100x100',
    ],
    [
      'aligned',
      (d, { group, c }) => (
        d.editor.select([c]),
        d.editor.nudge(0, 300),
        d.editor.select([group, c]),
        d.editor.align('bottom')
      ),
      '100,400 100x100; 300,400 100x100',
    ],
    [
      'mirrored',
      (d, { group }) => (d.editor.select([group]), d.editor.flip('across')),
      '300,100 100x100; 100,100 100x100',
    ],
  ])('is %s as one', (_, act, expected) => {
    const { d, ...ids } = grouped()
    const before = contentOf(d.ydoc)
    act(d, ids)
    expect([ids.a, ids.b].map((id) => boxOf(d, id)).join('; ')).toBe(expected)
    while (d.editor.state.get().canUndo && JSON.stringify(contentOf(d.ydoc)) !== JSON.stringify(before))
      d.editor.undo()
    expect(contentOf(d.ydoc)).toEqual(before)
  })

  test('nests, and comes apart again', () => {
    const { d, a, b, c, group } = grouped()
    d.editor.select([group, c])
    d.editor.group()
    const [outer = ''] = selection(d)
    expect([parentOf(d, group), parentOf(d, c), boxOf(d, outer)]).toEqual([outer, outer, '100,100 500x100'])
    d.editor.select([])
    d.doubleClick(150, 150)
    expect(selection(d)).toEqual([group])
    d.doubleClick(150, 150)
    expect(selection(d)).toEqual([a])
    d.editor.select([outer])
    d.editor.ungroup()
    expect([...selection(d)].sort()).toEqual([c, group].sort())
    d.editor.ungroup()
    expect([parentOf(d, a), parentOf(d, b), d.board.size()]).toEqual([null, null, 3])
  })

  test.each(['elbow', 'curved', 'straight'] as const)(
    'is around the way of a %s connector, not where that last was, for who moved it and for others',
    (kind) => {
      const d = desk()
      const a = d.draw('rectangle', [300, 100], [400, 200])
      const b = d.draw('rectangle', [300, 500], [400, 600])
      d.editor.setTool('connector')
      // Out of the right of one and into the right of the other: the way lies beside them.
      d.drag([399, 150], [399, 550])
      d.editor.setRoute(kind)
      const [connector = ''] = d.editor.state.get().selection
      d.editor.select([a, b, connector])
      d.editor.group()
      const [group = ''] = selection(d)
      d.editor.select([b])
      d.editor.nudge(0, -200)
      const other = desk()
      exchange(d.ydoc, other.ydoc)
      for (const one of [d, other]) {
        const way = one.editor.element(connector)
        const bounds = way && frameOf(way)
        expect(bounds?.y).toBeGreaterThanOrEqual(100)
        one.editor.select([group])
        const box = one.editor.selectionBox()
        expect(box).toMatchObject({ x: 300, y: 100, h: 300 })
        expect(box && box.x + box.w).toBe(Math.max(400, (bounds?.x ?? 0) + (bounds?.w ?? 0)))
        expect(one.board.get(connector)?.box).toMatchObject({ h: 400 })
      }
    },
  )

  test('vanishes with its last part', () => {
    const { d, a, b, group } = grouped()
    d.editor.select([a])
    d.editor.deleteSelection()
    expect(boxOf(d, group)).toBe('300,100 100x100')
    d.editor.select([b])
    d.editor.deleteSelection()
    expect(boxOf(d, group)).toBe('gone')
    d.editor.undo()
    expect(boxOf(d, group)).toBe('300,100 100x100')
  })

  test('wears the style that it is given, and locks as one', () => {
    const { d, a, b, group } = grouped()
    d.editor.select([group])
    d.editor.setStyle({ fill: 'blue' })
    expect([a, b].map((id) => d.board.get(id)?.style.fill)).toEqual(['blue', 'blue'])
    expect(d.editor.styleSummary().values.fill).toBe('blue')
    d.editor.toggleLock()
    d.editor.select([])
    d.drag([150, 150], [300, 300])
    expect(boxOf(d, a)).toBe('100,100 100x100')
  })
})

describe('two at once', () => {
  test('a frame moved while somebody moves what it holds moves that as well', () => {
    const { d, frame, inside } = framed()
    const other = desk(new Y.Doc())
    exchange(d.ydoc, other.ydoc)
    d.editor.select([frame])
    d.press(100, 300)
    d.moveTo(200, 300, { mod: true })
    other.editor.select([inside])
    other.editor.nudge(0, 40)
    exchange(d.ydoc, other.ydoc)
    d.moveTo(250, 300, { mod: true })
    d.release(250, 300, { mod: true })
    expect([boxOf(d, frame), boxOf(d, inside)]).toEqual(['250,100 400x300', '350,190 200x200'])
  })

  test('content of a frame that somebody deletes stays', () => {
    const { d, frame, inside } = framed()
    const other = desk(new Y.Doc())
    exchange(d.ydoc, other.ydoc)
    other.editor.select([frame])
    other.editor.removeFramesOnly()
    d.editor.select([inside])
    d.editor.nudge(1, 0)
    const made = d.draw('ellipse', [120, 120], [160, 160])
    exchange(d.ydoc, other.ydoc)
    for (const one of [d, other]) {
      expect(one.editor.scene.order().map((entry) => entry.id)).toContain(made)
      expect(one.editor.scene.family.parentOf(made)).toBe(null)
      expect(one.editor.scene.get(made)?.clip).toBe(null)
    }
  })

  test('a circle hangs nothing and hides nothing', () => {
    const d = desk()
    d.editor.setFrameSize('free')
    const outer = d.draw('frame', [100, 100], [700, 500])
    const inner = d.draw('frame', [200, 200], [400, 400])
    expect(parentOf(d, inner)).toBe(outer)
    d.board.apply([{ do: 'setParent', id: outer, parent: inner }])
    const { family } = d.editor.scene
    expect([family.parentOf(outer), family.parentOf(inner)]).toEqual([null, null])
    expect(d.editor.scene.order()).toHaveLength(2)
    d.editor.select([outer])
    d.drag([100, 220], [150, 220], { mod: true })
    expect(boxOf(d, outer)).toBe('150,100 600x400')
  })

  type Deed = (d: Desk) => void
  const pick = (d: Desk, at: number): Element | undefined => {
    const all = [...d.board.ids()].sort()
    const id = all[at % Math.max(1, all.length)]
    return id === undefined ? undefined : d.board.get(id)
  }
  const select = (d: Desk, ats: readonly number[]) =>
    d.editor.select(ats.flatMap((at) => pick(d, at)?.id ?? []))
  const at = fc.nat(12)
  const place = fc.tuple(fc.integer({ min: 50, max: 1100 }), fc.integer({ min: 50, max: 700 }))
  const deed: fc.Arbitrary<Deed> = fc.oneof(
    fc
      .tuple(fc.constantFrom('frame', 'rectangle', 'sticky'), place, place)
      .map(([tool, from, to]): Deed => (d) => {
        d.editor.setTool(tool as 'frame')
        d.drag(from, to)
      }),
    fc.tuple(place, place).map(([from, to]): Deed => (d) => {
      d.editor.setTool('select')
      d.drag(from, to)
    }),
    fc.array(at, { minLength: 2, maxLength: 4 }).map(
      (ats): Deed =>
        (d) => (select(d, ats), d.editor.group()),
    ),
    at.map(
      (one): Deed =>
        (d) => (select(d, [one]), d.editor.ungroup()),
    ),
    at.map(
      (one): Deed =>
        (d) => (select(d, [one]), d.editor.duplicate()),
    ),
    at.map(
      (one): Deed =>
        (d) => (select(d, [one]), d.editor.bringToFront()),
    ),
    at.map(
      (one): Deed =>
        (d) => (select(d, [one]), d.editor.removeFramesOnly()),
    ),
    fc.tuple(at, place).map(
      ([one, [x, y]]): Deed =>
        (d) => (select(d, [one]), d.editor.nudge(x, y)),
    ),
  )

  test('whatever is done, undoing all of it gives the same document', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 12 }), deed, (deeds, last) => {
        const d = desk()
        for (const one of deeds) one(d)
        const before = contentOf(d.ydoc)
        const mark = d.board.canUndo()
        // Two nudges in a row would be one step.
        d.board.endStep()
        last(d)
        if (JSON.stringify(contentOf(d.ydoc)) === JSON.stringify(before)) return
        d.editor.undo()
        expect(contentOf(d.ydoc)).toEqual(before)
        expect(d.board.canUndo()).toBe(mark)
      }),
      { numRuns: 150 },
    )
  })

  test('in any order, two editors agree and lose nothing that the other made', () => {
    const made = (d: Desk) =>
      [...d.board.ids()].filter((id) => ['shape', 'sticky'].includes(d.board.get(id)?.type ?? ''))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), deed, fc.boolean()), { maxLength: 16 }), (steps) => {
        const [a, b] = [desk(), desk(new Y.Doc())]
        const all = new Set<string>()
        for (const [first, act, meet] of steps) {
          const one = first ? a : b
          act(one)
          // None of these deeds deletes what is neither frame nor group.
          for (const id of made(one)) all.add(id)
          if (meet) exchange(a.ydoc, b.ydoc)
        }
        exchange(a.ydoc, b.ydoc)
        expect(contentOf(a.ydoc)).toEqual(contentOf(b.ydoc))
        expect(made(a).sort()).toEqual([...all].sort())
        for (const d of [a, b]) {
          const order = d.editor.scene.order().map((entry) => entry.id)
          expect([...order].sort()).toEqual([...d.board.ids()].sort())
        }
        expect(a.editor.scene.order().map((e) => e.id)).toEqual(b.editor.scene.order().map((e) => e.id))
      }),
      { numRuns: 100 },
    )
  })
})
