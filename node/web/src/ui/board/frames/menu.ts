/** Groups and frames as entries of the menu of what is selected. */

import type { Editor } from '../../../core/editor-api'
import type { MenuEntry } from '../../parts/menu'
import { actionEntry } from '../action-entry'

const LINE: MenuEntry = { kind: 'line' }

export function groupEntries(editor: Editor): readonly MenuEntry[] {
  const offered = (['group', 'ungroup'] as const).filter((action) => editor.can(action))
  return offered.map((action) => actionEntry(editor, action, { testId: `menu-${action}` }))
}

export function frameEntries(editor: Editor): readonly MenuEntry[] {
  const offered = (['selectInside', 'removeFrameOnly', 'present'] as const).filter(
    (action) => selectsFrame(editor) && editor.can(action),
  )
  return [
    LINE,
    ...offered.map((action) => actionEntry(editor, action, { testId: `menu-${action}` })),
    actionEntry(editor, 'copyLink', { testId: 'menu-copyLink' }),
  ]
}

function selectsFrame(editor: Editor): boolean {
  return editor.state.get().selection.some((id) => editor.element(id)?.type === 'frame')
}
