/** Shapes: drag a box, or click for one of the usual size. */
import { createIntent, newShape, SHAPE_SIZE } from '../elements/make'
import type { ElementId, ShapeElement, ShapeKind } from '../elements/types'
import { boxBetween, rectOfBox, type Box, type Point } from '../geometry/box'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import { guidesFor, snapPoint, snapRect } from '../snapping/snap'
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

export type DrawShapeState =
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
      readonly draft: ShapeElement
      readonly targets: SnapTargets | null
      readonly guides: readonly Guide[]
    }

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
      if (input.kind === 'up') return finish(newShape(by, kind, usualBox(state.from, input, view)))
      if (input.kind !== 'move' || !isDrag(input, state.screen)) return stay(state)
      const targets = input.mod ? null : targetsFor(view, NOTHING_EXCEPT, null)
      const from = targets ? snapped(state.from, targets) : state.from
      const draft = newShape(by, kind, boxBetween(from, from))
      return stay(drawOn({ at: 'drawing', from, draft, targets, guides: NO_GUIDES }, input, view))
    }
    case 'drawing': {
      const next = drawOn(state, input, view)
      return input.kind === 'up' ? finish(next.draft) : stay(next)
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

type Drawing = Extract<DrawShapeState, { at: 'drawing' }>

function drawOn(state: Drawing, input: ToolInput, view: View): Drawing {
  if (input.mod) {
    return { ...state, draft: { ...state.draft, box: draggedBox(state.from, input) }, guides: NO_GUIDES }
  }
  const targets = targetsFor(view, NOTHING_EXCEPT, state.targets)
  const wide = Math.abs(input.at.x - state.from.x) >= Math.abs(input.at.y - state.from.y)
  // With Shift the longer side decides about both.
  const { dx, dy } = snapPoint(input.at, targets, input.shift ? (wide ? 'x' : 'y') : 'both')
  const at = { x: input.at.x + dx, y: input.at.y + dy }
  const box = draggedBox(state.from, { ...input, at })
  const { minX, minY, maxX, maxY } = rectOfBox(box)
  const guides = guidesFor({ minX, minY, maxX, maxY }, targets, {
    x: [minX, maxX],
    y: [minY, maxY],
    gaps: false,
  })
  return { ...state, draft: { ...state.draft, box }, targets, guides }
}

function snapped(p: Point, targets: SnapTargets): Point {
  const { dx, dy } = snapPoint(p, targets, 'both')
  return { x: p.x + dx, y: p.y + dy }
}

function usualBox(centre: Point, input: ToolInput, view: View): Box {
  const { w, h } = SHAPE_SIZE
  const box = { x: centre.x - w / 2, y: centre.y - h / 2, w, h, angle: 0 }
  if (input.mod) return box
  const { dx, dy } = snapRect(rectOfBox(box), targetsFor(view, NOTHING_EXCEPT, null), 'both')
  return { ...box, x: box.x + dx, y: box.y + dy }
}

/** Shift makes both sides equal; Alt draws from the centre. */
export function draggedBox(from: Point, input: Pick<ToolInput, 'at' | 'shift' | 'alt'>): Box {
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
      return { ...idle, active: true, live: { drafts: [state.draft] }, guides: state.guides }
  }
}
