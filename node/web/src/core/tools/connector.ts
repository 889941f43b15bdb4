/** A connector: drawn from one element to another, or to where there is none. */
import type { Bound } from '../connectors/bind'
import type { PlacedEnd } from '../connectors/ends'
import { newConnector } from '../elements/make'
import type { Point } from '../geometry/box'
import { drawnPoint } from './drawn-point'
import { beginJoin, boundUnder, joinOn, placeJoin, showJoin, targetOf, type Joining } from './joining'
import { isDrag, NOTHING_SHOWN, stay, type Shown, type Tool, type ToolInput, type View } from './tool'

export type ConnectorState =
  | { readonly at: 'idle'; readonly bound: Bound | null }
  | {
      readonly at: 'pressed'
      readonly from: PlacedEnd
      readonly bound: Bound | null
      readonly screen: Point
    }
  | Joining

const IDLE: ConnectorState = { at: 'idle', bound: null }

export const connectorTool: Tool<ConnectorState> = {
  id: 'connector',
  initial: IDLE,
  step(state, input, view) {
    if (input.kind === 'cancel') return stay(IDLE)
    switch (state.at) {
      case 'idle': {
        const bound = boundUnder(input, view, new Set())
        if (input.kind !== 'down') return stay({ at: 'idle', bound })
        const from = bound ?? firstEnd(input, view)
        return stay({ at: 'pressed', from, bound, screen: input.screen })
      }
      case 'pressed': {
        // A click makes nothing: there would be nothing to see or to hold.
        if (input.kind === 'up') return stay({ at: 'idle', bound: state.bound })
        if (!isDrag(input, state.screen)) return stay(state)
        return stay(joinOn(beginJoin(makeConnector(view, state.from.at), state.from), input, view))
      }
      case 'joining': {
        const next = joinOn(state, input, view)
        if (input.kind !== 'up') return stay(next)
        const effects = placeJoin(next, view)
        return {
          state: IDLE,
          effects: effects.length === 0 ? [] : [...effects, { do: 'tool', id: 'select' }],
        }
      }
    }
  },
  show(state): Shown {
    switch (state.at) {
      case 'idle':
      case 'pressed': {
        const binding = state.bound && targetOf(state.bound)
        return { ...NOTHING_SHOWN, cursor: 'crosshair', active: state.at === 'pressed', binding }
      }
      case 'joining':
        return showJoin(state)
    }
  },
}

export function makeConnector(view: View, at: Point) {
  const [z = 'a0'] = view.keysOnTop(1)
  return newConnector({ id: view.newId(), z, styles: view.styles }, at, view.connector)
}

function firstEnd(input: ToolInput, view: View): PlacedEnd {
  return { at: drawnPoint(input, view, { targets: null }, null).at, binding: null }
}
