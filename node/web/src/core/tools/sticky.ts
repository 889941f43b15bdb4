/** A sticky note under the pointer, placed where it is let go, and open for writing. */
import { createIntent, newSticky } from '../elements/make'
import type { StickyElement } from '../elements/types'
import { rectOfBox } from '../geometry/box'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import { guidesOfMoved, snapRect } from '../snapping/snap'
import { NOTHING_EXCEPT, targetsFor, type SnapTargets } from '../snapping/targets'
import { NOTHING_SHOWN, stay, type Shown, type Tool, type ToolInput, type View } from './tool'

export type StickyState =
  | { readonly at: 'idle' }
  | {
      readonly at: 'placing'
      readonly draft: StickyElement
      readonly targets: SnapTargets | null
      readonly guides: readonly Guide[]
    }

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
        const draft = newSticky({ id: view.newId(), z, styles: view.styles }, input.at)
        return stay(placeAt({ at: 'placing', draft, targets: null, guides: NO_GUIDES }, input, view))
      }
      case 'placing': {
        const next = placeAt(state, input, view)
        if (input.kind !== 'up') return stay(next)
        const { draft } = next
        return {
          state: IDLE,
          effects: [
            { do: 'commit', intents: [createIntent(draft)] },
            { do: 'select', ids: [draft.id] },
            { do: 'tool', id: 'select' },
            { do: 'edit', id: draft.id, isNew: true },
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
        return { ...idle, active: true, live: { drafts: [state.draft] }, guides: state.guides }
    }
  },
}

type Placing = Extract<StickyState, { at: 'placing' }>

function placeAt(state: Placing, input: ToolInput, view: View): Placing {
  const { id, z } = state.draft
  const draft = newSticky({ id, z, styles: view.styles }, input.at)
  if (input.mod) return { ...state, draft, guides: NO_GUIDES }
  const targets = targetsFor(view, NOTHING_EXCEPT, state.targets)
  const { dx, dy } = snapRect(rectOfBox(draft.box), targets, 'both')
  const box = { ...draft.box, x: draft.box.x + dx, y: draft.box.y + dy }
  return { ...state, draft: { ...draft, box }, targets, guides: guidesOfMoved(rectOfBox(box), targets) }
}
