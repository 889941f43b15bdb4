/** Locking, and carrying the style of one element over to others, as entries of a menu. */

import { ClipboardPaste, Lock, LockOpen, Paintbrush } from 'lucide-react'
import type { Editor } from '../../core/editor-api'
import type { MenuEntry } from '../parts/menu'
import { actionEntry } from './action-entry'
import { editorStrings } from './editor-strings'

export function lockEntry(editor: Editor): MenuEntry {
  const locked = editor.styleSummary().locked === 'all'
  const { lock, unlock } = editorStrings.lock
  return actionEntry(editor, 'toggleLock', {
    icon: locked ? LockOpen : Lock,
    label: locked ? unlock : lock,
    testId: locked ? 'menu-unlock' : 'menu-lock',
  })
}

export function styleEntries(editor: Editor): readonly MenuEntry[] {
  return [
    actionEntry(editor, 'copyStyle', { icon: Paintbrush, testId: 'copy-style' }),
    actionEntry(editor, 'pasteStyle', { icon: ClipboardPaste, testId: 'paste-style' }),
  ]
}
