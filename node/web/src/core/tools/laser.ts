/**
 * The laser: a trail that fades behind the pointer. Others see it as what is being drawn, and it is never put on the board.
 */
import { newPen } from '../elements/make'
import type { ElementId, PenElement } from '../elements/types'
import type { Point } from '../geometry/box'
import { Z_DEFAULT } from '../schema.gen'
import { NO_STYLES } from '../styling'
import { NOTHING_SHOWN, stay, type Shown, type Tool, type ToolInput, type View } from './tool'

interface Spot extends Point {
  readonly time_ms: number
}

export type LaserState =
  | { readonly at: 'idle' }
  | {
      readonly at: 'shining'
      readonly id: ElementId
      readonly held: boolean
      readonly spots: readonly Spot[]
      readonly draft: PenElement
    }

type Shining = Extract<LaserState, { at: 'shining' }>

const IDLE: LaserState = { at: 'idle' }
const FADE_MS = 900
const SPOTS_MAX = 160
const WIDTH_PX = 5

export const laserTool: Tool<LaserState> = {
  id: 'laser',
  initial: IDLE,
  step(state, input, view) {
    if (input.kind === 'cancel') return stay(IDLE)
    if (input.kind === 'down') return stay(shine(view.newId(), true, [spotOf(input.at, input)], input, view))
    switch (state.at) {
      case 'idle':
        return stay(state)
      case 'shining':
        return stay(follow(state, input, view))
    }
  },
  show(state): Shown {
    const idle: Shown = { ...NOTHING_SHOWN, cursor: 'crosshair' }
    switch (state.at) {
      case 'idle':
        return idle
      case 'shining':
        return { ...idle, active: state.held, fades: true, live: { drafts: [state.draft] } }
    }
  },
}

function follow(state: Shining, input: ToolInput, view: View): LaserState {
  const held = state.held && input.kind !== 'up'
  const fresh = state.held && input.kind !== 'tick' ? input.trail.map((p) => spotOf(p, input)) : []
  const last = state.spots.at(-1)
  const bright = [...state.spots, ...fresh].filter((spot) => input.time_ms - spot.time_ms < FADE_MS)
  if (bright.length > 0) return shine(state.id, held, bright.slice(-SPOTS_MAX), input, view)
  // While it is held where it is, the light stays on.
  return held && last ? shine(state.id, held, [last], input, view) : IDLE
}

function spotOf(p: Point, input: ToolInput): Spot {
  return { x: p.x, y: p.y, time_ms: input.time_ms }
}

function shine(id: ElementId, held: boolean, spots: readonly Spot[], input: ToolInput, view: View): Shining {
  const width = WIDTH_PX / view.camera.zoom
  const styles = { ...NO_STYLES, pen: { stroke: 'red', stroke_width: width } }
  const last = spots.at(-1)
  // Ink is as wide as it was pressed hard: here as hard as it is young.
  const pressures = spots.map((spot) =>
    held && spot === last ? 1 : Math.max(0, 1 - (input.time_ms - spot.time_ms) / FADE_MS),
  )
  return { at: 'shining', id, held, spots, draft: newPen({ id, z: Z_DEFAULT, styles }, spots, pressures) }
}
