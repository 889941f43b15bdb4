/** What is worked out of an element once. What only stands elsewhere looks the same, so that a drag lays out no text. */
import type { TextBlock } from '../text'
import type { Paint } from './kind'
import type { Element } from './types'

export interface Look {
  paint?: Paint
  block?: TextBlock
  /** How far its text may reach beyond it. */
  over?: number
}

const looks = new WeakMap<Element, Look>()

export function lookOf(e: Element): Look {
  let look = looks.get(e)
  if (!look) looks.set(e, (look = {}))
  return look
}

/** `to` is `from` in another place, of the same size. */
export function shareLook(from: Element, to: Element): void {
  looks.set(to, lookOf(from))
}
