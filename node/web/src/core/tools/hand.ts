/** The hand: drags the view. */
import type { Point } from '../geometry/box'
import { NOTHING_SHOWN, stay, type Shown, type Tool } from './tool'

export type HandState = { readonly at: 'idle' } | { readonly at: 'dragging'; readonly last: Point }

export const handTool: Tool<HandState> = {
  id: 'hand',
  initial: { at: 'idle' },
  step(state, input) {
    switch (state.at) {
      case 'idle':
        return stay(input.kind === 'down' ? { at: 'dragging', last: input.screen } : state)
      case 'dragging': {
        if (input.kind === 'cancel') return stay({ at: 'idle' })
        const pan = {
          do: 'pan',
          dx: input.screen.x - state.last.x,
          dy: input.screen.y - state.last.y,
        } as const
        return {
          state: input.kind === 'up' ? { at: 'idle' } : { at: 'dragging', last: input.screen },
          effects: [pan],
        }
      }
    }
  },
  show(state): Shown {
    switch (state.at) {
      case 'idle':
        return { ...NOTHING_SHOWN, cursor: 'grab' }
      case 'dragging':
        return { ...NOTHING_SHOWN, cursor: 'grabbing', active: true }
    }
  },
}
