/** Which key does what: the one table that the editor obeys and the `?` sheet shows. */
import type { ActionId, KeyInput } from './editor-api'

export interface Binding {
  readonly action: ActionId
  /** As in `KeyboardEvent.key`, lower case; or `code:` and a `KeyboardEvent.code`. */
  readonly key: string
  readonly mod?: true
  readonly shift?: true
  readonly alt?: true
  /** Shift makes no difference: a sign that some keyboards need it for. */
  readonly anyShift?: true
  readonly group: 'tools' | 'edit' | 'order' | 'view' | 'other'
  /** Changes the board: does nothing in a board that may only be read. */
  readonly writes?: true
}

export const KEYMAP: readonly Binding[] = [
  { action: 'tool:select', key: 'v', group: 'tools' },
  { action: 'tool:hand', key: 'h', group: 'tools' },
  { action: 'tool:rectangle', key: 'r', group: 'tools', writes: true },
  { action: 'tool:ellipse', key: 'o', group: 'tools', writes: true },
  { action: 'tool:diamond', key: 'd', group: 'tools', writes: true },
  { action: 'tool:sticky', key: 's', group: 'tools', writes: true },
  { action: 'tool:text', key: 't', group: 'tools', writes: true },
  { action: 'tool:pen', key: 'p', group: 'tools', writes: true },
  { action: 'tool:line', key: 'l', group: 'tools', writes: true },
  { action: 'tool:eraser', key: 'e', group: 'tools', writes: true },
  { action: 'tool:laser', key: 'k', group: 'tools' },
  { action: 'undo', key: 'z', mod: true, group: 'edit', writes: true },
  { action: 'redo', key: 'z', mod: true, shift: true, group: 'edit', writes: true },
  { action: 'redo', key: 'y', mod: true, group: 'edit', writes: true },
  { action: 'selectAll', key: 'a', mod: true, group: 'edit' },
  { action: 'copy', key: 'c', mod: true, group: 'edit' },
  { action: 'cut', key: 'x', mod: true, group: 'edit', writes: true },
  { action: 'paste', key: 'v', mod: true, group: 'edit', writes: true },
  { action: 'duplicate', key: 'd', mod: true, group: 'edit', writes: true },
  { action: 'delete', key: 'delete', group: 'edit', writes: true },
  { action: 'delete', key: 'backspace', group: 'edit', writes: true },
  { action: 'editText', key: 'enter', group: 'edit', writes: true },
  { action: 'editText', key: 'f2', group: 'edit', writes: true },
  { action: 'note:beside', key: 'tab', group: 'edit', writes: true },
  { action: 'note:below', key: 'enter', mod: true, group: 'edit', writes: true },
  { action: 'copyStyle', key: 'code:KeyC', mod: true, alt: true, group: 'edit' },
  { action: 'pasteStyle', key: 'code:KeyV', mod: true, alt: true, group: 'edit', writes: true },
  { action: 'toggleLock', key: 'l', mod: true, shift: true, group: 'edit', writes: true },
  { action: 'nudge', key: 'arrowleft', anyShift: true, group: 'edit', writes: true },
  { action: 'nudge', key: 'arrowright', anyShift: true, group: 'edit', writes: true },
  { action: 'nudge', key: 'arrowup', anyShift: true, group: 'edit', writes: true },
  { action: 'nudge', key: 'arrowdown', anyShift: true, group: 'edit', writes: true },
  { action: 'forward', key: ']', group: 'order', writes: true },
  { action: 'backward', key: '[', group: 'order', writes: true },
  { action: 'toFront', key: '}', anyShift: true, group: 'order', writes: true },
  { action: 'toBack', key: '{', anyShift: true, group: 'order', writes: true },
  // By code: with Alt some keyboards make other letters.
  { action: 'align:left', key: 'code:KeyA', alt: true, group: 'order', writes: true },
  { action: 'align:center', key: 'code:KeyH', alt: true, group: 'order', writes: true },
  { action: 'align:right', key: 'code:KeyD', alt: true, group: 'order', writes: true },
  { action: 'align:top', key: 'code:KeyW', alt: true, group: 'order', writes: true },
  { action: 'align:middle', key: 'code:KeyV', alt: true, group: 'order', writes: true },
  { action: 'align:bottom', key: 'code:KeyS', alt: true, group: 'order', writes: true },
  { action: 'distribute:across', key: 'code:KeyH', alt: true, shift: true, group: 'order', writes: true },
  { action: 'distribute:down', key: 'code:KeyV', alt: true, shift: true, group: 'order', writes: true },
  { action: 'tidy', key: 'code:KeyT', alt: true, shift: true, group: 'order', writes: true },
  { action: 'flip:across', key: 'h', shift: true, group: 'order', writes: true },
  { action: 'flip:down', key: 'v', shift: true, group: 'order', writes: true },
  { action: 'zoomIn', key: '+', mod: true, anyShift: true, group: 'view' },
  { action: 'zoomIn', key: '=', mod: true, anyShift: true, group: 'view' },
  { action: 'zoomOut', key: '-', mod: true, anyShift: true, group: 'view' },
  { action: 'zoomReset', key: '0', mod: true, group: 'view' },
  // By code: with Shift the digits are other signs on every other keyboard.
  { action: 'zoomFit', key: 'code:Digit1', shift: true, group: 'view' },
  { action: 'zoomSelection', key: 'code:Digit2', shift: true, group: 'view' },
  { action: 'toggleSnap', key: 'code:Quote', mod: true, shift: true, group: 'view' },
  { action: 'toggleGrid', key: 'code:Quote', mod: true, group: 'view' },
  { action: 'escape', key: 'escape', group: 'other' },
  { action: 'help', key: '?', anyShift: true, group: 'other' },
]

export function bindingFor(input: KeyInput): Binding | undefined {
  return KEYMAP.find((binding) => {
    const named = binding.key.startsWith('code:')
      ? binding.key === `code:${input.code}`
      : binding.key === input.key.toLowerCase()
    if (!named) return false
    if ((binding.mod ?? false) !== input.mod || (binding.alt ?? false) !== input.alt) return false
    return binding.anyShift === true || (binding.shift ?? false) === input.shift
  })
}
