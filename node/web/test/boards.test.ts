/**
 * What must hold whatever people do: an undone gesture leaves no trace, editors that edit at once end
 * up with the same board and lose nothing of each other's, and what is not understood stays as it is.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Editor, ToolId } from '../src/core/editor-api'
import { STYLE_KEYS } from '../src/core/schema.gen'
import { spliceBetween } from '../src/core/writing/splice'
import { contentOf, desk, exchange, type Desk } from './desk'

const place = fc.tuple(fc.integer({ min: 0, max: 800 }), fc.integer({ min: 0, max: 600 }))
const keys = fc.record({ shift: fc.boolean(), alt: fc.boolean(), mod: fc.boolean() })
const drawing: ToolId[] = [
  'rectangle',
  'ellipse',
  'diamond',
  'sticky',
  'text',
  'pen',
  'highlighter',
  'line',
  'connector',
  'frame',
  'eraser',
  'laser',
]

/** What a menu does to the selection. */
const VERBS = {
  align: (e: Editor) => e.align('center'),
  distribute: (e: Editor) => e.distribute('down'),
  tidy: (e: Editor) => e.tidy(),
  flip: (e: Editor) => e.flip('across'),
  lock: (e: Editor) => e.toggleLock(),
  style: (e: Editor) => (e.copyStyle(), e.selectAll(), e.pasteStyle()),
  note: (e: Editor) => e.addNote('beside'),
  heads: (e: Editor) => e.setHeads({ to_head: 'arrow' }),
  front: (e: Editor) => e.bringToFront(),
  back: (e: Editor) => e.sendToBack(),
  shape: (e: Editor) => e.setShape('cloud'),
  route: (e: Editor) => e.setRoute('curved'),
  group: (e: Editor) => e.group(),
  ungroup: (e: Editor) => e.ungroup(),
  unframe: (e: Editor) => e.removeFramesOnly(),
  size: (e: Editor) => e.setFrameSize('phone'),
  grow: (e: Editor) => e.grow('right'),
} as const
const verbs = Object.keys(VERBS) as (keyof typeof VERBS)[]

/** One thing a person does that changes the board in one step, or not at all. */
type Deed =
  | { do: 'draw'; tool: ToolId; from: [number, number]; to: [number, number] }
  | { do: 'drag'; pick: number; from: [number, number]; to: [number, number]; keys: object }
  | { do: 'handle'; pick: number; handle: number; to: [number, number]; keys: object }
  | { do: 'key'; pick: number; key: string; mod: boolean }
  | { do: 'style'; pick: number; fill: string; width: number }
  | { do: 'verb'; pick: number; verb: keyof typeof VERBS }
  | { do: 'write'; pick: number; text: string }

const pick = fc.nat({ max: 20 })
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ do: fc.constant('draw' as const), tool: fc.constantFrom(...drawing), from: place, to: place }),
  fc.record({ do: fc.constant('drag' as const), pick, from: place, to: place, keys }),
  fc.record({ do: fc.constant('handle' as const), pick, handle: fc.nat({ max: 8 }), to: place, keys }),
  fc.record({
    do: fc.constant('key' as const),
    pick,
    key: fc.constantFrom('Delete', 'd', 'ArrowLeft', '[', ']', '{', '}'),
    mod: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('style' as const),
    pick,
    fill: fc.constantFrom('none', 'red', 'yellow', '#123456'),
    width: fc.integer({ min: 0, max: 9 }),
  }),
  fc.record({ do: fc.constant('verb' as const), pick, verb: fc.constantFrom(...verbs) }),
  fc.record({
    do: fc.constant('write' as const),
    pick,
    text: fc.string({ unit: 'grapheme', maxLength: 12 }),
  }),
)

