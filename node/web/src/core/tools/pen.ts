/**
 * The pen. Points are smoothed as they come, by pulling each towards the one before, and those that
 * bring nothing are left out; the tool stays chosen for the next stroke.
 */
import { createIntent, newPen } from '../elements/make'
import type { ElementId, PenElement } from '../elements/types'
import {
  NOTHING_SHOWN,
  stay,
  type InkPoint,
  type Shown,
  type Step,
  type Tool,
  type ToolInput,
  type View,
} from './tool'

interface Stroke {
  readonly id: ElementId
  readonly z: string
  readonly hasPressure: boolean
  /** Grown in place, since copying would cost more with every point; nobody else holds it. */
  readonly points: InkPoint[]
  /** The last raw point: where the stroke really ends. */
  readonly tip: InkPoint
  readonly draft: PenElement
}

export type PenState = { readonly at: 'idle' } | { readonly at: 'drawing'; readonly stroke: Stroke }

/** A stroke longer than this is finished and the next one begun where it ended. */
const POINTS_MAX = 10_000
const IDLE: PenState = { at: 'idle' }
/** How much of the way to the new position a point goes; below one, a hand's tremble is lost. */
const FOLLOW = 0.65
/** Points nearer to each other than this on screen are one. */
const STEP_MIN_PX = 1.2

export const penTool: Tool<PenState> = {
  id: 'pen',
  initial: IDLE,
  step(state, input, view) {
    if (input.kind === 'cancel') return stay(IDLE)
    switch (state.at) {
      case 'idle':
        return stay(input.kind === 'down' ? { at: 'drawing', stroke: begin(input, view) } : state)
      case 'drawing': {
        const stroke = extend(state.stroke, input, view)
        if (input.kind === 'up') return finish(withTip(stroke), view)
        if (stroke.points.length < POINTS_MAX - 1) return stay({ at: 'drawing', stroke })
        const done = finish(withTip(stroke), view)
        return { state: { at: 'drawing', stroke: begin(input, view) }, effects: done.effects }
      }
    }
  },
  show(state): Shown {
    const idle: Shown = { ...NOTHING_SHOWN, cursor: 'crosshair' }
    switch (state.at) {
      case 'idle':
        return idle
      case 'drawing':
        return { ...idle, active: true, live: { drafts: [state.stroke.draft] } }
    }
  },
}

function begin(input: ToolInput, view: View): Stroke {
  const [z = 'a0'] = view.keysOnTop(1)
  const first: InkPoint = { ...input.at, pressure: input.pressure }
  const hasPressure = input.device === 'pen'
  const id = view.newId()
  return {
    id,
    z,
    hasPressure,
    points: [first],
    tip: first,
    draft: strokeOf(id, z, [first], hasPressure, view),
  }
}

function extend(stroke: Stroke, input: ToolInput, view: View): Stroke {
  const stepMin = STEP_MIN_PX / view.camera.zoom
  let tip = stroke.tip
  for (const raw of input.trail) {
    const last = stroke.points.at(-1) ?? raw
    const next = {
      x: last.x + (raw.x - last.x) * FOLLOW,
      y: last.y + (raw.y - last.y) * FOLLOW,
      pressure: last.pressure + (raw.pressure - last.pressure) * FOLLOW,
    }
    if (Math.hypot(next.x - last.x, next.y - last.y) >= stepMin) stroke.points.push(next)
    tip = raw
  }
  const draft = strokeOf(stroke.id, stroke.z, [...stroke.points, tip], stroke.hasPressure, view)
  return { ...stroke, tip, draft }
}

function withTip(stroke: Stroke): Stroke {
  const last = stroke.points.at(-1)
  const differs = !last || last.x !== stroke.tip.x || last.y !== stroke.tip.y
  return differs ? { ...stroke, points: [...stroke.points, stroke.tip] } : stroke
}

function finish(stroke: Stroke, view: View): Step<PenState> {
  const element = strokeOf(stroke.id, stroke.z, stroke.points, stroke.hasPressure, view)
  return { state: IDLE, effects: [{ do: 'commit', intents: [createIntent(element)] }] }
}

function strokeOf(
  id: ElementId,
  z: string,
  points: readonly InkPoint[],
  hasPressure: boolean,
  view: View,
): PenElement {
  return newPen({ id, z, styles: view.styles }, points, hasPressure ? points.map((p) => p.pressure) : null)
}
