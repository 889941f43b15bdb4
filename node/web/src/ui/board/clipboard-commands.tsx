/** The clipboard from a menu or the palette. What was copied elsewhere is reached by the key alone. */

import type { Theme } from '../theme'
import type { ClipboardDesk } from './clipboard'
import { canPaste, pasteKept } from './clipboard'
import { useCommand } from './commands'

export function ClipboardCommands({ desk, theme }: { desk: ClipboardDesk; theme: Theme }) {
  useCommand('copy', () => void document.execCommand('copy'))
  useCommand('cut', () => void document.execCommand('cut'))
  useCommand('paste', () => pasteKept(desk), canPaste)
  useCommand('copyPng', () => void copyAs('png', desk, theme))
  useCommand('copySvg', () => void copyAs('svg', desk, theme))
  return null
}

async function copyAs(kind: 'png' | 'svg', desk: ClipboardDesk, theme: Theme): Promise<void> {
  const part = await import('./transfer/copy-as')
  await part.copyAs(kind, { ...desk, theme })
}