function perform(d: Desk, what: Deed): void {
  // As after a pause: deeds that follow fast may join one step.
  d.board.endStep()
  d.editor.setTool('select')
  if (what.do !== 'draw') {
    const ids = [...d.board.ids()]
    const chosen = ids[what.pick % Math.max(1, ids.length)]
    d.editor.select(chosen === undefined ? [] : what.pick % 3 === 0 ? ids : [chosen])
  }
  switch (what.do) {
    case 'draw':
      d.editor.setTool(what.tool)
      d.drag(what.from, what.to)
      break
    case 'drag':
      d.drag(what.from, what.to, what.keys)
      break
    case 'handle': {
      const box = d.editor.selectionBox()
      if (!box) return
      const x = box.x + (box.w * (what.handle % 3)) / 2
      const y = what.handle === 8 ? box.y - 24 : box.y + (box.h * Math.floor(what.handle / 3)) / 2
      d.drag([x, y], what.to, what.keys)
      break
    }
    case 'key':
      d.key(what.key, { mod: what.mod })
      break
    case 'style':
      d.editor.setStyle({ fill: what.fill, stroke_width: what.width })
      break
    case 'verb':
      VERBS[what.verb](d.editor)
      break
    case 'write': {
      const [id] = d.editor.state.get().selection
      if (id === undefined) return
      d.editor.startTextEdit(id)
      if (d.editor.state.get().editing) d.editor.setText(id, what.text)
      break
    }
  }
  d.editor.endTextEdit()
}

describe('undo', () => {
  test('takes back any deed in one step, and redo brings it again', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 8 }), deed, (before, last) => {
        const d = desk()
        for (const what of before) perform(d, what)
        const was = contentOf(d.ydoc)
        perform(d, last)
        const is = contentOf(d.ydoc)
        if (JSON.stringify(is) === JSON.stringify(was)) return
        d.editor.undo()
        expect(contentOf(d.ydoc)).toEqual(was)
        d.editor.redo()
        expect(contentOf(d.ydoc)).toEqual(is)
      }),
      { numRuns: 200 },
    )
  })

  test("never takes back another person's work", () => {
    const a = desk()
    const b = desk()
    const own = a.draw('rectangle', [0, 0], [50, 50])
    exchange(a.ydoc, b.ydoc)
    const theirs = b.draw('ellipse', [100, 100], [150, 150])
    b.editor.select([own])
    b.key('ArrowRight', { shift: true })
    exchange(a.ydoc, b.ydoc)
    a.editor.select([own])
    a.editor.setStyle({ fill: 'red' })
    a.editor.undo()
    expect(a.board.get(own)).toMatchObject({ box: { x: 10 }, style: { fill: 'none' } })
    expect(a.board.get(theirs)).toBeDefined()
  })
})

describe('editing at once', () => {
  test('any interleaving converges, and nobody loses an element that nobody deleted', () => {
    const turn = fc.record({ who: fc.boolean(), what: deed, meet: fc.boolean() })
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 14 }), (turns) => {
        const a = desk()
        const b = desk()
        const made = new Set<string>()
        const deleted = new Set<string>()
        for (const { who, what, meet } of turns) {
          const d = who ? a : b
          const before = new Set(d.board.ids())
          perform(d, what)
          const after = new Set(d.board.ids())
          for (const id of after) if (!before.has(id)) made.add(id)
          for (const id of before) if (!after.has(id)) deleted.add(id)
          if (meet) exchange(a.ydoc, b.ydoc)
        }
        exchange(a.ydoc, b.ydoc)
        expect(contentOf(a.ydoc)).toEqual(contentOf(b.ydoc))
        expect([...a.board.ids()].sort()).toEqual([...made].filter((id) => !deleted.has(id)).sort())
        const shown = (d: Desk) => d.editor.scene.order().map(({ id }) => id)
        expect(shown(a)).toEqual(shown(b))
        expect(shown(a)).toHaveLength(a.board.size())
      }),
      { numRuns: 150 },
    )
  })
})

