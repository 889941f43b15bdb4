/**
 * The pen and the highlighter, whose strokes are straight with Shift. Points are smoothed as they come, by pulling each
 * towards the one before, and those that bring nothing are left out; the tool stays chosen for the next stroke.
 */
import { createIntent, newHighlight, newPen } from '../elements/make'
import type { ElementId, InkElement } from '../elements/types'
import { snapDirection, TURN_STEP } from '../geometry/transform'
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
  readonly type: InkElement['type']
  readonly id: ElementId
  readonly z: string
  readonly hasPressure: boolean
  /** From where it began to the tip; what the hand did in between counts again when Shift is let go. */
  readonly isStraight: boolean
  /** Grown in place, since copying would cost more with every point; nobody else holds it. */
  readonly points: InkPoint[]
  /** The last raw point: where the stroke really ends. */
  readonly tip: InkPoint
  readonly draft: InkElement
}

export type PenState = { readonly at: 'idle' } | { readonly at: 'drawing'; readonly stroke: Stroke }

/** A stroke longer than this is finished and the next one begun where it ended. */
const POINTS_MAX = 10_000
const IDLE: PenState = { at: 'idle' }
/** How much of the way to the new position a point goes; below one, a hand's tremble is lost. */
const FOLLOW = 0.65
/** Points nearer to each other than this on screen are one. */
const STEP_MIN_PX = 1.2

export const penTool = inkTool('pen')
export const highlighterTool = inkTool('highlighter')

function inkTool(id: InkElement['type']): Tool<PenState> {
  return {
    id,
    initial: IDLE,
    step(state, input, view) {
      if (input.kind === 'cancel') return stay(IDLE)
      switch (state.at) {
        case 'idle':
          return stay(input.kind === 'down' ? { at: 'drawing', stroke: begin(id, input, view) } : state)
        case 'drawing': {
          const stroke = extend(state.stroke, input, view)
          if (input.kind === 'up') return finish(withTip(stroke), view)
          if (stroke.points.length < POINTS_MAX - 1) return stay({ at: 'drawing', stroke })
          const done = finish(withTip(stroke), view)
          return { state: { at: 'drawing', stroke: begin(id, input, view) }, effects: done.effects }
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
}

function begin(type: InkElement['type'], input: ToolInput, view: View): Stroke {
  const [z = 'a0'] = view.keysOnTop(1)
  const first: InkPoint = { ...input.at, pressure: input.pressure }
  const begun = {
    type,
    id: view.newId(),
    z,
    hasPressure: type === 'pen' && input.device === 'pen',
    isStraight: false,
    points: [first],
    tip: first,
  }
  return { ...begun, draft: strokeOf(begun, begun.points, view) }
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
  const extended = { ...stroke, tip, isStraight: input.shift }
  return { ...extended, draft: strokeOf(extended, [...drawnPoints(extended), drawnTip(extended)], view) }
}

/** All but the tip. */
function drawnPoints({ isStraight, points }: Stroke): readonly InkPoint[] {
  return isStraight ? points.slice(0, 1) : points
}

/** Of a straight stroke, in steps of 15° from where it began. */
function drawnTip({ isStraight, points, tip }: Stroke): InkPoint {
  const [from] = points
  return isStraight && from ? { ...snapDirection(from, tip, TURN_STEP), pressure: tip.pressure } : tip
}

function withTip(stroke: Stroke): Stroke {
  const points = drawnPoints(stroke)
  const tip = drawnTip(stroke)
  const last = points.at(-1)
  const differs = !last || last.x !== tip.x || last.y !== tip.y
  return { ...stroke, points: differs ? [...points, tip] : [...points] }
}

function finish(stroke: Stroke, view: View): Step<PenState> {
  const element = strokeOf(stroke, stroke.points, view)
  return { state: IDLE, effects: [{ do: 'commit', intents: [createIntent(element)] }] }
}

function strokeOf(of: Omit<Stroke, 'draft'>, points: readonly InkPoint[], view: View): InkElement {
  const by = { id: of.id, z: of.z, styles: view.styles }
  switch (of.type) {
    case 'pen':
      return newPen(by, points, of.hasPressure ? points.map((p) => p.pressure) : null)
    case 'highlighter':
      return newHighlight(by, points)
  }
}
