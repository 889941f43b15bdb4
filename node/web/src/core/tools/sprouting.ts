/** A press on one of the points beside an element: a drag draws a connector, a click makes a connected copy. */
import type { Side } from '../connectors/elbow'
import { rimOfElement } from '../connectors/links'
import { exitOf, fractionsOn } from '../connectors/rim'
import { DIRECTIONS } from '../connectors/sprouts'
import type { ElementId } from '../elements/types'
import type { Point } from '../geometry/box'
import { makeConnector } from './connector'
import { beginJoin, joinOn, type Joining } from './joining'
import { isDrag, stay, type Step, type ToolInput, type View } from './tool'

export interface Sprouting {
  readonly at: 'sprouting'
  readonly id: ElementId
  readonly side: Side
  readonly screen: Point
}

type Next = Sprouting | Joining | { readonly at: 'idle'; readonly hover: null; readonly cursor: 'default' }

const IDLE = { at: 'idle', hover: null, cursor: 'default' } as const

export function sproutOn(state: Sprouting, input: ToolInput, view: View): Step<Next> {
  if (input.kind === 'up') {
    const direction = DIRECTIONS[state.side]
    return { state: IDLE, effects: direction ? [{ do: 'grow', direction }] : [] }
  }
  if (!isDrag(input, state.screen)) return stay(state)
  const source = view.element(state.id)
  const rim = source && rimOfElement(source)
  if (!rim) return stay(IDLE)
  const at = exitOf(rim, state.side)
  const binding = { element: state.id, at: fractionsOn(rim, at), mode: 'fixed' } as const
  return stay(joinOn(beginJoin(makeConnector(view, at), { at, binding }), input, view))
}