/** A board from a later version: unknown keys on known types, unknown types and kinds, nested types. */
function laterBoard(): Y.Doc {
  const ydoc = new Y.Doc()
  const elements = ydoc.getMap<Y.Map<unknown>>('elements')
  const put = (id: string, keys: Record<string, unknown>) => {
    const map = new Y.Map<unknown>()
    const later = {
      glow: { radius: 3, of: ['a', null, true], $odd: 1 },
      blob: new Uint8Array([0, 255, 7]),
      tags: Y.Array.from(['x', 1]),
      extra: new Y.Map([['deep', new Y.Text('kept')]]),
      by: 'usr_1',
    }
    for (const [key, value] of Object.entries({ ...later, ...keys })) map.set(key, value)
    elements.set(id, map)
  }
  const rich = new Y.Text('plain bold')
  ydoc.transact(() => {
    put('shape', {
      type: 'shape',
      kind: 'rectangle',
      box: [0, 0, 100, 100, 0],
      z: 'a1',
      fill: 'blue',
      text: rich,
    })
    put('gear', { type: 'shape', kind: 'gear', box: [200, 0, 100, 100, 0], z: 'a2' })
    put('section', { type: 'section', box: [0, 200, 300, 300, 0.3], z: 'a3', parent: 'shape' })
    put('line', {
      type: 'line',
      box: [400, 0, 100, 50, 0],
      z: 'a4',
      data: { from: [0, 0], to: [1, 1], from_head: 'none', to_head: 'crow', bend: 0.5 },
    })
    put('broken', { type: 'shape', kind: 'rectangle', box: 'nowhere', z: 'a5' })
    elements.set('odd', 'not a map' as never)
  })
  rich.format(6, 4, { bold: true })
  return ydoc
}

/** What is known of any element, and may change. */
const KNOWN: readonly string[] = ['box', 'z', 'parent', 'text', 'data', ...STYLE_KEYS]

/** What the client says it does not know. */
function unknownPart(ydoc: Y.Doc, id: string): unknown {
  const own = KNOWN
  const map = ydoc.getMap<Y.Map<unknown>>('elements').get(id)
  if (!(map instanceof Y.Map)) return map
  const described = contentOf(ydoc) as { map: [string, { map: [string, unknown][] }][] }
  return described.map.find(([key]) => key === id)?.[1].map.filter(([key]) => !own.includes(key))
}

describe('undoing while others edit', () => {
  test('converges, and takes away nothing that others made or wrote', () => {
    const turn = fc.record({
      who: fc.boolean(),
      what: fc.oneof({ weight: 2, arbitrary: deed }, fc.constantFrom('undo' as const, 'redo' as const)),
      meet: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 16 }), (turns) => {
        const [a, b] = [desk(), desk()]
        const makers = new Map<string, Desk>()
        for (const { who, what, meet } of turns) {
          const d = who ? a : b
          const before = new Set(d.board.ids())
          if (what === 'undo') d.editor.undo()
          else if (what === 'redo') d.editor.redo()
          else perform(d, what)
          const after = new Set(d.board.ids())
          for (const id of after) if (!makers.has(id)) makers.set(id, d)
          if (what === 'undo') {
            for (const id of before) if (!after.has(id)) expect(makers.get(id)).toBe(d)
          }
          if (meet) exchange(a.ydoc, b.ydoc)
        }
        exchange(a.ydoc, b.ydoc)
        expect(contentOf(a.ydoc)).toEqual(contentOf(b.ydoc))
      }),
      { numRuns: 150 },
    )
  })

  /** A note that `a` makes and writes in as one step, which `b` sees. */
  function noted(): { a: Desk; b: Desk; note: string } {
    const [a, b] = [desk(), desk()]
    a.editor.setTool('sticky')
    a.click(300, 300)
    const [note = ''] = a.board.ids()
    a.editor.setText(note, 'mine')
    exchange(a.ydoc, b.ydoc)
    return { a, b, note }
  }
  const textOf = (d: Desk, id: string) => {
    const element = d.board.get(id)
    return element && 'text' in element ? element.text : undefined
  }

  test('a note stays in which somebody else has written, with their words alone', () => {
    const { a, b, note } = noted()
    b.editor.setText(note, 'mine, and theirs')
    exchange(a.ydoc, b.ydoc)
    a.editor.setStyle({ fill: 'red' })
    a.editor.undo()
    expect(a.board.get(note)?.style.fill).toBe('yellow')
    const box = a.board.get(note)?.box
    a.editor.undo()
    expect(textOf(a, note)).toBe(', and theirs')
    expect(a.board.get(note)).toMatchObject({ type: 'sticky', box })
    a.editor.redo()
    expect(textOf(a, note)).toBe('mine, and theirs')
    exchange(a.ydoc, b.ydoc)
    expect(contentOf(b.ydoc)).toEqual(contentOf(a.ydoc))
  })

  test('a note in which nobody else has written goes, and so does one whose words they took back', () => {
    const { a, b, note } = noted()
    b.editor.setText(note, 'mine, and theirs')
    b.editor.setText(note, 'mine')
    exchange(a.ydoc, b.ydoc)
    a.editor.undo()
    expect(a.board.get(note)).toBeUndefined()
    a.editor.redo()
    expect(textOf(a, note)).toBe('mine')
  })

  test('a note that was deleted and brought back stays as well', () => {
    const { a, b, note } = noted()
    a.editor.endTextEdit()
    a.editor.select([note])
    a.key('Delete')
    a.editor.undo()
    exchange(a.ydoc, b.ydoc)
    b.editor.setText(note, 'mine, and theirs')
    exchange(a.ydoc, b.ydoc)
    a.editor.undo()
    expect(textOf(a, note)).toContain(', and theirs')
  })
})

