/** The keyboard as the editor wants it: plain values, and none that belong to a field or a panel. */

import type { Editor, KeyInput } from '../../core/editor-api'
import { latinKey } from '../../core/keymap'
import { isTyping } from './clipboard'

export function attachKeys(editor: Editor): () => void {
  const onDown = (event: KeyboardEvent) => {
    if (event.isComposing || isTyping(event.target) || isOverlaid() || belongsToControl(event)) return
    if (isClipboardKey(event)) return
    if (editor.key(inputOf(event, 'down'))) event.preventDefault()
  }
  const onUp = (event: KeyboardEvent) => {
    if (isTyping(event.target)) return
    editor.key(inputOf(event, 'up'))
  }
  // A key that is held while the window loses focus never comes up here.
  const onBlur = () => {
    editor.key({ kind: 'up', key: ' ', code: 'Space', repeat: false, shift: false, alt: false, mod: false })
  }
  window.addEventListener('keydown', onDown)
  window.addEventListener('keyup', onUp)
  window.addEventListener('blur', onBlur)
  return () => {
    window.removeEventListener('keydown', onDown)
    window.removeEventListener('keyup', onUp)
    window.removeEventListener('blur', onBlur)
  }
}

function inputOf(event: KeyboardEvent, kind: 'down' | 'up'): KeyInput {
  // Where AltGr is Ctrl with Alt it makes letters, and no shortcut.
  const isAltGr = event.ctrlKey && event.altKey && event.getModifierState('AltGraph')
  return {
    kind,
    key: event.key,
    code: event.code,
    repeat: event.repeat,
    shift: event.shiftKey,
    alt: event.altKey && !isAltGr,
    mod: (event.ctrlKey && !isAltGr) || event.metaKey,
  }
}

/** Space and Enter press the button that has focus; arrows there move within its bar, and Tab leaves it. */
function belongsToControl(event: KeyboardEvent): boolean {
  if (event.key === 'Tab') return !isOnBoard(event.target)
  if (event.key !== ' ' && event.key !== 'Enter' && event.key !== 'Escape') return false
  const onControl =
    event.target instanceof Element && event.target.closest('button, a, [role="slider"]') !== null
  return onControl && event.key !== 'Escape'
}

function isOnBoard(target: EventTarget | null): boolean {
  if (target === document.body) return true
  const data = target instanceof HTMLElement ? target.dataset : {}
  return data['board'] !== undefined || data['waits'] !== undefined
}

/** These must reach the browser, which answers with a clipboard event. */
function isClipboardKey(event: KeyboardEvent): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return false
  return ['c', 'x', 'v'].includes(latinKey(event))
}

function isOverlaid(): boolean {
  return document.querySelector('dialog[open]') !== null
}
