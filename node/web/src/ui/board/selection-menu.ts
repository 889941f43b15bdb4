/** Locking, and carrying the style of one element over to others, as entries of a menu. */

import { ClipboardPaste, Lock, LockOpen, Paintbrush } from 'lucide-react'
import type { Editor } from '../../core/editor-api'
import type { MenuEntry } from '../parts/menu'
import { shortcutText } from '../shortcut-text'
import { editorStrings } from './editor-strings'

export function lockEntry(editor: Editor): MenuEntry {
  const words = editorStrings.lock
  const locked = editor.styleSummary().locked === 'all'
  return {
    kind: 'item',
    icon: locked ? LockOpen : Lock,
    label: locked ? words.unlock : words.lock,
    shortcut: shortcutText('mod+shift+L'),
    testId: locked ? 'menu-unlock' : 'menu-lock',
    run: () => editor.toggleLock(),
  }
}

export function styleEntries(editor: Editor): readonly MenuEntry[] {
  const words = editorStrings.style
  return [
    {
      kind: 'item',
      icon: Paintbrush,
      label: words.copy,
      shortcut: shortcutText('mod+alt+C'),
      testId: 'copy-style',
      run: () => editor.copyStyle(),
    },
    {
      kind: 'item',
      icon: ClipboardPaste,
      label: words.paste,
      shortcut: shortcutText('mod+alt+V'),
      disabled: !editor.hasStyle(),
      testId: 'paste-style',
      run: () => editor.pasteStyle(),
    },
  ]
}
