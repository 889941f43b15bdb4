/** Geometry, order, the scene's index and what travels as JSON. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesFromBase64, base64FromBytes } from '../src/core/base64'
import { fit, toScreen, viewOf, zoomAbout } from '../src/core/camera'
import { clipboardText, parseClipboard } from '../src/core/clipboard'
import { frameOf, hitElement, inMarquee, paintOf } from '../src/core/elements'
import { packInk, unpackInk } from '../src/core/elements/ink'
import { newLine, newPen, newShape, newText, type Maker } from '../src/core/elements/make'
import { elementFromRaw, rawOfElement } from '../src/core/elements/raw'
import { storableBox } from '../src/core/elements/read'
import { outlineOf } from '../src/core/elements/solid'
import type { Element } from '../src/core/elements/types'
import { boxCentre, cornersOf, fromBoxFrame, rectOfBox, toBoxFrame, type Box } from '../src/core/geometry/box'
import { distanceToSegment, segmentTouchesRect } from '../src/core/geometry/segment'
import {
  handlePoint,
  HANDLES,
  mapBox,
  mapPoint,
  mirroredHandle,
  resizeFrame,
  sidesOf,
  turnBox,
  type Handle,
} from '../src/core/geometry/transform'
import { bindingFor, KEYMAP } from '../src/core/keymap'
import { decodeLive, encodeLive } from '../src/core/live'
import { comparePlaces, keysBetween } from '../src/core/order'
import { createScene } from '../src/core/scene'
import { SHAPE_FORMS, SHAPE_KINDS } from '../src/core/schema.gen'
import { NO_STYLES } from '../src/core/styling'
import { desk, exchange } from './desk'

const n = fc.double({ min: -1000, max: 1000, noNaN: true })
const length = fc.double({ min: 1, max: 1000, noNaN: true })
const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true })
const anyBox: fc.Arbitrary<Box> = fc.record({ x: n, y: n, w: length, h: length, angle })
const point = fc.record({ x: n, y: n })
const NO_HEADS = { from_head: 'none', to_head: 'none' } as const
const by: Maker = { id: 'el_1', z: 'a0', styles: NO_STYLES }

describe('boxes', () => {
  test('their frame and the world lead back to each other', () => {
    fc.assert(
      fc.property(anyBox, point, (box, p) => {
        const there = fromBoxFrame(toBoxFrame(p, box), box)
        expect(there.x).toBeCloseTo(p.x, 6)
        expect(there.y).toBeCloseTo(p.y, 6)
      }),
    )
  })

  test('the bounds hold every corner and no more', () => {
    fc.assert(
      fc.property(anyBox, (box) => {
        const r = rectOfBox(box)
        const corners = cornersOf(box)
        expect(Math.min(...corners.map((p) => p.x))).toBeCloseTo(r.minX, 6)
        expect(Math.max(...corners.map((p) => p.y))).toBeCloseTo(r.maxY, 6)
      }),
    )
  })

  test('a handle goes where it is dragged, and the opposite one stays', () => {
    fc.assert(
      fc.property(anyBox, fc.constantFrom(...HANDLES), n, n, (box, handle, dx, dy) => {
        const at = handlePoint(box, handle)
        const resized = resizeFrame(
          box,
          handle,
          { x: at.x + dx, y: at.y + dy },
          { keepAspect: false, fromCentre: false },
        )
        const after = resized.frame
        const oppositeOf = (one: Handle) => mirroredHandle(one, { across: true, down: true })
        const shown = mirroredHandle(handle, resized)
        const [sx, sy] = sidesOf(shown)
        const was = handlePoint(box, oppositeOf(handle))
        const is = handlePoint(after, oppositeOf(shown))
        expect(is.x).toBeCloseTo(was.x, 4)
        expect(is.y).toBeCloseTo(was.y, 4)
        expect(Math.min(after.w, after.h)).toBeGreaterThanOrEqual(1)
        const to = toBoxFrame({ x: at.x + dx, y: at.y + dy }, after)
        if (sx !== 0 && after.w > 1) expect(to.x).toBeCloseTo(sx > 0 ? after.w : 0, 4)
        if (sy !== 0 && after.h > 1) expect(to.y).toBeCloseTo(sy > 0 ? after.h : 0, 4)
      }),
    )
  })

  test('aspect and centre are kept when asked for', () => {
    fc.assert(
      fc.property(anyBox, fc.constantFrom(...HANDLES), point, (box, handle, to) => {
        const { frame: after } = resizeFrame(box, handle, to, { keepAspect: true, fromCentre: true })
        if (after.w > 1 && after.h > 1) expect(after.w / after.h).toBeCloseTo(box.w / box.h, 4)
        expect(boxCentre(after).x).toBeCloseTo(boxCentre(box).x, 4)
        expect(boxCentre(after).y).toBeCloseTo(boxCentre(box).y, 4)
      }),
    )
  })

  test('what a frame held before it is resized, it holds after', () => {
    const frame = { x: 0, y: 0, w: 100, h: 100, angle: 0 }
    const to = { frame: { x: 50, y: 0, w: 300, h: 50, angle: 0 }, across: false, down: false }
    const quarter = Math.PI / 2
    expect(mapBox({ x: 0, y: 0, w: 10, h: 20, angle: 0.5 }, frame, { ...to, across: true })).toMatchObject({
      x: 320,
      y: 0,
      w: 30,
      h: 10,
      angle: -0.5,
    })
    expect(
      mapBox({ x: 0, y: 0, w: 10, h: 20, angle: 0.5 }, frame, { ...to, across: true, down: true }),
    ).toMatchObject({ x: 320, y: 40, angle: 0.5 })
    expect(mapPoint({ x: 10, y: 10 }, frame, { ...to, down: true })).toEqual({ x: 80, y: 45 })
    expect(mapBox({ x: 0, y: 0, w: 10, h: 20, angle: 0 }, frame, to)).toMatchObject({
      x: 50,
      y: 0,
      w: 30,
      h: 10,
    })
    const turned = mapBox({ x: 40, y: 40, w: 20, h: 10, angle: quarter }, frame, to)
    expect([turned.w, turned.h]).toEqual([10, 30])
    expect(turnBox(frame, { x: 0, y: 0 }, quarter)).toMatchObject({ x: -100, y: 0, angle: quarter })
  })

  test('stored boxes are finite, in range and free of noise', () => {
    expect(storableBox({ x: 0.1 + 0.2, y: 2e9, w: -5, h: Number.NaN, angle: 3 * Math.PI })).toEqual({
      x: 0.3,
      y: 1e7,
      w: 0,
      h: 0,
      angle: Math.round(Math.PI * 1e6) / 1e6,
    })
  })
})

describe('segments', () => {
  test('a segment touches a rectangle when some point of it lies inside', () => {
    fc.assert(
      fc.property(point, point, point, (a, b, centre) => {
        const r = { minX: centre.x - 50, minY: centre.y - 50, maxX: centre.x + 50, maxY: centre.y + 50 }
        const steps = Array.from({ length: 400 }, (_, i) => i / 399)
        const inside = steps.some((t) => {
          const x = a.x + (b.x - a.x) * t
          const y = a.y + (b.y - a.y) * t
          return x >= r.minX && x <= r.maxX && y >= r.minY && y <= r.maxY
        })
        if (inside) expect(segmentTouchesRect(a, b, r)).toBe(true)
        else if (segmentTouchesRect(a, b, r)) {
          expect(distanceToSegment(centre, a, b)).toBeLessThanOrEqual(50 * Math.SQRT2 + 1e-6)
        }
      }),
    )
  })
})

describe('hits', () => {
  const filled = (kind: 'rectangle' | 'ellipse' | 'diamond', fill = 'blue'): Element => {
    const e = newShape(by, kind, { x: 0, y: 0, w: 200, h: 100, angle: 0 })
    return { ...e, style: { ...e.style, fill } }
  }
  const line = newLine(by, [point0(0, 0), point0(100, 100)], NO_HEADS)
  const cases: [string, Element, [number, number], boolean][] = [
    ['inside a filled rectangle', filled('rectangle'), [100, 50], true],
    ['inside a hollow one', filled('rectangle', 'none'), [100, 50], false],
    ['on the edge of a hollow one', filled('rectangle', 'none'), [0, 50], true],
    ['a little off the edge', filled('rectangle', 'none'), [-4, 50], true],
    ['the corner of an ellipse', filled('ellipse'), [5, 5], false],
    ['the corner of a diamond', filled('diamond'), [20, 10], false],
    ['inside a diamond', filled('diamond'), [60, 40], true],
    ['on a line', line, [50, 52], true],
    ['off a line, in its box', line, [90, 10], false],
  ]
  test.each(cases)('%s', (_, e, [x, y], expected) => {
    expect(hitElement(e, { x, y }, 4)).toBe(expected)
  })

  const shapes = SHAPE_KINDS.map((kind) => [kind] as const)

  test.each(shapes)('a %s is hit where it is drawn', (kind) => {
    const box = { x: 100, y: 50, w: 200, h: 100, angle: 0 }
    const e = newShape(by, kind, box)
    const outline = outlineOf(kind, box)
    expect(outline.length).toBeGreaterThan(2)
    for (const p of outline) {
      expect(p.x).toBeGreaterThanOrEqual(99)
      expect(p.x).toBeLessThanOrEqual(301)
      expect(hitElement(e, p, 1)).toBe(true)
    }
    expect(hitElement(e, { x: 90, y: 40 }, 4)).toBe(false)
    const filledOne = { ...e, style: { ...e.style, fill: 'blue' } }
    expect(hitElement(filledOne, { x: 200, y: 101 }, 0)).toBe(SHAPE_FORMS[kind].closed)
  })

  test.each(shapes)('a %s is painted within its box, and gives its text room', (kind) => {
    const e = { ...newShape(by, kind, { x: 0, y: 0, w: 120, h: 90, angle: 0 }), text: 'word' }
    const paint = paintOf(e)
    expect(paint.text?.words).toHaveLength(1)
    if (paint.form.is === 'outline')
      expect(paint.form.ops.every((one) => one >= -12 && one <= 132)).toBe(true)
    else expect(paint.form.is).toBe(kind)
  })

  test('a marquee touches a line where it is, not where its box is', () => {
    const rect = { minX: 60, minY: 0, maxX: 100, maxY: 40 }
    expect(inMarquee(line, rect, 'touching')).toBe(false)
    expect(inMarquee(line, { ...rect, maxY: 80 }, 'touching')).toBe(true)
    expect(inMarquee(line, { minX: -1, minY: -1, maxX: 101, maxY: 101 }, 'enclosing')).toBe(true)
  })

  test('text takes the room of its lines, whatever is stored', () => {
    const e = newText(by, { x: 10, y: 20 }, null, 'two\nlines')
    const frame = frameOf(e)
    expect([frame.x, frame.y, frame.h]).toEqual([10, 20, 50])
    expect(frame.w).toBeGreaterThan(30)
    expect(e.box).toMatchObject({ w: 0, h: 0 })
  })
})

describe('order', () => {
  test('keys lie between their neighbours, made by whom they may be', () => {
    const key = fc.stringMatching(/^[0-9A-Za-z]{1,6}$/)
    fc.assert(
      fc.property(fc.option(key), fc.option(key), fc.integer({ min: 1, max: 5 }), (a, b, count) => {
        const [below, above] = a !== null && b !== null && a > b ? [b, a] : [a, b]
        const keys = keysBetween(below, above, count)
        expect(keys).toHaveLength(count)
        for (const [i, k] of keys.entries()) {
          expect(k).toMatch(/^[0-9A-Za-z]+$/)
          const before = i === 0 ? below : (keys[i - 1] ?? null)
          if (before !== null) expect(k > before).toBe(true)
        }
      }),
    )
  })

  test('below the lowest key there is nothing, and keys still rise', () => {
    const keys = keysBetween(null, '0', 3)
    expect(keys).toEqual([...new Set(keys)].sort())
    expect(keys).toHaveLength(3)
  })

  test('ties are settled by id', () => {
    expect(comparePlaces({ z: 'a0', id: 'a' }, { z: 'a0', id: 'b' })).toBe(-1)
    expect(comparePlaces({ z: 'Zz', id: 'b' }, { z: 'a0', id: 'a' })).toBe(-1)
  })
})

describe('the scene', () => {
  test('follows the document change by change to what a fresh look finds', () => {
    const step = fc.record({
      what: fc.constantFrom('draw', 'move', 'delete', 'front', 'undo'),
      x: fc.integer({ min: 0, max: 1000 }),
      y: fc.integer({ min: 0, max: 700 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const d = desk()
        const other = desk()
        for (const { what, x, y } of steps) {
          const ids = [...d.board.ids()]
          const id = ids[x % Math.max(1, ids.length)]
          if (id !== undefined) d.editor.select([id])
          if (what === 'draw') d.draw('rectangle', [x, y], [x + 40, y + 30])
          if (what === 'move') d.editor.nudge(x - 500, y - 350)
          if (what === 'delete') d.editor.deleteSelection()
          if (what === 'front') d.editor.bringToFront()
          if (what === 'undo') d.editor.undo()
        }
        // One scene was told of every change, one of all at once, one only of what there is now.
        exchange(d.ydoc, other.ydoc)
        const fresh = createScene(d.board)
        for (const scene of [d.editor.scene, other.editor.scene]) {
          expect(scene.order().map((e) => e.id)).toEqual(fresh.order().map((e) => e.id))
          expect(scene.bounds()).toEqual(fresh.bounds())
          const rect = { minX: 0, minY: 0, maxX: 300, maxY: 200 }
          const seen: string[] = []
          scene.visit(rect, (entry) => seen.push(entry.id))
          const expected = fresh
            .order()
            .filter((e) => e.minX <= 300 && e.maxX >= 0 && e.minY <= 200 && e.maxY >= 0)
            .map((e) => e.id)
          expect(seen).toEqual(expected)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('shows a live preview in place of an element, until it is over', () => {
    const d = desk()
    const id = d.draw('rectangle', [0, 0], [50, 50])
    const box = { x: 500, y: 500, w: 50, h: 50, angle: 0 }
    d.editor.scene.setPreview(7, { boxes: [[id, box]] })
    expect(d.editor.scene.get(id)?.element.box).toEqual(box)
    expect(d.editor.scene.topmostAt({ x: 500, y: 520 }, 2, () => true)?.id).toBe(id)
    expect(d.board.get(id)?.box.x).toBe(0)
    d.editor.scene.setPreview(7, null)
    expect(d.editor.scene.get(id)?.element.box.x).toBe(0)
  })
})

describe('the camera', () => {
  test('keeps what is under the pointer while zooming', () => {
    fc.assert(
      fc.property(point, fc.double({ min: 0.05, max: 8, noNaN: true }), point, (at, zoom, offset) => {
        const camera = { ...offset, zoom: 1 }
        const world = { x: at.x - camera.x, y: at.y - camera.y }
        const after = toScreen(zoomAbout(camera, zoom, at), world)
        expect(after.x).toBeCloseTo(at.x, 6)
        expect(after.y).toBeCloseTo(at.y, 6)
      }),
    )
  })

  test('fits what it is asked to, and enlarges nothing beyond the limit', () => {
    const viewport = { w: 1280, h: 800 }
    const small = { minX: 10, minY: 10, maxX: 20, maxY: 20 }
    expect(fit(small, viewport, 1).zoom).toBe(1)
    const large = { minX: -3000, minY: 0, maxX: 3000, maxY: 500 }
    const seen = viewOf(fit(large, viewport, 1), viewport)
    expect(seen.minX).toBeLessThan(-3000)
    expect(seen.maxX).toBeGreaterThan(3000)
  })
})

describe('ink', () => {
  test('comes back as it was packed, to an eighth of a pixel', () => {
    const points = fc.array(fc.tuple(n, n), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(points, fc.boolean(), (pairs, hasPressure) => {
        const flat = pairs.flat()
        const pressures = hasPressure ? pairs.map((_, i) => (i % 5) / 5) : null
        const ink = unpackInk(packInk({ w0: 10, h0: 20, points: flat, pressures }))
        expect(ink).toMatchObject({ w0: 10, h0: 20 })
        for (const [i, value] of (ink?.points ?? []).entries()) {
          expect(Math.abs(value - (flat[i] ?? 0))).toBeLessThanOrEqual(1 / 16 + 1e-9)
        }
        expect(ink?.pressures?.length ?? 0).toBe(pressures?.length ?? 0)
      }),
    )
  })

  test('cut anywhere is refused, not misread', () => {
    const bytes = packInk({ w0: 1, h0: 1, points: [1, 2, 300, 400, -5, 6], pressures: [0, 0.5, 1] })
    for (let end = 0; end < bytes.length; end++) expect(unpackInk(bytes.slice(0, end))).toBeUndefined()
  })
})

describe('as JSON', () => {
  const pen = newPen(by, [point0(0, 0), point0(30, 40)], null)
  const all: Element[] = [
    newShape(by, 'diamond', { x: 1, y: 2, w: 3, h: 4, angle: 0.5 }),
    newText(by, { x: 5, y: 6 }, 100, 'words'),
    newLine(by, [point0(0, 0), point0(9, -9)], { from_head: 'none', to_head: 'arrow' }),
    newLine(by, [point0(0, 0), point0(9, -9), point0(18, 4)], NO_HEADS),
    pen,
  ]
  test('elements are read as they were written', () => {
    for (const e of all) {
      const raw = new Map(rawOfElement(e))
      expect(elementFromRaw(e.id, (key) => raw.get(key))).toEqual(e)
    }
  })

  test('live previews come back, and whatever else is sent does not harm', () => {
    const live = { boxes: [['a', { x: 1, y: 2, w: 3, h: 4, angle: 0 }]] as const, drafts: all }
    expect(decodeLive(JSON.parse(JSON.stringify(encodeLive(live))))).toEqual(live)
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        decodeLive(value)
        decodeLive({ boxes: value, drafts: [value] })
        decodeLive({ drafts: [{ id: 'x', type: 'pen', box: [0, 0, 1, 1, 0], data: value }] })
        decodeLive({ drafts: [{ id: 'x', type: 'line', box: [0, 0, 1, 1, 0], data: value, z: value }] })
      }),
    )
  })

  test('bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(base64FromBytes(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(bytesFromBase64(base64FromBytes(bytes))).toEqual(bytes)
      }),
    )
    expect(bytesFromBase64('a~==')).toBeNull()
  })

  test('a clipboard that is not ours is nothing', () => {
    const d = desk()
    d.draw('rectangle', [0, 0], [50, 50])
    const payload = d.editor.copy()
    if (!payload) throw new Error('nothing copied')
    expect(parseClipboard(clipboardText(payload))).toEqual(payload)
    const [one] = payload.elements
    const many = Array.from({ length: 20_000 }, (_, i) => ({ ...one, id: `e${i}` }))
    expect(parseClipboard(JSON.stringify({ ...payload, elements: many }))?.elements).toHaveLength(20_000)
    for (const text of ['', 'words', '{', '{}', '{"format":"easel/elements","version":1,"elements":[{}]}']) {
      expect(parseClipboard(text)).toBeNull()
    }
  })
})

test('no two actions share a key', () => {
  const keys = KEYMAP.map(({ key, mod, shift, alt }) => [key, mod, shift, alt].join(' '))
  expect(new Set(keys).size).toBe(keys.length)
})

test('letters of another script are the keys they lie on', () => {
  const pressed = (key: string, code: string, mod = false) =>
    bindingFor({ kind: 'down', key, code, repeat: false, shift: false, alt: false, mod })?.action
  expect(pressed('я', 'KeyZ', true)).toBe('undo')
  expect(pressed('κ', 'KeyK', true)).toBe('palette')
  expect(pressed('ר', 'KeyR')).toBe('tool:rectangle')
  // A Latin layout is taken at its word, wherever its letters lie.
  expect(pressed('q', 'KeyA', true)).toBeUndefined()
  expect(pressed('é', 'KeyR')).toBeUndefined()
  expect(pressed('х', 'BracketLeft')).toBeUndefined()
})

function point0(x: number, y: number) {
  return { x, y }
}

test('dragging a thousand elements leaves the scene as a fresh look finds it', () => {
  const d = desk()
  const id = d.draw('rectangle', [0, 0], [10, 10])
  while (d.board.size() < 1000) {
    d.editor.selectAll()
    d.editor.duplicate()
  }
  d.editor.selectAll()
  const where = d.editor.selectionBox()
  if (!where) throw new Error('nothing selected')
  const { x, y } = where
  d.press(x, y + 5)
  d.moveTo(x + 400, y + 300)
  expect(d.editor.scene.get(id)?.minX).toBeGreaterThan(390)
  expect(d.editor.scene.inRect({ minX: -50, minY: -50, maxX: 50, maxY: 50 }, 'touching')).toEqual([])
  d.release(x + 400, y + 300)
  const found = d.editor.scene.inRect({ minX: 390, minY: 290, maxX: 420, maxY: 320 }, 'touching')
  const fresh = createScene(d.board).inRect({ minX: 390, minY: 290, maxX: 420, maxY: 320 }, 'touching')
  expect(found.map((e) => e.id)).toEqual(fresh.map((e) => e.id))
  expect(found.length).toBeGreaterThan(0)
})
