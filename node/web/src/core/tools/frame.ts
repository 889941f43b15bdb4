/** Frames: drag an area, or click for one of the chosen size. What lies wholly in it comes to hang below it. */
import { FRAME_SIZES, takenInto } from '../frames'
import { createIntent, newFrame } from '../elements/make'
import type { ElementId, FrameElement } from '../elements/types'
import { boxBetween, type Box, type Point } from '../geometry/box'
import { keysBetween } from '../order'
import type { Intent } from '../ports'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import { snapPoint } from '../snapping/snap'
import { NOTHING_EXCEPT, targetsFor, type SnapTargets } from '../snapping/targets'
import { draggedBox } from './draw-shape'
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

type FrameState =
  | { readonly at: 'idle' }
  | { readonly at: 'pressed'; readonly from: Point; readonly screen: Point; readonly id: ElementId }
  | {
      readonly at: 'drawing'
      readonly from: Point
      readonly draft: FrameElement
      readonly targets: SnapTargets | null
      readonly guides: readonly Guide[]
    }

const IDLE: FrameState = { at: 'idle' }

export const frameTool: Tool<FrameState> = {
  id: 'frame',
  initial: IDLE,
  step(state, input, view) {
    if (input.kind === 'cancel') return stay(IDLE)
    switch (state.at) {
      case 'idle':
        if (input.kind !== 'down') return stay(state)
        return stay({ at: 'pressed', from: input.at, screen: input.screen, id: view.newId() })
      case 'pressed': {
        const made = (box: Box) => draftOf(state.id, box, view)
        if (input.kind === 'up') return finish(made(usualBox(state.from, view)), view)
        if (input.kind !== 'move' || !isDrag(input, state.screen)) return stay(state)
        const targets = input.mod ? null : targetsFor(view, NOTHING_EXCEPT, null)
        const from = targets ? snapped(state.from, targets) : state.from
        const draft = made(boxBetween(from, from))
        return stay(drawOn({ at: 'drawing', from, draft, targets, guides: NO_GUIDES }, input, view))
      }
      case 'drawing': {
        const next = drawOn(state, input, view)
        return input.kind === 'up' ? finish(next.draft, view) : stay(next)
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

/** Below all else, so that it hides nothing that is there already. */
function draftOf(id: ElementId, box: Box, view: View): FrameElement {
  const [z = 'a0'] = keysBetween(null, view.lowestKey(), 1)
  return newFrame({ id, z, styles: view.styles }, box, view.frameName())
}

type Drawing = Extract<FrameState, { at: 'drawing' }>

function drawOn(state: Drawing, input: ToolInput, view: View): Drawing {
  const size = FRAME_SIZES[view.frameSize]
  if (size && !input.mod) {
    const box = draggedBox(state.from, {
      ...input,
      at: inProportion(state.from, input.at, size),
      shift: false,
    })
    return { ...state, draft: { ...state.draft, box }, guides: NO_GUIDES }
  }
  const targets = input.mod ? null : targetsFor(view, NOTHING_EXCEPT, state.targets)
  const at = targets ? snapped(input.at, targets) : input.at
  const box = draggedBox(state.from, { ...input, at })
  return { ...state, draft: { ...state.draft, box }, targets }
}

/** The longer way decides about both. */
function inProportion(from: Point, to: Point, size: { readonly w: number; readonly h: number }): Point {
  const scale = Math.max(Math.abs(to.x - from.x) / size.w, Math.abs(to.y - from.y) / size.h)
  return {
    x: from.x + size.w * scale * (to.x < from.x ? -1 : 1),
    y: from.y + size.h * scale * (to.y < from.y ? -1 : 1),
  }
}

function usualBox(centre: Point, view: View): Box {
  const { w, h } = FRAME_SIZES[view.frameSize] ?? FRAME_SIZES.wide
  return { x: Math.round(centre.x - w / 2), y: Math.round(centre.y - h / 2), w, h, angle: 0 }
}

function snapped(p: Point, targets: SnapTargets): Point {
  const { dx, dy } = snapPoint(p, targets, 'both')
  return { x: p.x + dx, y: p.y + dy }
}

function finish(frame: FrameElement, view: View): Step<FrameState> {
  const taken: readonly Intent[] = takenInto(frame, view.scene)
  return {
    state: IDLE,
    effects: [
      { do: 'commit', intents: [createIntent(frame), ...taken] },
      { do: 'select', ids: [frame.id] },
      { do: 'tool', id: 'select' },
    ],
  }
}
