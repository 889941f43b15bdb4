/** A sticky note under the pointer, placed where it is let go, and open for writing. */
import { createIntent, newSticky } from '../elements/make'
import type { StickyElement } from '../elements/types'
import { NOTHING_SHOWN, stay, type Shown, type Tool } from './tool'

export type StickyState = { readonly at: 'idle' } | { readonly at: 'placing'; readonly draft: StickyElement }

const IDLE: StickyState = { at: 'idle' }

export const stickyTool: Tool<StickyState> = {
  id: 'sticky',
  initial: IDLE,
  step(state, input, view) {
    if (input.kind === 'cancel') return stay(IDLE)
    switch (state.at) {
      case 'idle': {
        if (input.kind !== 'down') return stay(state)
        const [z = 'a0'] = view.keysOnTop(1)
        return stay({
          at: 'placing',
          draft: newSticky({ id: view.newId(), z, styles: view.styles }, input.at),
        })
      }
      case 'placing': {
        const { id, z } = state.draft
        const draft = newSticky({ id, z, styles: view.styles }, input.at)
        if (input.kind !== 'up') return stay({ at: 'placing', draft })
        return {
          state: IDLE,
          effects: [
            { do: 'commit', intents: [createIntent(draft)] },
            { do: 'select', ids: [id] },
            { do: 'tool', id: 'select' },
            { do: 'edit', id, isNew: true },
          ],
        }
      }
    }
  },
  show(state): Shown {
    const idle: Shown = { ...NOTHING_SHOWN, cursor: 'crosshair' }
    switch (state.at) {
      case 'idle':
        return idle
      case 'placing':
        return { ...idle, active: true, live: { drafts: [state.draft] } }
    }
  },
}
