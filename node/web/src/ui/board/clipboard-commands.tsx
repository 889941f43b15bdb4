/** The clipboard from a menu or the palette. What was copied elsewhere is reached by the key alone. */

import type { Editor } from '../../core/editor-api'
import { canPaste, pasteKept } from './clipboard'
import { useCommand } from './commands'

export function ClipboardCommands({ editor }: { editor: Editor }) {
  useCommand('copy', () => void document.execCommand('copy'))
  useCommand('cut', () => void document.execCommand('cut'))
  useCommand('paste', () => pasteKept(editor), canPaste)
  return null
}
