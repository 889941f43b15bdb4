/**
 * An elbow: upright and level pieces from one end to the other, around what stands between them.
 *
 * The way is looked for on the few lines that matter: along the sides of what is to be kept clear of, through the
 * ends, and half-way between the two elements. It is short, has few bends, and is the same everywhere.
 */
import { growRect, type Point, type Rect } from '../geometry/box'

/** 0 right, 1 down, 2 left, 3 up. */
export type Side = 0 | 1 | 2 | 3
export const SIDES: readonly Side[] = [0, 1, 2, 3]
const DX = [1, 0, -1, 0] as const
const DY = [0, 1, 0, -1] as const

export function sideStep(side: Side): Point {
  return { x: DX[side], y: DY[side] }
}

export function opposite(side: Side): Side {
  return ((side + 2) % 4) as Side
}

/** One way out of an end. */
export interface Exit {
  readonly tip: Point
  /** Null: any. */
  readonly side: Side | null
  /** What it costs to leave here rather than elsewhere, as length. */
  readonly extra: number
}

export interface ElbowEnd {
  /** The element it leaves; for a free end just the point. */
  readonly rect: Rect
  readonly exits: readonly Exit[]
}

/** It goes straight on for this long before it turns. */
export const STUB = 20
/** Room that is left to what stands in the way. */
const CLEAR = 12
/** A bend is worth this much of a detour. */
const BEND = 40
/** Of two ways of one length, the one that bends half-way. */
const OFF_MIDDLE = 1

export function elbowBetween(from: ElbowEnd, to: ElbowEnd, obstacles: readonly Rect[]): Point[] | null {
  const [a, b] = roomAround(from.rect, to.rect)
  const starts = from.exits.map((exit) => ({ ...exit, at: stubOf(exit, a) }))
  const goals = to.exits.map((exit) => ({ ...exit, at: stubOf(exit, b) }))
  const stubs = [...starts, ...goals]
  const blocks = apart(from.rect, to.rect) ? [a, b].filter(isArea) : []
  for (const obstacle of obstacles) {
    const rect = growRect(obstacle, CLEAR)
    if (!stubs.some(({ at, tip }) => holds(rect, at) || holds(rect, tip))) blocks.push(rect)
  }
  const grid = gridOf(from.rect, to.rect, blocks, [a, b], stubs)
  const found = search(grid, blocks, starts, goals)
  if (!found) return null
  return withoutIdle([found.start.tip, found.start.at, ...found.points, found.goal.at, found.goal.tip])
}

/** Both with room around them, of which they share what there is between them. */
function roomAround(a: Rect, b: Rect): readonly [Rect, Rect] {
  const gapX = Math.max(b.minX - a.maxX, a.minX - b.maxX)
  const gapY = Math.max(b.minY - a.maxY, a.minY - b.maxY)
  const nearX = gapX > 0 && gapY < 2 * STUB ? Math.min(STUB, gapX / 2) : STUB
  const nearY = gapY > 0 && gapX < 2 * STUB ? Math.min(STUB, gapY / 2) : STUB
  const around = (own: Rect, other: Rect): Rect =>
    isArea(own)
      ? {
          minX: own.minX - (other.maxX <= own.minX ? nearX : STUB),
          minY: own.minY - (other.maxY <= own.minY ? nearY : STUB),
          maxX: own.maxX + (other.minX >= own.maxX ? nearX : STUB),
          maxY: own.maxY + (other.minY >= own.maxY ? nearY : STUB),
        }
      : own
  return [around(a, b), around(b, a)]
}

function apart(a: Rect, b: Rect): boolean {
  return a.maxX < b.minX || b.maxX < a.minX || a.maxY < b.minY || b.maxY < a.minY
}

function isArea(r: Rect): boolean {
  return r.maxX > r.minX || r.maxY > r.minY
}

/** Strictly inside. */
function holds(r: Rect, p: Point): boolean {
  return p.x > r.minX && p.x < r.maxX && p.y > r.minY && p.y < r.maxY
}

function stubOf({ tip, side }: Exit, room: Rect): Point {
  switch (side) {
    case 0:
      return { x: Math.max(tip.x, room.maxX), y: tip.y }
    case 1:
      return { x: tip.x, y: Math.max(tip.y, room.maxY) }
    case 2:
      return { x: Math.min(tip.x, room.minX), y: tip.y }
    case 3:
      return { x: tip.x, y: Math.min(tip.y, room.minY) }
    case null:
      return tip
  }
}

interface Grid {
  readonly xs: readonly number[]
  readonly ys: readonly number[]
  /** Half-way between the two elements. */
  readonly middleX: number | null
  readonly middleY: number | null
}

function gridOf(
  a: Rect,
  b: Rect,
  blocks: readonly Rect[],
  rooms: readonly Rect[],
  stubs: readonly { readonly at: Point }[],
): Grid {
  const middleX = a.maxX < b.minX ? (a.maxX + b.minX) / 2 : b.maxX < a.minX ? (b.maxX + a.minX) / 2 : null
  const middleY = a.maxY < b.minY ? (a.maxY + b.minY) / 2 : b.maxY < a.minY ? (b.maxY + a.minY) / 2 : null
  const rects = [...rooms, ...blocks]
  const xs = rects.flatMap((r) => [r.minX, r.maxX]).concat(stubs.map(({ at }) => at.x))
  const ys = rects.flatMap((r) => [r.minY, r.maxY]).concat(stubs.map(({ at }) => at.y))
  if (middleX !== null) xs.push(middleX)
  if (middleY !== null) ys.push(middleY)
  return { xs: rising(xs), ys: rising(ys), middleX, middleY }
}

function rising(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b)
}

type Begun = Exit & { readonly at: Point }

