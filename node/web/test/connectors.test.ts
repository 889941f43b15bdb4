/** Connectors by hand: bound, moved with what they hold on to, freed, copied, turned round and taken back. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { endPoints } from '../src/core/connectors/ends'
import { routeOf } from '../src/core/elements/connector'
import { frameOf, hitElement, paintOf } from '../src/core/elements'
import type { ConnectorElement } from '../src/core/elements/types'
import type { ModifierKeys } from '../src/core/editor-api'
import { createScene } from '../src/core/scene'
import { ROUTES } from '../src/core/schema.gen'
import { contentOf, desk, exchange, type Desk } from './desk'

type Pair = readonly [number, number]

/** Two boxes side by side: a at 100,100 and b at 500,100, each 200 by 100. */
function pair(): { d: Desk; a: string; b: string } {
  const d = desk()
  const a = d.draw('rectangle', [100, 100], [300, 200])
  const b = d.draw('rectangle', [500, 100], [700, 200])
  return { d, a, b }
}

function connectors(d: Desk): ConnectorElement[] {
  return d.editor.scene.order().flatMap(({ element }) => (element.type === 'connector' ? [element] : []))
}

function only(d: Desk): ConnectorElement {
  const [one, two] = connectors(d)
  if (!one || two) throw new Error(`${connectors(d).length} connectors`)
  return one
}

function draw(d: Desk, from: Pair, to: Pair, keys?: Partial<ModifierKeys>): ConnectorElement {
  d.editor.setTool('connector')
  d.drag(from, to, keys)
  return only(d)
}

function ends(d: Desk, a: string, b: string): string {
  const name = (id: string) => (id === a ? 'a' : id === b ? 'b' : id)
  const { from, to } = only(d).ends
  return [from, to]
    .map(({ binding }) => {
      if (!binding) return 'free'
      const { element, at, mode } = binding
      return mode === 'auto' ? name(element) : `${name(element)}@${at.join(',')}`
    })
    .join(' ')
}

function way(e: ConnectorElement | undefined): string {
  return e
    ? routeOf(e)
        .points.map(({ x, y }) => `${Math.round(x)},${Math.round(y)}`)
        .join(' ')
    : 'gone'
}

describe('drawing', () => {
  const cases: [string, Pair, Pair, Partial<ModifierKeys>, string, string][] = [
    ['inside to inside', [200, 160], [600, 170], {}, 'a b', '300,150 500,150'],
    ['from the middle of a side', [300, 150], [600, 170], {}, 'a@1,0.5 b', '300,150 500,150'],
    [
      'to the middle of a side',
      [200, 160],
      [600, 100],
      {},
      'a b@0.5,0',
      '300,150 400,150 400,80 600,80 600,100',
    ],
    ['to a place on an edge', [200, 160], [500, 125], {}, 'a b@0,0.25', '300,150 400,150 400,125 500,125'],
    ['to nothing', [200, 160], [420, 400], {}, 'a free', '200,200 200,400 420,400'],
    ['from nothing', [200, 400], [600, 160], {}, 'free b', '200,400 350,400 350,150 500,150'],
    ['with Alt', [200, 160], [600, 170], { alt: true }, 'free free', '200,160 600,160 600,170'],
    ['with Ctrl', [200, 160], [600, 170], { mod: true }, 'free free', '200,160 600,160 600,170'],
  ]
  test.each(cases)('%s', (_, from, to, keys, bound, route) => {
    const { d, a, b } = pair()
    draw(d, from, to, keys)
    expect(ends(d, a, b)).toBe(bound)
    expect(way(only(d))).toBe(route)
    expect(d.editor.state.get()).toMatchObject({ tool: 'select', selection: [only(d).id], binding: null })
    d.editor.undo()
    expect(connectors(d)).toEqual([])
    d.editor.redo()
    expect(way(only(d))).toBe(route)
  })

  test('what an end would be bound to is shown, before and while it is drawn', () => {
    const { d, a, b } = pair()
    d.editor.setTool('connector')
    d.moveTo(200, 150)
    expect(d.editor.state.get().binding).toEqual({ id: a, at: null })
    d.moveTo(302, 148)
    expect(d.editor.state.get().binding).toEqual({ id: a, at: { x: 300, y: 150 } })
    d.press(302, 148)
    d.moveTo(400, 300)
    expect(d.editor.state.get().binding).toBeNull()
    d.moveTo(600, 150)
    expect(d.editor.state.get().binding).toEqual({ id: b, at: null })
    expect(d.told.at(-1)?.drafts?.map((e) => e.type)).toEqual(['connector'])
    d.key('Escape')
    d.release(600, 150)
    expect(connectors(d)).toEqual([])
    d.moveTo(400, 600)
    expect(d.editor.state.get().binding).toBeNull()
  })

  test('a click makes nothing, nor does an element hold both ends', () => {
    const { d, a, b } = pair()
    d.editor.setTool('connector')
    d.click(200, 150)
    expect(connectors(d)).toEqual([])
    draw(d, [150, 150], [250, 160])
    expect(ends(d, a, b)).toBe('a free')
  })

  test('two selected elements are connected by a key, and several in a row', () => {
    const { d, a, b } = pair()
    const c = d.draw('ellipse', [500, 400], [700, 500])
    d.editor.select([a])
    expect(d.key('c', { shift: true })).toBe(false)
    d.editor.select([a, b])
    expect(d.key('c', { shift: true })).toBe(true)
    expect(ends(d, a, b)).toBe('a b')
    d.editor.undo()
    d.editor.select([a, b, c])
    d.key('c', { shift: true })
    expect(connectors(d).map((e) => way(e))).toEqual(['300,150 500,150', '600,200 600,400'])
    d.editor.undo()
    expect(connectors(d)).toEqual([])
  })

  test('a connected copy stands where there is room', () => {
    const { d, a } = pair()
    d.editor.setText(a, 'said')
    d.editor.select([a])
    expect(d.key('ArrowRight', { mod: true })).toBe(true)
    const [copy = ''] = d.editor.state.get().selection
    // b stands in the way straight on.
    expect(d.board.get(copy)).toMatchObject({
      type: 'shape',
      text: '',
      box: { x: 400, y: 240, w: 200, h: 100 },
    })
    expect(only(d).ends).toMatchObject({
      from: { binding: { element: a } },
      to: { binding: { element: copy } },
    })
    d.editor.undo()
    expect(d.board.size()).toBe(2)
  })
})

