/** A straight line; with Shift in steps of 15°. A click makes nothing: there would be nothing to see or to hold. */
import { lineEnds } from '../elements/line'
import { createIntent, newLine } from '../elements/make'
import type { LineElement } from '../elements/types'
import { distance } from '../geometry/box'
import { NO_GUIDES } from '../snapping/guide'
import { drawingTool } from './drawing'
import { drawnPoint } from './drawn-point'

export const lineTool = drawingTool<LineElement>({
  id: 'line',
  begin(by, from, input, view) {
    const { at, targets } = drawnPoint({ ...input, at: from }, view, { targets: null }, null)
    return { at: 'drawing', from: at, draft: newLine(by, at, at, view.heads), targets, guides: NO_GUIDES }
  },
  drawOn(state, input, view) {
    const by = { id: state.draft.id, z: state.draft.z, styles: view.styles }
    const { at, targets, guides } = drawnPoint(input, view, state, state.from)
    return { ...state, draft: newLine(by, state.from, at, view.heads), targets, guides }
  },
  click: () => null,
  place(element) {
    const [from, to] = lineEnds(element)
    return distance(from, to) === 0 ? [] : [createIntent(element)]
  },
})