describe('what is not understood', () => {
  test('stays byte for byte under every deed', () => {
    const ids = ['shape', 'gear', 'section', 'line', 'broken', 'odd']
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 10 }), (deeds) => {
        const d = desk(laterBoard())
        const was = ids.map((id) => unknownPart(d.ydoc, id))
        for (const what of deeds) {
          const deletes =
            what.do === 'key' ? what.key === 'Delete' : what.do === 'draw' && what.tool === 'eraser'
          // Of a kind that we can draw, another can be made.
          const remakes = what.do === 'verb' && what.verb === 'shape'
          if (!deletes && !remakes) perform(d, what)
        }
        expect(ids.map((id) => unknownPart(d.ydoc, id))).toEqual(was)
      }),
      { numRuns: 150 },
    )
  })

  test('is shown where it can be, moved like any other, and travels with copies', () => {
    const d = desk(laterBoard())
    expect([...d.board.ids()].sort()).toEqual(['gear', 'line', 'section', 'shape'])
    expect(d.board.get('gear')).toMatchObject({ type: 'unknown', rawType: 'shape' })
    d.editor.selectAll()
    d.editor.duplicate()
    const copies = d.editor.state.get().selection
    expect(copies).toHaveLength(4)
    const originals = ['shape', 'gear', 'section', 'line']
    copies.forEach((copy, i) => {
      const withoutParent = (id: string) =>
        (unknownPart(d.ydoc, id) as [string, unknown][]).filter(([key]) => key !== 'parent')
      expect(withoutParent(copy)).toEqual(withoutParent(originals[i] ?? ''))
    })
    const [shape = '', , section = ''] = copies
    expect(d.board.get(section)?.parent).toBe(shape)
  })

  test('a moved line end keeps the rest of its data', () => {
    const d = desk(laterBoard())
    d.editor.select(['line'])
    d.drag([500, 50], [600, 200])
    const data = d.ydoc.getMap<Y.Map<unknown>>('elements').get('line')?.get('data')
    expect(data).toMatchObject({ bend: 0.5 })
    expect(d.board.get('line')?.box).toMatchObject({ w: 200, h: 200 })
  })

  test('writing keeps the formatting of what stays', () => {
    const d = desk(laterBoard())
    d.editor.startTextEdit('shape')
    d.editor.setText('shape', 'plain and bold')
    const text = d.ydoc.getMap<Y.Map<unknown>>('elements').get('shape')?.get('text') as Y.Text
    expect(text.toDelta()).toEqual([{ insert: 'plain and ' }, { insert: 'bold', attributes: { bold: true } }])
  })
})