describe('the points beside a selected element', () => {
  test('a drag out of one draws a connector that is bound to this side', () => {
    const { d, a, b } = pair()
    d.editor.select([a])
    d.drag([200, 222], [600, 150])
    expect(ends(d, a, b)).toBe('a@0.5,1 b')
    expect(way(only(d))).toBe('200,200 200,220 400,220 400,150 500,150')
  })

  test('a click on one makes a connected copy on this side', () => {
    const { d, a } = pair()
    d.editor.select([a])
    d.click(200, 222)
    const [copy = ''] = d.editor.state.get().selection
    expect(d.board.get(copy)?.box).toMatchObject({ x: 100, y: 300, w: 200, h: 100 })
    expect(way(only(d))).toBe('200,200 200,300')
    d.editor.undo()
    expect(d.board.size()).toBe(2)
  })
})

describe('following', () => {
  test('nobody writes to a connector because its element moved', () => {
    const { d, b } = pair()
    const { id } = draw(d, [200, 150], [600, 150])
    const before = JSON.stringify(d.board.snapshot(id))
    d.press(600, 102)
    d.moveTo(600, 302, { mod: true })
    expect(way(only(d))).toBe('300,150 400,150 400,350 500,350')
    expect(d.told.at(-1)?.drafts ?? []).toEqual([])
    d.release(600, 302, { mod: true })
    expect(d.board.get(b)?.box.y).toBe(300)
    expect(JSON.stringify(d.board.snapshot(id))).toBe(before)
    d.editor.undo()
    expect(way(only(d))).toBe('300,150 500,150')
  })

  test('others see it follow a live drag', () => {
    const { d, b } = pair()
    draw(d, [200, 150], [600, 150])
    const other = desk()
    exchange(d.ydoc, other.ydoc)
    other.editor.scene.setPreview(7, { boxes: [[b, { x: 500, y: 300, w: 200, h: 100, angle: 0 }]] })
    expect(way(only(other))).toBe('300,150 400,150 400,350 500,350')
    other.editor.scene.setPreview(7, null)
    expect(way(only(other))).toBe('300,150 500,150')
  })

  test('an element that moves into the way is gone around, and no more when it has gone', () => {
    const { d } = pair()
    draw(d, [200, 150], [600, 150])
    const c = d.draw('rectangle', [380, 400], [420, 440])
    d.editor.setStyle({ fill: 'blue' })
    d.editor.select([c])
    d.editor.nudge(0, -270)
    expect(way(only(d))).toBe('300,150 368,150 368,182 480,182 480,150 500,150')
    d.editor.nudge(0, 270)
    expect(way(only(d))).toBe('300,150 500,150')
    d.editor.undo()
    expect(way(only(d))).toBe('300,150 500,150')
  })

  test('moved along with both its elements it stays bound; alone it stays where it is', () => {
    const { d, a, b } = pair()
    const { id } = draw(d, [200, 150], [600, 150])
    d.editor.select([id])
    d.editor.nudge(0, 50)
    expect(way(only(d))).toBe('300,150 500,150')
    d.editor.select([a, b, id])
    d.editor.nudge(0, 50)
    expect(ends(d, a, b)).toBe('a b')
    expect(way(only(d))).toBe('300,200 500,200')
    d.editor.align('left')
    expect(d.board.get(b)?.box.x).toBe(100)
  })

  test('its free end goes where it is taken', () => {
    const { d, a, b } = pair()
    draw(d, [200, 150], [200, 400])
    d.editor.nudge(30, 10)
    expect(way(only(d))).toBe('200,200 200,410 230,410')
    expect(ends(d, a, b)).toBe('a free')
  })
})

