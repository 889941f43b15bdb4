/**
 * Copy, cut and paste through the browser's own clipboard events, which need no permission. Elements travel as JSON under
 * a type of their own, and in HTML for browsers that drop what they do not know; their words go beside it as plain text for
 * everyone else.
 */

import { clipboardText, FILES_MAX } from '../../core/clipboard'
import type { ClipboardPayload, Editor } from '../../core/editor-api'
import { EMBEDDED, escapedHtml } from '../../core/exchange/embedded'
import type { Pictures } from '../../render/pictures'
import { ELEMENTS_TYPE, pasteOwn, receive, type Desk } from './transfer/brought'

/** What was copied last in this tab: a menu may not read the system's clipboard without being asked. */
let kept: ClipboardPayload | null = null

/** Pictures are copied along for boards of other servers, in no larger size and of no greater length than this. */
const FILE_SIDE_MAX = 2048
const FILES_LENGTH_MAX = 8_000_000

export interface ClipboardDesk extends Desk {
  readonly pictures: Pictures
}

export function attachClipboard(desk: ClipboardDesk): () => void {
  const { editor } = desk
  const onCopy = (event: ClipboardEvent) => {
    if (isTyping(event.target)) return
    put(event, desk)
  }
  const onCut = (event: ClipboardEvent) => {
    if (isTyping(event.target) || editor.state.get().readOnly) return
    put(event, desk)
    if (event.defaultPrevented) editor.deleteSelection()
  }
  // On Linux the middle button also pastes what is selected somewhere; here it moves the board.
  let byMiddle = false
  const onPress = (event: Event) => {
    byMiddle = event instanceof MouseEvent && event.button === 1
  }
  const onPaste = (event: ClipboardEvent) => {
    if (byMiddle && !isTyping(event.target)) return event.preventDefault()
    const data = event.clipboardData
    if (isTyping(event.target) || data === null || editor.state.get().readOnly) return
    event.preventDefault()
    receive(desk, data)
  }
  for (const name of ['pointerdown', 'keydown']) window.addEventListener(name, onPress, true)
  document.addEventListener('copy', onCopy)
  document.addEventListener('cut', onCut)
  document.addEventListener('paste', onPaste)
  return () => {
    for (const name of ['pointerdown', 'keydown']) window.removeEventListener(name, onPress, true)
    document.removeEventListener('copy', onCopy)
    document.removeEventListener('cut', onCut)
    document.removeEventListener('paste', onPaste)
  }
}

function put(event: ClipboardEvent, { editor, board, pictures }: ClipboardDesk): void {
  const copied = editor.copy()
  if (copied === null || event.clipboardData === null) return
  const payload: ClipboardPayload = { ...copied, board, ...filesOf(copied, editor, pictures) }
  kept = payload
  const text = clipboardText(payload)
  event.clipboardData.setData(ELEMENTS_TYPE, text)
  const said = wordsOf(payload, editor)
  event.clipboardData.setData(
    'text/html',
    `<div ${EMBEDDED}="${escapedHtml(text)}">${escapedHtml(said)}</div>`,
  )
  // For browsers that keep neither: with no words to tell, the plain text is the elements.
  event.clipboardData.setData('text/plain', said === '' ? text : said)
  event.preventDefault()
}

function wordsOf(payload: ClipboardPayload, editor: Editor): string {
  const words = payload.elements.flatMap(({ id }) => {
    const element = editor.element(id)
    return element !== undefined && 'text' in element && element.text !== '' ? [element.text] : []
  })
  return words.join('\n')
}

function filesOf(
  payload: ClipboardPayload,
  editor: Editor,
  pictures: Pictures,
): Pick<ClipboardPayload, 'files'> {
  const files: Record<string, string> = {}
  let left = FILES_LENGTH_MAX
  for (const { id } of payload.elements) {
    const element = editor.element(id)
    if (element?.type !== 'image' || element.picture.asset in files) continue
    if (Object.keys(files).length >= FILES_MAX) break
    const file = pictures.dataUrl(element.picture.asset, FILE_SIDE_MAX)
    if (file === null || file.length > left) continue
    left -= file.length
    files[element.picture.asset] = file
  }
  return Object.keys(files).length === 0 ? {} : { files }
}

export function canPaste(): boolean {
  return kept !== null
}

export function pasteKept(desk: Desk): void {
  if (kept !== null) pasteOwn(desk, kept)
}

/** In a field; one that only waits for letters leaves all else to the board. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(FIELDS) !== null
}

const FIELDS = 'input, textarea, [contenteditable="true"]:not([data-waits])'
