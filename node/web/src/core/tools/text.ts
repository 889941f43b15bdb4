/** Text: click to write a line that grows, drag to set the width at which it wraps. */
import { createIntent, newText } from '../elements/make'
import type { TextElement } from '../elements/types'
import { rectBetween, type Point } from '../geometry/box'
import { isDrag, NOTHING_SHOWN, stay, type Effect, type Shown, type Tool, type View } from './tool'

export type TextState =
  | { readonly at: 'idle' }
  | { readonly at: 'pressed'; readonly from: Point; readonly screen: Point }
  | { readonly at: 'sizing'; readonly from: Point; readonly to: Point }

const IDLE: TextState = { at: 'idle' }
/** A narrower drag was not meant as a width. */
const WIDTH_MIN_PX = 20

export const textTool: Tool<TextState> = {
  id: 'text',
  initial: IDLE,
  step(state, input, view) {
    if (input.kind === 'cancel') return stay(IDLE)
    switch (state.at) {
      case 'idle':
        return stay(input.kind === 'down' ? { at: 'pressed', from: input.at, screen: input.screen } : state)
      case 'pressed':
        if (input.kind === 'up') return { state: IDLE, effects: writeAt(state.from, view) }
        if (!isDrag(input, state.screen)) return stay(state)
        return stay({ at: 'sizing', from: state.from, to: input.at })
      case 'sizing': {
        if (input.kind !== 'up') return stay({ ...state, to: input.at })
        const rect = rectBetween(state.from, input.at)
        const width = rect.maxX - rect.minX
        if (width * view.camera.zoom < WIDTH_MIN_PX)
          return { state: IDLE, effects: writeAt(state.from, view) }
        return { state: IDLE, effects: begin(make({ x: rect.minX, y: rect.minY }, width, view)) }
      }
    }
  },
  show(state): Shown {
    const idle: Shown = { ...NOTHING_SHOWN, cursor: 'text' }
    switch (state.at) {
      case 'idle':
        return idle
      case 'pressed':
        return { ...idle, active: true }
      case 'sizing':
        return { ...idle, active: true, marquee: rectBetween(state.from, state.to) }
    }
  },
}

/** A new text whose first line is centred on the point's height, opened for writing. */
export function writeAt(p: Point, view: View): Effect[] {
  const made = make(p, null, view)
  return begin({ ...made, box: { ...made.box, y: p.y - made.style.font_size * 0.625 } })
}

function make(at: Point, width: number | null, view: View): TextElement {
  const [z = 'a0'] = view.keysOnTop(1)
  return newText({ id: view.newId(), z, styles: view.styles }, at, width)
}

function begin(element: TextElement): Effect[] {
  return [
    { do: 'commit', intents: [createIntent(element)] },
    { do: 'select', ids: [element.id] },
    { do: 'tool', id: 'select' },
    { do: 'edit', id: element.id, isNew: true },
  ]
}
