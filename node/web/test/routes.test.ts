/** Which way an elbow takes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rimOf } from '../src/core/connectors/rim'
import { routeBetween, type Joint, type Near } from '../src/core/connectors/route'
import { headsAt } from '../src/core/elements/heads'
import { outlineOf } from '../src/core/elements/solid'
import type { ShapeKind } from '../src/core/elements/types'
import { boxCentre, rectOfBox, type Box, type Rect } from '../src/core/geometry/box'
import { segmentTouchesRect } from '../src/core/geometry/segment'
import { HEADS } from '../src/core/schema.gen'
import { pairsOf } from '../src/core/connectors/way'

type Numbers = readonly [number, number, number, number]

function boxOf([x, y, w, h]: Numbers, angle = 0): Box {
  return { x, y, w, h, angle }
}

function on(box: Box, kind: ShapeKind = 'rectangle'): Joint {
  return { aim: boxCentre(box), rim: rimOf(box, outlineOf(kind, box)), fixed: null }
}

function at(x: number, y: number): Joint {
  return { aim: { x, y }, rim: null, fixed: null }
}

function around(rects: readonly Rect[]): Near {
  return (rect, act) => {
    for (const one of rects) {
      if (one.minX < rect.maxX && one.maxX > rect.minX && one.minY < rect.maxY && one.maxY > rect.minY)
        act(one)
      else if (one.minX <= rect.maxX && one.maxX >= rect.minX && one.minY < rect.maxY && one.maxY > rect.minY)
        act(one)
      else if (one.minX < rect.maxX && one.maxX > rect.minX && one.minY <= rect.maxY && one.maxY >= rect.minY)
        act(one)
    }
  }
}

function say(joint: { readonly points: readonly { readonly x: number; readonly y: number }[] }): string {
  return joint.points.map(({ x, y }) => `${Math.round(x)},${Math.round(y)}`).join(' ')
}

const A: Numbers = [0, 0, 100, 60]

describe('an elbow', () => {
  const cases: [string, Numbers, Numbers, readonly Numbers[], string][] = [
    ['straight across', A, [300, 0, 100, 60], [], '100,30 300,30'],
    ['bends half-way', A, [300, 100, 100, 60], [], '100,30 200,30 200,130 300,130'],
    ['the other way round', [300, 100, 100, 60], A, [], '300,130 200,130 200,30 100,30'],
    ['straight down', A, [0, 200, 100, 60], [], '50,60 50,200'],
    ['down with a bend', A, [40, 200, 100, 60], [], '50,60 50,130 90,130 90,200'],
    ['through a narrow gap', A, [110, 30, 100, 60], [], '100,30 105,30 105,60 110,60'],
    [
      'around what stands between',
      A,
      [300, 0, 100, 60],
      [[180, 0, 40, 60]],
      '100,30 168,30 168,72 280,72 280,30 300,30',
    ],
    [
      'around the lower part of it',
      A,
      [300, 0, 100, 60],
      [[180, -200, 40, 260]],
      '100,30 168,30 168,72 280,72 280,30 300,30',
    ],
    [
      'not along the edge of it',
      A,
      [340, 100, 100, 60],
      [[230, 70, 40, 60]],
      '100,30 320,30 320,130 340,130',
    ],
    ['not around what is beside it', A, [300, 0, 100, 60], [[180, 40, 40, 60]], '100,30 300,30'],
    [
      'between two',
      A,
      [400, 0, 100, 60],
      [
        [180, -100, 40, 150],
        [280, 10, 40, 150],
      ],
      '100,30 168,30 168,62 250,62 250,-2 380,-2 380,30 400,30',
    ],
    ['over one another', A, [50, 30, 100, 60], [], '50,60 50,110 100,110 100,90'],
  ]
  test.each(cases)('%s', (_, a, b, obstacles, expected) => {
    const near = around(obstacles.map((one) => rectOfBox(boxOf(one))))
    const { route } = routeBetween('elbow', on(boxOf(a)), on(boxOf(b)), near)
    expect(say(route)).toBe(expected)
  })

  test.each([
    ['to a point', at(300, 200), '100,30 300,30 300,200'],
    ['to a point just beside', at(130, 30), '100,30 130,30'],
    ['to a point behind the edge', at(-40, 100), '0,30 -40,30 -40,100'],
  ])('%s', (_, to, expected) => {
    expect(say(routeBetween('elbow', on(boxOf(A)), to, () => undefined).route)).toBe(expected)
  })

  test('leaves a fixed end to its own side, around its own element', () => {
    const from: Joint = { ...on(boxOf(A)), aim: { x: 0, y: 30 }, fixed: 2 }
    const { route } = routeBetween('elbow', from, on(boxOf([300, 0, 100, 60])), () => undefined)
    expect(say(route)).toBe('0,30 -20,30 -20,80 200,80 200,30 300,30')
  })

  const side = fc.integer({ min: -600, max: 600 })
  const size = fc.integer({ min: 20, max: 200 })
  const anyBox = fc.tuple(side, side, size, size)

  test('is upright and level, begins and ends on its elements, and crosses neither', () => {
    fc.assert(
      fc.property(anyBox, anyBox, fc.array(anyBox, { maxLength: 5 }), (a, b, others) => {
        const [from, to] = [boxOf(a), boxOf(b)]
        const near = around(others.map((one) => rectOfBox(boxOf(one))))
        const { points } = routeBetween('elbow', on(from), on(to), near).route
        const pieces = pairsOf(points)
        expect(points.length).toBeGreaterThan(1)
        for (const [p, q] of pieces) expect(p.x === q.x || p.y === q.y).toBe(true)
        const gap = (r: Rect, s: Rect) =>
          Math.max(s.minX - r.maxX, r.minX - s.maxX, s.minY - r.maxY, r.minY - s.maxY)
        if (gap(rectOfBox(from), rectOfBox(to)) < 2) return
        for (const box of [from, to]) {
          const r = rectOfBox(box)
          const inner = { minX: r.minX + 0.5, minY: r.minY + 0.5, maxX: r.maxX - 0.5, maxY: r.maxY - 0.5 }
          for (const [p, q] of pieces) expect(segmentTouchesRect(p, q, inner)).toBe(false)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is the same from the same, whatever the order of what is near', () => {
    fc.assert(
      fc.property(anyBox, anyBox, fc.array(anyBox, { maxLength: 5 }), (a, b, others) => {
        const rects = others.map((one) => rectOfBox(boxOf(one)))
        const ways = [rects, rects.toReversed()].map((near) =>
          say(routeBetween('elbow', on(boxOf(a)), on(boxOf(b)), around(near)).route),
        )
        expect(ways[0]).toBe(ways[1])
      }),
    )
  })
})

describe('a straight line', () => {
  test.each([
    ['rectangle', '100,30 300,30'],
    ['ellipse', '100,30 300,30'],
    ['diamond', '100,30 300,30'],
    ['triangle', '75,30 325,30'],
  ] as const)('ends on the outline of a %s', (kind, expected) => {
    const { route } = routeBetween(
      'straight',
      on(boxOf(A), kind),
      on(boxOf([300, 0, 100, 60]), kind),
      () => undefined,
    )
    expect(say(route)).toBe(expected)
  })

  test('ends on the outline of what is turned', () => {
    const turned = on(boxOf([0, 0, 100, 60], Math.PI / 2))
    expect(say(routeBetween('straight', turned, at(300, 30), () => undefined).route)).toBe('80,30 300,30')
  })
})

test.each(HEADS)('the head %s lies within its size of the tip', (head) => {
  const tip = { at: { x: 0, y: 0 }, next: { x: 100, y: 0 }, head, room: 100 }
  const other = { ...tip, at: tip.next, next: tip.at, head: 'none' } as const
  const { ends, heads } = headsAt([tip, other], 2)
  expect(ends[0].x).toBeGreaterThanOrEqual(0)
  expect(ends[0].x).toBeLessThanOrEqual(14 * 1.6)
  expect(ends[1]).toEqual({ x: 100, y: 0 })
  expect(heads === null).toBe(head === 'none')
})
