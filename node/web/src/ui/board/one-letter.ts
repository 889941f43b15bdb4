/** In other programs a letter always takes up a tool. Whoever expects that writes one letter, and is told once why. */
import type { Editor } from '../../core/editor-api'
import { isToolLetter } from '../../core/keymap'
import { showToast } from '../parts/toasts'
import { strings } from '../strings'

let told = false

/** Writing that began with a letter was ended by a press on the board. */
export function tellOfLetter(before: string, after: string, editor: Editor): void {
  const letter = after.slice(before.length)
  if (told || !after.startsWith(before) || letter.length !== 1 || !isToolLetter(letter)) return
  told = true
  const { oneLetter, undo } = strings.text
  showToast({
    text: oneLetter(letter),
    action: { label: undo, testId: 'undo-letter', run: () => editor.undo() },
  })
}
