/** A straight line; with Shift in steps of 15°. */
import { createIntent, newLine } from '../elements/make'
import type { ElementId, LineElement } from '../elements/types'
import { distance, type Point } from '../geometry/box'
import { snapDirection, TURN_STEP } from '../geometry/transform'
import { isDrag, NOTHING_SHOWN, stay, type Shown, type Step, type Tool, type ToolInput } from './tool'

export type LineState =
  | { readonly at: 'idle' }
  | {
      readonly at: 'pressed'
      readonly from: Point
      readonly screen: Point
      readonly id: ElementId
      readonly z: string
    }
  | { readonly at: 'drawing'; readonly from: Point; readonly draft: LineElement }

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
        const draft = newLine(by, state.from, endOf(state.from, input), 'none')
        return stay({ at: 'drawing', from: state.from, draft })
      }
      case 'drawing': {
        const by = { id: state.draft.id, z: state.draft.z, styles: view.styles }
        const to = endOf(state.from, input)
        const draft = newLine(by, state.from, to, 'none')
        if (input.kind !== 'up') return stay({ ...state, draft })
        return distance(state.from, to) === 0 ? stay(IDLE) : finish(draft)
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
        return { ...idle, active: true, live: { drafts: [state.draft] } }
    }
  },
}

function endOf(from: Point, input: ToolInput): Point {
  return input.shift ? snapDirection(from, input.at, TURN_STEP) : input.at
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