describe('ends', () => {
  test('a dragged end is bound anew, or freed', () => {
    const { d, a, b } = pair()
    const c = d.draw('rectangle', [500, 400], [700, 500])
    const { id } = draw(d, [200, 150], [600, 150])
    d.editor.select([id])
    d.drag([500, 150], [600, 450])
    expect(ends(d, a, c)).toBe('a b')
    expect(only(d).ends.to.binding?.element).toBe(c)
    d.drag([500, 450], [420, 300])
    expect(ends(d, a, b)).toBe('a free')
    d.editor.undo()
    d.editor.undo()
    expect(ends(d, a, b)).toBe('a b')
  })

  test('with its element deleted an end stays where it is, by the same deed', () => {
    const { d, a, b } = pair()
    const { id } = draw(d, [200, 150], [600, 150])
    d.editor.select([b])
    d.editor.nudge(0, 100)
    const route = way(only(d))
    d.editor.deleteSelection()
    expect(ends(d, a, b)).toBe('a free')
    expect(endPoints(only(d)).map(({ x, y }) => [x, y])).toEqual([
      [300, 150],
      [500, 250],
    ])
    d.editor.undo()
    expect(ends(d, a, b)).toBe('a b')
    expect(way(only(d))).toBe(route)
    d.editor.select([a, b, id])
    d.editor.deleteSelection()
    expect(d.board.size()).toBe(0)
  })

  test('an end whose element somebody else deleted is drawn where it last was', () => {
    const { d, b } = pair()
    const { id } = draw(d, [200, 150], [600, 150])
    const other = desk()
    exchange(d.ydoc, other.ydoc)
    // Without a word about the connector, as another program would.
    other.ydoc.getMap('elements').delete(b)
    exchange(d.ydoc, other.ydoc)
    for (const one of [d, other]) {
      expect(way(only(one))).toBe('300,150 500,150')
      expect(one.board.get(id)).toMatchObject({ ends: { to: { binding: { element: b } } } })
    }
  })
})

describe('copies', () => {
  test('of elements and their connector are bound to each other', () => {
    const { d, a, b } = pair()
    const { id } = draw(d, [200, 150], [600, 150])
    d.editor.select([a, b, id])
    d.editor.duplicate()
    const copied = d.editor.state.get().selection
    const copy = connectors(d).find((e) => copied.includes(e.id))
    expect(
      copy &&
        [copy.ends.from.binding?.element, copy.ends.to.binding?.element].every((one) =>
          copied.includes(one ?? ''),
        ),
    ).toBe(true)
    expect(way(copy)).toBe('320,170 520,170')
  })

  test('of a connector alone end where it ended', () => {
    const { d, b } = pair()
    const { id } = draw(d, [200, 150], [600, 150])
    d.editor.select([b])
    d.editor.nudge(0, 100)
    d.editor.select([id])
    d.editor.duplicate()
    const copy = connectors(d).find((e) => e.id !== id)
    expect(copy?.ends).toMatchObject({ from: { binding: null }, to: { binding: null } })
    expect(copy && endPoints(copy).map(({ x, y }) => [x, y])).toEqual([
      [320, 170],
      [520, 270],
    ])
  })

  test('dragged with Alt are bound to each other too', () => {
    const { d, a, b } = pair()
    const { id } = draw(d, [200, 150], [600, 150])
    d.editor.select([a, b, id])
    d.drag([150, 100], [150, 400], { alt: true, mod: true })
    const copied = d.editor.state.get().selection
    const copy = connectors(d).find((e) => copied.includes(e.id))
    expect(copied).toHaveLength(3)
    expect(way(copy)).toBe('300,450 500,450')
  })
})

