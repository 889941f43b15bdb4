/**
 * Copy, cut and paste through the browser's own clipboard events, which need no permission. Elements
 * travel as JSON under a type of their own, their words beside it as plain text for everyone else.
 */

import { clipboardText, parseClipboard } from '../../core/clipboard'
import type { ClipboardPayload, Editor } from '../../core/editor-api'
import { takeFiles } from './images/take-files'
import type { Uploads } from './images/uploads'

/** What was copied last in this tab: a menu may not read the system's clipboard without being asked. */
let kept: ClipboardPayload | null = null

const ELEMENTS_TYPE = 'application/x-easel-elements+json'

export function attachClipboard(editor: Editor, uploads: Uploads): () => void {
  const onCopy = (event: ClipboardEvent) => {
    if (isTyping(event.target)) return
    put(event, editor.copy(), editor)
  }
  const onCut = (event: ClipboardEvent) => {
    if (isTyping(event.target) || editor.state.get().readOnly) return
    put(event, editor.copy(), editor)
    if (event.defaultPrevented) editor.deleteSelection()
  }
  const onPaste = (event: ClipboardEvent) => {
    const data = event.clipboardData
    if (isTyping(event.target) || data === null || editor.state.get().readOnly) return
    event.preventDefault()
    const files = [...data.files]
    const plain = data.getData('text/plain')
    const elements = parseClipboard(data.getData(ELEMENTS_TYPE)) ?? parseClipboard(plain)
    if (elements !== null) {
      editor.paste(elements)
      return
    }
    if (files.length > 0) {
      void takeFiles(uploads, files)
      return
    }
    const text = plain.replaceAll('\r\n', '\n')
    if (text.trim() !== '') editor.pasteText(text)
  }
  document.addEventListener('copy', onCopy)
  document.addEventListener('cut', onCut)
  document.addEventListener('paste', onPaste)
  return () => {
    document.removeEventListener('copy', onCopy)
    document.removeEventListener('cut', onCut)
    document.removeEventListener('paste', onPaste)
  }
}

function put(event: ClipboardEvent, payload: ClipboardPayload | null, editor: Editor): void {
  if (payload === null || event.clipboardData === null) return
  kept = payload
  const text = clipboardText(payload)
  event.clipboardData.setData(ELEMENTS_TYPE, text)
  const words = payload.elements.flatMap(({ id }) => {
    const element = editor.element(id)
    return element !== undefined && 'text' in element && element.text !== '' ? [element.text] : []
  })
  // Some browsers drop types they do not know: with no words to tell, the plain text is the elements.
  event.clipboardData.setData('text/plain', words.length > 0 ? words.join('\n') : text)
  event.preventDefault()
}

export function canPaste(): boolean {
  return kept !== null
}

export function pasteKept(editor: Editor): void {
  if (kept !== null) editor.paste(kept)
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, [contenteditable="true"]') !== null
}