interface Found {
  readonly start: Begun
  readonly goal: Begun
  readonly points: readonly Point[]
}

/** The cheapest way over the grid (A*). A node is a crossing together with the direction it is come to from. */
function search(
  { xs, ys, middleX, middleY }: Grid,
  blocks: readonly Rect[],
  starts: readonly Begun[],
  goals: readonly Begun[],
): Found | null {
  const w = xs.length
  const nodes = w * ys.length * 4
  const cost = new Float64Array(nodes).fill(Infinity)
  const cameFrom = new Int32Array(nodes).fill(-1)
  const startOf = new Int32Array(nodes).fill(-1)
  const queue = new Queue()
  const ends = goals.map((goal) => ({ goal, i: xs.indexOf(goal.at.x), j: ys.indexOf(goal.at.y) }))
  const estimate = (i: number, j: number): number => {
    let least = Infinity
    for (const end of ends) {
      const { x, y } = end.goal.at
      const here = Math.abs((xs[i] ?? 0) - x) + Math.abs((ys[j] ?? 0) - y) + end.goal.extra
      if (here < least) least = here
    }
    return least
  }
  const reach = (node: number, price: number, from: number, start: number, i: number, j: number): void => {
    if (price >= (cost[node] ?? 0)) return
    cost[node] = price
    cameFrom[node] = from
    startOf[node] = start
    queue.push(price + estimate(i, j), node)
  }
  starts.forEach((start, at) => {
    const i = xs.indexOf(start.at.x)
    const j = ys.indexOf(start.at.y)
    for (const d of start.side === null ? SIDES : [start.side]) {
      reach((j * w + i) * 4 + d, start.extra, -1, at, i, j)
    }
  })
  let best: { node: number; goal: Begun; price: number } | null = null
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (best && next.key >= best.price) break
    const { node } = next
    const d = (node & 3) as Side
    const i = (node >> 2) % w
    const j = Math.floor((node >> 2) / w)
    const price = cost[node] ?? 0
    for (const end of ends) {
      if (end.i !== i || end.j !== j || end.goal.side === d) continue
      const straight = end.goal.side === null || opposite(end.goal.side) === d
      const whole = price + end.goal.extra + (straight ? 0 : BEND + OFF_MIDDLE)
      if (!best || whole < best.price) best = { node, goal: end.goal, price: whole }
    }
    const x = xs[i] ?? 0
    const y = ys[j] ?? 0
    for (const turn of SIDES) {
      if (turn === opposite(d)) continue
      const ni = i + DX[turn]
      const nj = j + DY[turn]
      const nx = xs[ni]
      const ny = ys[nj]
      if (nx === undefined || ny === undefined) continue
      if (isBlocked((x + nx) / 2, (y + ny) / 2, blocks)) continue
      const onMiddle = DX[d] !== 0 ? x === middleX : y === middleY
      const bend = turn === d ? 0 : BEND + (onMiddle ? 0 : OFF_MIDDLE)
      const length = Math.abs(nx - x) + Math.abs(ny - y)
      reach((nj * w + ni) * 4 + turn, price + length + bend, node, startOf[node] ?? 0, ni, nj)
    }
  }
  if (!best) return null
  const points: Point[] = []
  for (let node = best.node; node >= 0; node = cameFrom[node] ?? -1) {
    points.unshift({ x: xs[(node >> 2) % w] ?? 0, y: ys[Math.floor((node >> 2) / w)] ?? 0 })
  }
  const start = starts[startOf[best.node] ?? 0]
  return start ? { start, goal: best.goal, points } : null
}

function isBlocked(x: number, y: number, blocks: readonly Rect[]): boolean {
  for (const r of blocks) if (x > r.minX && x < r.maxX && y > r.minY && y < r.maxY) return true
  return false
}

/** Without points between two others of one line. */
export function withoutIdle(points: readonly Point[]): Point[] {
  const kept: Point[] = []
  for (const p of points) {
    const last = kept.at(-1)
    if (last && last.x === p.x && last.y === p.y) continue
    for (let b = kept.at(-1), a = kept.at(-2); a && b; b = kept.at(-1), a = kept.at(-2)) {
      if (!((a.x === b.x && b.x === p.x) || (a.y === b.y && b.y === p.y))) break
      kept.pop()
    }
    kept.push(p)
  }
  const [only] = kept
  return only && kept.length === 1 ? [only, only] : kept
}

/** A heap by key; of equals, the one that came first. */
class Queue {
  private readonly items: { readonly key: number; readonly node: number; readonly turn: number }[] = []
  private turns = 0

  push(key: number, node: number): void {
    const { items } = this
    items.push({ key, node, turn: (this.turns += 1) })
    for (let at = items.length - 1; at > 0;) {
      const up = (at - 1) >> 1
      if (!this.isBefore(at, up)) break
      this.swap(at, up)
      at = up
    }
  }

  pop(): { readonly key: number; readonly node: number } | undefined {
    const { items } = this
    const first = items[0]
    const last = items.pop()
    if (!first || !last || items.length === 0) return first
    items[0] = last
    for (let at = 0; ;) {
      const left = 2 * at + 1
      let least = at
      if (left < items.length && this.isBefore(left, least)) least = left
      if (left + 1 < items.length && this.isBefore(left + 1, least)) least = left + 1
      if (least === at) return first
      this.swap(at, least)
      at = least
    }
  }

  private isBefore(a: number, b: number): boolean {
    const one = this.items[a]
    const other = this.items[b]
    if (!one || !other) return false
    return one.key < other.key || (one.key === other.key && one.turn < other.turn)
  }

  private swap(a: number, b: number): void {
    const { items } = this
    const one = items[a]
    const other = items[b]
    if (!one || !other) return
    items[a] = other
    items[b] = one
  }
}
