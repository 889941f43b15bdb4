/** How the board is looked at, and what gestures snap to. */
import type { Action } from './action'
import { hasContent, selects } from './action'

const view = { group: 'view' } as const

export const viewActions = {
  zoomIn: { ...view, keys: ['mod+any++', 'mod+any+='], run: (e) => e.zoomIn() },
  zoomOut: { ...view, keys: ['mod+any+-'], run: (e) => e.zoomOut() },
  zoomReset: { ...view, keys: ['mod+0'], run: (e) => e.zoomTo(1) },
  // By code: with Shift the digits are other signs on every other keyboard.
  zoomFit: { ...view, keys: ['shift+code:Digit1'], when: hasContent, run: (e) => e.zoomToFit() },
  zoomSelection: { ...view, keys: ['shift+code:Digit2'], when: selects, run: (e) => e.zoomToSelection() },
  toggleSnap: {
    ...view,
    keys: ['mod+shift+code:Quote'],
    run: (e) => e.setSnapping({ elements: !e.state.get().snapping.elements }),
  },
  toggleGrid: {
    ...view,
    keys: ['mod+code:Quote'],
    run: (e) => e.setSnapping({ grid: !e.state.get().snapping.grid }),
  },
  outline: { ...view, keys: ['alt+code:KeyO'], run: 'outside' },
  readOn: { ...view, keys: ['alt+arrowdown'], when: hasContent, run: 'outside' },
  readBack: { ...view, keys: ['alt+arrowup'], when: hasContent, run: 'outside' },
} satisfies Record<string, Action>
