/**
 * Bringing several elements into line: by the edges or middles of their bounds, at equal gaps, or as a tidy grid. A
 * turned element counts with the upright rectangle around it, as it does in the frame around a selection.
 */
import { frameOf } from './elements'
import type { Element } from './elements/types'
import { rectOfBox, unionRect, EMPTY_RECT, type Rect } from './geometry/box'
import { moveElement, type Handled } from './handling'

export type Alignment = 'left' | 'center' | 'right' | 'top' | 'middle' | 'bottom'
export type Direction = 'across' | 'down'

interface Placed {
  readonly element: Element
  readonly rect: Rect
}

export function align(elements: readonly Element[], how: Alignment): Handled[] {
  const placed = elements.map(placedOf)
  const all = around(placed)
  return placed.map(({ element, rect }) => {
    switch (how) {
      case 'left':
        return by(element, all.minX - rect.minX, 0)
      case 'center':
        return by(element, (all.minX + all.maxX - rect.minX - rect.maxX) / 2, 0)
      case 'right':
        return by(element, all.maxX - rect.maxX, 0)
      case 'top':
        return by(element, 0, all.minY - rect.minY)
      case 'middle':
        return by(element, 0, (all.minY + all.maxY - rect.minY - rect.maxY) / 2)
      case 'bottom':
        return by(element, 0, all.maxY - rect.maxY)
    }
  })
}

/** Equal gaps between neighbours; the first and the last stay. Gaps are negative where there is too little room. */
export function distribute(elements: readonly Element[], direction: Direction): Handled[] {
  const sides = sidesOf(direction)
  const placed = elements.map(placedOf).sort((a, b) => sides.middle(a.rect) - sides.middle(b.rect))
  const first = placed[0]
  const last = placed.at(-1)
  if (!first || !last || placed.length < 3) return []
  const sizes = placed.reduce((sum, { rect }) => sum + sides.high(rect) - sides.low(rect), 0)
  const gap = (sides.high(last.rect) - sides.low(first.rect) - sizes) / (placed.length - 1)
  let next = sides.low(first.rect)
  return placed.map((one) => {
    const way = one === last ? 0 : next - sides.low(one.rect)
    next += sides.high(one.rect) - sides.low(one.rect) + gap
    return sides.move(one.element, way)
  })
}

/** Between rows and columns of what was strewn or piled up. */
const GAP_USUAL = 20

/**
 * Rows as they can be made out, each from left to right, in columns as wide as their widest and rows as high as
 * their highest. The gaps are the usual one of those found; the upper left corner stays.
 */
export function tidy(elements: readonly Element[]): Handled[] {
  if (elements.length < 2) return []
  const placed = elements.map(placedOf)
  const corner = around(placed)
  const rows = rowsOf(placed)
  const gap = usualGap(rows)
  const widths: number[] = []
  for (const row of rows) {
    row.forEach(({ rect }, at) => (widths[at] = Math.max(widths[at] ?? 0, rect.maxX - rect.minX)))
  }
  let top = corner.minY
  return rows.flatMap((row) => {
    let left = corner.minX
    const y = top
    top += Math.max(...row.map(({ rect }) => rect.maxY - rect.minY)) + gap
    return row.map(({ element, rect }, at) => {
      const x = left
      left += (widths[at] ?? 0) + gap
      return by(element, x - rect.minX, y - rect.minY)
    })
  })
}

/** From the top: what has its middle within the height of the row's first belongs to the row. */
function rowsOf(placed: readonly Placed[]): Placed[][] {
  const rest = [...placed].sort((a, b) => a.rect.minY - b.rect.minY)
  const rows: Placed[][] = []
  for (let first = rest[0]; first; first = rest[0]) {
    const { maxY } = first.rect
    const row = rest.filter((one) => one === first || (one.rect.minY + one.rect.maxY) / 2 <= maxY)
    for (const one of row) rest.splice(rest.indexOf(one), 1)
    rows.push(row.sort((a, b) => a.rect.minX - b.rect.minX))
  }
  return rows
}

/** The middle one of all gaps between neighbours in a row and between rows. */
function usualGap(rows: readonly Placed[][]): number {
  const bounds = rows.map(around)
  const gaps = [
    ...rows.flatMap((row) => row.slice(1).map(({ rect }, i) => rect.minX - (row[i]?.rect.maxX ?? 0))),
    ...bounds.slice(1).map((rect, i) => rect.minY - (bounds[i]?.maxY ?? 0)),
  ]
  const open = gaps.filter((gap) => gap > 0).sort((a, b) => a - b)
  return open[open.length >> 1] ?? GAP_USUAL
}

function placedOf(element: Element): Placed {
  return { element, rect: rectOfBox(frameOf(element)) }
}

function around(placed: readonly Placed[]): Rect {
  return placed.reduce<Rect>((all, { rect }) => unionRect(all, rect), EMPTY_RECT)
}

function by(element: Element, dx: number, dy: number): Handled {
  const stays = dx === 0 && dy === 0
  return { before: element, after: stays ? element : moveElement(element, dx, dy) }
}

function sidesOf(direction: Direction) {
  switch (direction) {
    case 'across':
      return {
        low: (r: Rect) => r.minX,
        high: (r: Rect) => r.maxX,
        middle: (r: Rect) => r.minX + r.maxX,
        move: (e: Element, way: number) => by(e, way, 0),
      }
    case 'down':
      return {
        low: (r: Rect) => r.minY,
        high: (r: Rect) => r.maxY,
        middle: (r: Rect) => r.minY + r.maxY,
        move: (e: Element, way: number) => by(e, 0, way),
      }
  }
}