describe('styles', () => {
  test('equal to the default are not stored', () => {
    const d = desk()
    const id = d.draw('rectangle', [0, 0], [50, 50])
    const stored = () => [...(d.ydoc.getMap<Y.Map<unknown>>('elements').get(id)?.keys() ?? [])].sort()
    const plain = stored()
    expect(plain).toEqual(['box', 'kind', 'text', 'type', 'z'])
    d.editor.setStyle({ fill: 'red', stroke_width: 8 })
    expect(stored()).toEqual(['box', 'fill', 'kind', 'stroke_width', 'text', 'type', 'z'])
    d.editor.setStyle({ fill: 'none', stroke_width: 2 })
    expect(stored()).toEqual(plain)
  })

  test('chosen for the selection are those of the next element of its type', () => {
    const d = desk()
    d.draw('rectangle', [0, 0], [50, 50])
    d.editor.setStyle({ fill: 'red' })
    const next = d.draw('ellipse', [100, 0], [150, 50])
    expect(d.board.get(next)?.style.fill).toBe('red')
    const note = d.draw('sticky', [300, 300], [300, 300])
    expect(d.board.get(note)?.style.fill).toBe('yellow')
  })
})

describe('splices', () => {
  test('turn one text into another and never cut a surrogate pair', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 })
    fc.assert(
      fc.property(text, text, text, (head, a, b) => {
        const before = head + a + head
        const after = head + b + head
        const splice = spliceBetween(before, after)
        if (!splice) {
          expect(before).toBe(after)
          return
        }
        const { at, removed, inserted } = splice
        expect(before.slice(0, at) + inserted + before.slice(at + removed)).toBe(after)
        // Half a pair cannot be written as UTF-8.
        for (const part of [before.slice(0, at), inserted, before.slice(at + removed)]) {
          expect(() => encodeURIComponent(part)).not.toThrow()
        }
      }),
    )
  })

  test('typed at once at different places both stay', () => {
    const a = desk()
    const b = desk()
    const id = a.draw('sticky', [200, 200], [200, 200])
    a.editor.setText(id, 'middle')
    exchange(a.ydoc, b.ydoc)
    a.editor.setText(id, 'start middle')
    b.editor.startTextEdit(id)
    b.editor.setText(id, 'middle end 🎉')
    exchange(a.ydoc, b.ydoc)
    expect(a.board.get(id)).toMatchObject({ text: 'start middle end 🎉' })
  })
})

describe('a large board that comes all at once', () => {
  const many = 6000
  const sent = (): Uint8Array => {
    const doc = new Y.Doc()
    const elements = doc.getMap('elements')
    doc.transact(() => {
      for (let n = 0; n < many; n += 1) {
        const map = new Y.Map<unknown>()
        for (const [key, value] of Object.entries({ type: 'shape', box: [n, 0, 10, 10, 0], z: 'a0' }))
          map.set(key, value)
        elements.set(`e${n}`, map)
      }
    })
    return Y.encodeStateAsUpdate(doc)
  }

  test('is read in the next task, and never looks empty', async () => {
    const { ydoc, board, editor } = desk()
    Y.applyUpdate(ydoc, sent())
    expect([board.size(), editor.scene.size()]).toEqual([many, 0])
    ydoc.getMap('elements').delete('e7')
    await new Promise((resolve) => setTimeout(resolve))
    expect([board.size(), editor.scene.size()]).toEqual([many - 1, many - 1])
    expect(board.get('e7')).toBeUndefined()
  })

  test('is read at once when something is done to it', () => {
    const { ydoc, board, editor } = desk()
    Y.applyUpdate(ydoc, sent())
    board.apply([{ do: 'setZ', id: 'e1', z: 'b0' }])
    expect(editor.scene.size()).toBe(many)
    expect(board.get('e1')?.z).toBe('b0')
    board.undo()
    expect(board.get('e1')?.z).toBe('a0')
  })
})
