/**
 * A line. A drag draws a straight one; clicks place one point after another, until a double click, Enter, Escape or a
 * click on the first point ends it. With Shift in steps of 15° from the point before.
 */
import type { LineHeads } from '../editor-api'
import { createIntent, newLine, type Maker } from '../elements/make'
import type { LineElement } from '../elements/types'
import { distance, type Point } from '../geometry/box'
import { LINE_VIA_MAX } from '../schema.gen'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import type { SnapTargets } from '../snapping/targets'
import { drawnPoint } from './drawn-point'
import {
  isDrag,
  NOTHING_SHOWN,
  slackOf,
  stay,
  type Shown,
  type Step,
  type Tool,
  type ToolInput,
  type View,
} from './tool'

export type LineState =
  | { readonly at: 'idle' }
  | {
      readonly at: 'pressed'
      readonly by: Pick<Maker, 'id' | 'z'>
      readonly from: Point
      readonly screen: Point
      readonly targets: SnapTargets | null
    }
  | Going

/** From the points that it has to where the pointer is. */
interface Going {
  readonly at: 'dragging' | 'placing'
  readonly by: Pick<Maker, 'id' | 'z'>
  readonly points: readonly Point[]
  readonly draft: LineElement
  readonly targets: SnapTargets | null
  readonly guides: readonly Guide[]
}

const IDLE: LineState = { at: 'idle' }

export const lineTool: Tool<LineState> = {
  id: 'line',
  initial: IDLE,
  step(state, input, view) {
    switch (state.at) {
      case 'idle':
        return stay(input.kind === 'down' ? press(input, view) : state)
      case 'pressed': {
        if (input.kind === 'cancel') return stay(IDLE)
        if (input.kind === 'up') return stay(going('placing', state, [state.from], state.from, view))
        if (input.kind !== 'move' || !isDrag(input, state.screen)) return stay(state)
        return stay(follow(going('dragging', state, [state.from], state.from, view), input, view).state)
      }
      case 'dragging': {
        if (input.kind === 'cancel') return stay(IDLE)
        const next = follow(state, input, view)
        return input.kind === 'up' ? finish([...state.points, next.to], state, view) : stay(next.state)
      }
      case 'placing':
        // Whatever ends it keeps what was placed.
        if (input.kind === 'cancel') return finish(state.points, state, view)
        if (input.kind === 'back') return stay(back(state, input, view))
        return input.kind === 'up' ? place(state, input, view) : stay(follow(state, input, view).state)
    }
  },
  show(state): Shown {
    const idle: Shown = { ...NOTHING_SHOWN, cursor: 'crosshair' }
    switch (state.at) {
      case 'idle':
        return idle
      case 'pressed':
        return { ...idle, active: true }
      case 'dragging':
      case 'placing':
        return {
          ...idle,
          active: true,
          placing: state.at === 'placing',
          live: { drafts: [state.draft] },
          guides: state.guides,
        }
    }
  },
}

function press(input: ToolInput, view: View): LineState {
  const [z = 'a0'] = view.keysOnTop(1)
  const { at, targets } = drawnPoint(input, view, { targets: null }, null)
  return { at: 'pressed', by: { id: view.newId(), z }, from: at, screen: input.screen, targets }
}

function going(
  at: Going['at'],
  { by, targets }: Pick<Going, 'by' | 'targets'>,
  points: readonly Point[],
  to: Point,
  view: View,
): Going {
  return { at, by, points, draft: lineOf(by, [...points, to], view), targets, guides: NO_GUIDES }
}

function follow(state: Going, input: ToolInput, view: View): { state: Going; to: Point } {
  const { at, targets, guides } = drawnPoint(input, view, state, state.points.at(-1) ?? null)
  return {
    state: { ...going(state.at, { by: state.by, targets }, state.points, at, view), guides },
    to: at,
  }
}

/** The next point; on the first one it closes, and the second press of a double click ends it. */
function place(state: Going, input: ToolInput, view: View): Step<LineState> {
  const { to } = follow(state, input, view)
  const { points } = state
  const slack = 2 * slackOf(input, view.camera)
  const [first, last] = [points[0], points.at(-1)]
  if (input.clicks >= 2 || (last && distance(last, to) * view.camera.zoom < 1)) {
    return finish(points, state, view)
  }
  if (first && points.length > 2 && distance(first, to) <= slack) {
    return finish([...points, first], state, view)
  }
  const placed = [...points, to]
  if (placed.length >= LINE_VIA_MAX + 2) return finish(placed, state, view)
  return stay(going('placing', state, placed, to, view))
}

function back(state: Going, input: ToolInput, view: View): LineState {
  const points = state.points.slice(0, -1)
  return points.length === 0 ? IDLE : follow({ ...state, points }, input, view).state
}

function finish(points: readonly Point[], { by }: Going, view: View): Step<LineState> {
  const [first] = points
  // One without length is nothing to be seen or held.
  if (!first || points.every((p) => distance(first, p) === 0)) return stay(IDLE)
  const element = lineOf(by, points, view)
  return {
    state: IDLE,
    effects: [
      { do: 'commit', intents: [createIntent(element)] },
      { do: 'select', ids: [element.id] },
      { do: 'tool', id: 'select' },
    ],
  }
}

function lineOf(by: Pick<Maker, 'id' | 'z'>, points: readonly Point[], view: View): LineElement {
  const heads: LineHeads = view.heads
  return newLine({ ...by, styles: view.styles }, points, heads)
}
