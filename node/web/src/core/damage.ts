/**
 * Which part of the board became another with each of the last changes, so that no more than that need be painted anew.
 */
import { EMPTY_RECT, unionRect, type Rect } from './geometry/box'

/** More changes than this between two frames leave the whole board to be painted. */
const CHANGES_MAX = 64

export class Damage {
  /** Of the change that is under way; null once it may have touched anything. */
  private touched: Rect | null = EMPTY_RECT
  /** Of the changes before it, the newest last. */
  private readonly past: (Rect | null)[] = []

  /** Something that covers this has come, gone or become another. */
  touch(rect: Rect): void {
    if (this.touched !== null) this.touched = unionRect(this.touched, rect)
  }

  /** How far it reaches is not worth finding out. */
  touchAll(): void {
    this.touched = null
  }

  /** The change is complete; what follows is the next. */
  close(): void {
    this.past.push(this.touched)
    if (this.past.length > CHANGES_MAX) this.past.shift()
    this.touched = EMPTY_RECT
  }

  /** What the last changes have touched; null for anything. */
  ofLast(changes: number): Rect | null {
    if (changes === 0) return EMPTY_RECT
    if (changes > this.past.length) return null
    return this.past
      .slice(-changes)
      .reduce<Rect | null>(
        (all, one) => (all === null || one === null ? null : unionRect(all, one)),
        EMPTY_RECT,
      )
  }
}
