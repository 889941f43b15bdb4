/**
 * What the tools share that draw one element: a drag draws it from where it was pressed, a click makes the usual one or
 * nothing, and then it is selected.
 */
import type { ToolId } from '../editor-api'
import type { Maker } from '../elements/make'
import type { Element } from '../elements/types'
import type { Point } from '../geometry/box'
import type { Intent } from '../ports'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import { snapPoint } from '../snapping/snap'
import { NOTHING_EXCEPT, targetsFor, type SnapTargets } from '../snapping/targets'
import {
  isDrag,
  NOTHING_SHOWN,
  stay,
  type Shown,
  type Step,
  type Tool,
  type ToolInput,
  type View,
} from './tool'

export interface Drawing<E extends Element> {
  readonly at: 'drawing'
  readonly from: Point
  readonly draft: E
  readonly targets: SnapTargets | null
  readonly guides: readonly Guide[]
}

export interface Draws<E extends Element> {
  readonly id: ToolId
  /** Of no size yet, where it was pressed or what that snaps to. */
  begin(by: Maker, from: Point, input: ToolInput, view: View): Drawing<E>
  drawOn(state: Drawing<E>, input: ToolInput, view: View): Drawing<E>
  /** What a click there makes; null for nothing. */
  click(by: Maker, at: Point, input: ToolInput, view: View): E | null
  /** What puts it on the board; nothing when it is nothing to be seen or held. */
  place(element: E, view: View): readonly Intent[]
}

export type DrawingState<E extends Element> =
  | { readonly at: 'idle' }
  | {
      readonly at: 'pressed'
      readonly from: Point
      readonly screen: Point
      readonly by: Pick<Maker, 'id' | 'z'>
    }
  | Drawing<E>

const IDLE = { at: 'idle' } as const

export function drawingTool<E extends Element>(draws: Draws<E>): Tool<DrawingState<E>> {
  return {
    id: draws.id,
    initial: IDLE,
    step(state, input, view) {
      if (input.kind === 'cancel') return stay(IDLE)
      switch (state.at) {
        case 'idle': {
          if (input.kind !== 'down') return stay(state)
          const [z = 'a0'] = view.keysOnTop(1)
          const by = { id: view.newId(), z }
          return stay({ at: 'pressed', from: input.at, screen: input.screen, by })
        }
        case 'pressed': {
          const by = { ...state.by, styles: view.styles }
          if (input.kind === 'up') {
            const made = draws.click(by, state.from, input, view)
            return made ? finish(made) : stay(IDLE)
          }
          if (input.kind !== 'move' || !isDrag(input, state.screen)) return stay(state)
          return stay(draws.drawOn(draws.begin(by, state.from, input, view), input, view))
        }
        case 'drawing': {
          const next = draws.drawOn(state, input, view)
          return input.kind === 'up' ? finish(next.draft) : stay(next)
        }
      }

      function finish(element: E): Step<DrawingState<E>> {
        const intents = draws.place(element, view)
        if (intents.length === 0) return stay(IDLE)
        return {
          state: IDLE,
          effects: [
            { do: 'commit', intents },
            { do: 'select', ids: [element.id] },
            { do: 'tool', id: 'select' },
          ],
        }
      }
    },
    show(state): Shown {
      const idle: Shown = { ...NOTHING_SHOWN, cursor: 'crosshair' }
      switch (state.at) {
        case 'idle':
          return idle
        case 'pressed':
          return { ...idle, active: true }
        case 'drawing':
          return { ...idle, active: true, live: { drafts: [state.draft] }, guides: state.guides }
      }
    },
  }
}

/** A drawing whose first corner snaps, unless Ctrl is held. */
export function fromCorner<E extends Element>(
  make: (corner: Point) => E,
  from: Point,
  input: ToolInput,
  view: View,
): Drawing<E> {
  const targets = input.mod ? null : targetsFor(view, NOTHING_EXCEPT, null)
  const corner = targets ? snapped(from, targets) : from
  return { at: 'drawing', from: corner, draft: make(corner), targets, guides: NO_GUIDES }
}

export function snapped(p: Point, targets: SnapTargets): Point {
  const { dx, dy } = snapPoint(p, targets, 'both')
  return { x: p.x + dx, y: p.y + dy }
}
