/** A straight line; with Shift in steps of 15°. */
import { lineEnds } from '../elements/line'
import { createIntent, newLine } from '../elements/make'
import type { ElementId, LineElement } from '../elements/types'
import { distance, type Point } from '../geometry/box'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import type { SnapTargets } from '../snapping/targets'
import { drawnPoint } from './drawn-point'
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

export type LineState =
  | { readonly at: 'idle' }
  | {
      readonly at: 'pressed'
      readonly from: Point
      readonly screen: Point
      readonly id: ElementId
      readonly z: string
    }
  | {
      readonly at: 'drawing'
      readonly from: Point
      readonly draft: LineElement
      readonly targets: SnapTargets | null
      readonly guides: readonly Guide[]
    }

const IDLE: LineState = { at: 'idle' }

export const lineTool: Tool<LineState> = {
  id: 'line',
  initial: IDLE,
  step(state, input, view) {
    if (input.kind === 'cancel') return stay(IDLE)
    switch (state.at) {
      case 'idle': {
        if (input.kind !== 'down') return stay(state)
        const [z = 'a0'] = view.keysOnTop(1)
        return stay({ at: 'pressed', from: input.at, screen: input.screen, id: view.newId(), z })
      }
      case 'pressed': {
        // A line of no length would be nothing to see or to hold.
        if (input.kind === 'up') return stay(IDLE)
        if (!isDrag(input, state.screen)) return stay(state)
        const by = { id: state.id, z: state.z, styles: view.styles }
        const start = drawnPoint({ ...input, at: state.from }, view, { targets: null }, null)
        const draft = newLine(by, start.at, start.at, view.heads)
        return stay(
          drawOn(
            { at: 'drawing', from: start.at, draft, targets: start.targets, guides: NO_GUIDES },
            input,
            view,
          ),
        )
      }
      case 'drawing': {
        const next = drawOn(state, input, view)
        if (input.kind !== 'up') return stay(next)
        const [from, to] = lineEnds(next.draft)
        return distance(from, to) === 0 ? stay(IDLE) : finish(next.draft)
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

type Drawing = Extract<LineState, { at: 'drawing' }>

function drawOn(state: Drawing, input: ToolInput, view: View): Drawing {
  const by = { id: state.draft.id, z: state.draft.z, styles: view.styles }
  const { at, targets, guides } = drawnPoint(input, view, state, state.from)
  return { ...state, draft: newLine(by, state.from, at, view.heads), targets, guides }
}

function finish(element: LineElement): Step<LineState> {
  return {
    state: IDLE,
    effects: [
      { do: 'commit', intents: [createIntent(element)] },
      { do: 'select', ids: [element.id] },
      { do: 'tool', id: 'select' },
    ],
  }
}