describe('looks', () => {
  test('its way and its ends are changed, and are those of the next one', () => {
    const { d } = pair()
    draw(d, [200, 150], [600, 150])
    d.editor.setRoute('curved')
    d.editor.setHeads({ from_head: 'many', to_head: 'zero_or_one' })
    expect(only(d)).toMatchObject({ kind: 'curved', ends: { from_head: 'many', to_head: 'zero_or_one' } })
    expect(d.editor.styleSummary()).toMatchObject({ route: 'curved', heads: { from_head: 'many' } })
    expect(routeOf(only(d)).curve).not.toBeNull()
    d.editor.undo()
    d.editor.undo()
    expect(only(d)).toMatchObject({ kind: 'elbow', ends: { to_head: 'arrow' } })
    d.editor.deleteSelection()
    expect(draw(d, [200, 150], [600, 150])).toMatchObject({ kind: 'curved', ends: { from_head: 'many' } })
  })

  test('a label stands in the middle, in a gap of the line, and is hit', () => {
    const { d } = pair()
    const { id } = draw(d, [200, 150], [600, 150])
    d.doubleClick(400, 150)
    expect(d.editor.state.get().editing).toEqual({ id, isNew: false })
    d.editor.setText(id, 'yes, always')
    const frame = d.editor.textFrame(id)
    expect(frame && frame.element.x + frame.element.w / 2).toBe(400)
    d.editor.endTextEdit()
    const e = only(d)
    expect(hitElement(e, { x: 400, y: 158 }, 0)).toBe(true)
    expect(hitElement(e, { x: 330, y: 158 }, 0)).toBe(false)
    const { form, text } = paintOf(e)
    expect(text?.words.map((word) => word.text)).toEqual(['yes,', 'always'])
    expect(form.is === 'path' && form.ops.filter((op, i) => op === 0 && i % 3 === 0)).toHaveLength(2)
    expect(frameOf(e)).toMatchObject({ x: 300, y: 150, w: 200, h: 0 })
  })
})

const place = fc.tuple(fc.integer({ min: 20, max: 1200 }), fc.integer({ min: 20, max: 760 }))
const deed = fc.record({
  what: fc.constantFrom(
    'draw',
    'drag',
    'delete',
    'nudge',
    'copy',
    'connect',
    'grow',
    'route',
    'flip',
    'label',
  ),
  from: place,
  to: place,
  pick: fc.nat(),
})
type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never

function act(d: Desk, { what, from, to, pick }: Deed): void {
  const ids = [...d.board.ids()].sort()
  const one = ids[pick % Math.max(1, ids.length)]
  switch (what) {
    case 'draw':
      d.editor.setTool('connector')
      return d.drag(from, to)
    case 'drag':
      d.editor.setTool('select')
      return d.drag(from, to, { mod: pick % 2 === 0, alt: pick % 5 === 0 })
    case 'route':
      if (one !== undefined) d.editor.select([one])
      return d.editor.setRoute(ROUTES[pick % 3] ?? 'elbow')
    case 'label':
      if (one !== undefined && d.board.get(one)?.type === 'connector') d.editor.setText(one, `label ${pick}`)
      return
    case 'connect':
      d.editor.select(ids.slice(0, 3))
      return void d.editor.connect()
    default:
      d.editor.select(pick % 3 === 0 ? ids : one === undefined ? [] : [one])
      if (what === 'delete') d.editor.deleteSelection()
      if (what === 'nudge') d.editor.nudge(to[0] - from[0], to[1] - from[1])
      if (what === 'copy') d.editor.duplicate()
      if (what === 'grow') d.editor.grow('down')
      if (what === 'flip') d.editor.flip('across')
  }
}

describe('whatever is done', () => {
  test('undo takes it back, and the document is as it was', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 8 }), deed, (before, last) => {
        const { d } = pair()
        for (const one of before) act(d, one)
        d.editor.escape()
        d.editor.endTextEdit()
        d.board.endStep()
        const was = contentOf(d.ydoc)
        const size = JSON.stringify(was)
        act(d, last)
        for (let i = 0; i < 3 && JSON.stringify(contentOf(d.ydoc)) !== size; i++) d.editor.undo()
        expect(contentOf(d.ydoc)).toEqual(was)
      }),
      { numRuns: 80 },
    )
  })

  test('every scene shows the same ways, however it came to them', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 12 }), (deeds) => {
        const { d } = pair()
        const other = desk()
        exchange(d.ydoc, other.ydoc)
        for (const one of deeds) {
          act(d, one)
          exchange(d.ydoc, other.ydoc)
        }
        d.editor.setTool('select')
        const fresh = createScene(d.board)
        for (const scene of [d.editor.scene, other.editor.scene]) {
          expect(scene.order().map(({ element }) => waysOf(element))).toEqual(
            fresh.order().map(({ element }) => waysOf(element)),
          )
          expect(scene.bounds()).toEqual(fresh.bounds())
        }
      }),
      { numRuns: 80 },
    )
  })
})

function waysOf(e: { readonly id: string; readonly type: string }) {
  return e.type === 'connector' ? [e.id, way(e as ConnectorElement)] : [e.id]
}
