/** What stands at the ends of lines and connectors, by the schema's table. */
import type { Point } from '../geometry/box'
import { HEAD_FORMS, type Head } from '../schema.gen'
import { ARC, CLOSE, LINE, MOVE, type PathOps } from './kind'

/** Heads are never dashed, so they are drawn apart from their line. */
export interface Heads {
  readonly strokes: PathOps
  /** Filled with the line's colour, and stroked. */
  readonly fills: PathOps
}

/** Of a line of this width, where there is room. */
export function headSize(strokeWidth: number): number {
  return 8 + 3 * strokeWidth
}

export interface Tip {
  readonly at: Point
  /** Where the line comes from. */
  readonly next: Point
  readonly head: Head
  /** As long as this the head may be at most. */
  readonly room: number
}

export interface Headed {
  /** Where the line itself ends: at the tip, or before it where the head would show it. */
  readonly ends: readonly [Point, Point]
  readonly heads: Heads | null
}

export function headsAt(tips: readonly [Tip, Tip], strokeWidth: number): Headed {
  const strokes: number[] = []
  const fills: number[] = []
  const draw = (tip: Tip): Point => {
    const form = HEAD_FORMS[tip.head]
    const length = Math.hypot(tip.next.x - tip.at.x, tip.next.y - tip.at.y)
    if (tip.head === 'none' || length === 0) return tip.at
    const size = Math.min(headSize(strokeWidth), tip.room / Math.max(1, form.reach))
    const bx = (tip.next.x - tip.at.x) / length
    const by = (tip.next.y - tip.at.y) / length
    const place = (along: number, across: number): Point => ({
      x: tip.at.x + size * (bx * along - by * across),
      y: tip.at.y + size * (by * along + bx * across),
    })
    const to = form.solid ? fills : strokes
    for (let i = 0; i < form.steps.length;) {
      const code = form.steps[i] ?? CLOSE
      if (code === CLOSE) {
        to.push(CLOSE)
        i += 1
        continue
      }
      const p = place(form.steps[i + 1] ?? 0, form.steps[i + 2] ?? 0)
      to.push(code === MOVE ? MOVE : LINE, p.x, p.y)
      i += 3
    }
    if (form.ring) {
      const middle = place(form.ring[0], 0)
      const r = form.ring[1] * size
      to.push(MOVE, middle.x + r, middle.y, ARC, middle.x, middle.y, r, 0, 2 * Math.PI)
    }
    return place(form.reach, 0)
  }
  const ends = [draw(tips[0]), draw(tips[1])] as const
  return { ends, heads: strokes.length + fills.length === 0 ? null : { strokes, fills } }
}
