/** Rectangle, ellipse and diamond: drag a box, or click for one of the usual size. */
import { createIntent, newShape, SHAPE_SIZE } from '../elements/make'
import type { ElementId, ShapeElement, ShapeKind } from '../elements/types'
import { boxBetween, type Box, type Point } from '../geometry/box'
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

export type DrawShapeState =
  | { readonly at: 'idle' }
  | {
      readonly at: 'pressed'
      readonly from: Point
      readonly screen: Point
      readonly id: ElementId
      readonly z: string
    }
  | { readonly at: 'drawing'; readonly from: Point; readonly draft: ShapeElement }

const IDLE: DrawShapeState = { at: 'idle' }

export function drawShapeTool(kind: ShapeKind): Tool<DrawShapeState> {
  return { id: kind, initial: IDLE, step: (state, input, view) => step(kind, state, input, view), show }
}

function step(kind: ShapeKind, state: DrawShapeState, input: ToolInput, view: View): Step<DrawShapeState> {
  if (input.kind === 'cancel') return stay(IDLE)
  switch (state.at) {
    case 'idle': {
      if (input.kind !== 'down') return stay(state)
      const [z = 'a0'] = view.keysOnTop(1)
      return stay({ at: 'pressed', from: input.at, screen: input.screen, id: view.newId(), z })
    }
    case 'pressed': {
      const by = { id: state.id, z: state.z, styles: view.styles }
      if (input.kind === 'up') return finish(newShape(by, kind, usualBox(state.from)))
      if (input.kind !== 'move' || !isDrag(input, state.screen)) return stay(state)
      return stay({
        at: 'drawing',
        from: state.from,
        draft: newShape(by, kind, draggedBox(state.from, input)),
      })
    }
    case 'drawing': {
      const draft = { ...state.draft, box: draggedBox(state.from, input) }
      return input.kind === 'up' ? finish(draft) : stay({ ...state, draft })
    }
  }
}

function finish(element: ShapeElement): Step<DrawShapeState> {
  return {
    state: IDLE,
    effects: [
      { do: 'commit', intents: [createIntent(element)] },
      { do: 'select', ids: [element.id] },
      { do: 'tool', id: 'select' },
    ],
  }
}

function usualBox(centre: Point): Box {
  const { w, h } = SHAPE_SIZE
  return { x: centre.x - w / 2, y: centre.y - h / 2, w, h, angle: 0 }
}

/** Shift makes both sides equal; Alt draws from the centre. */
export function draggedBox(from: Point, input: ToolInput): Box {
  let dx = input.at.x - from.x
  let dy = input.at.y - from.y
  if (input.shift) {
    const side = Math.max(Math.abs(dx), Math.abs(dy))
    dx = dx < 0 ? -side : side
    dy = dy < 0 ? -side : side
  }
  const start = input.alt ? { x: from.x - dx, y: from.y - dy } : from
  return boxBetween(start, { x: from.x + dx, y: from.y + dy })
}

function show(state: DrawShapeState): Shown {
  const idle: Shown = { ...NOTHING_SHOWN, cursor: 'crosshair' }
  switch (state.at) {
    case 'idle':
      return idle
    case 'pressed':
      return { ...idle, active: true }
    case 'drawing':
      return { ...idle, active: true, live: { drafts: [state.draft] } }
  }
}
