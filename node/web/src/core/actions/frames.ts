/** Groups, and frames with what they hold. */
import type { Editor } from '../editor-api'
import type { Action } from './action'
import { selects, selectsSeveral } from './action'

const writes = { group: 'order', writes: true } as const

export const frameActions = {
  group: { ...writes, keys: ['mod+g'], when: selectsSeveral, run: (e) => e.group() },
  ungroup: { ...writes, keys: ['mod+shift+g'], when: (e) => some(e, 'group'), run: (e) => e.ungroup() },
  selectInside: { group: 'edit', when: (e) => some(e, 'frame'), run: (e) => e.selectInside() },
  removeFrameOnly: { ...writes, when: (e) => some(e, 'frame'), run: (e) => e.removeFramesOnly() },
  framesPanel: { group: 'view', keys: ['alt+code:KeyF'], run: 'outside' },
  present: { group: 'view', keys: ['mod+alt+code:KeyP'], when: hasFrames, run: 'outside' },
  copyLink: { group: 'edit', run: 'outside' },
} satisfies Record<string, Action>

function some(editor: Editor, type: 'frame' | 'group'): boolean {
  return selects(editor) && editor.state.get().selection.some((id) => editor.element(id)?.type === type)
}

function hasFrames(editor: Editor): boolean {
  return editor.scene.frames().length > 0
}
