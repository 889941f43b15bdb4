/** What is done to the selection and its content. */
import type { Editor, KeyInput } from '../editor-api'
import { hasText } from '../elements'
import type { Action } from './action'
import { hasContent, selects } from './action'

const NUDGE = 1
const NUDGE_FAR = 10

const writes = { group: 'edit', writes: true } as const
const ofSelection = { ...writes, when: selects } as const

export const editActions = {
  undo: { ...writes, keys: ['mod+z'], when: (e) => e.state.get().canUndo, run: (e) => e.undo() },
  redo: {
    ...writes,
    keys: ['mod+shift+z', 'mod+y'],
    when: (e) => e.state.get().canRedo,
    run: (e) => e.redo(),
  },
  selectAll: { group: 'edit', keys: ['mod+a'], when: hasContent, run: (e) => e.selectAll() },
  copy: { group: 'edit', keys: ['mod+c'], when: selects, run: 'clipboard' },
  copyPng: { group: 'edit', keys: ['alt+shift+code:KeyC'], when: hasContent, run: 'outside' },
  copySvg: { group: 'edit', keys: ['alt+shift+code:KeyG'], when: hasContent, run: 'outside' },
  cut: { ...ofSelection, keys: ['mod+x'], run: 'clipboard' },
  paste: { ...writes, keys: ['mod+v'], run: 'clipboard' },
  duplicate: { ...ofSelection, keys: ['mod+d'], run: (e) => e.duplicate() },
  delete: { ...ofSelection, keys: ['delete', 'backspace'], run: (e) => e.deleteSelection() },
  editText: { ...ofSelection, keys: ['enter', 'f2'], when: writable, run: editText },
  'note:beside': { ...ofSelection, keys: ['tab'], keyOnly: true, run: (e) => e.addNote('beside') },
  'note:below': { ...ofSelection, keys: ['mod+enter'], keyOnly: true, run: (e) => e.addNote('below') },
  copyStyle: { group: 'edit', keys: ['mod+alt+code:KeyC'], when: selects, run: (e) => e.copyStyle() },
  pasteStyle: {
    ...writes,
    keys: ['mod+alt+code:KeyV'],
    when: (e) => selects(e) && e.hasStyle(),
    run: (e) => e.pasteStyle(),
  },
  toggleLock: { ...ofSelection, keys: ['mod+shift+l'], run: (e) => e.toggleLock() },
  nudge: {
    ...ofSelection,
    keys: ['any+arrowleft', 'any+arrowright', 'any+arrowup', 'any+arrowdown'],
    keyOnly: true,
    run: nudge,
  },
} satisfies Record<string, Action>

function nudge(editor: Editor, input: KeyInput): boolean {
  if (!selects(editor)) return false
  const far = input.shift ? NUDGE_FAR : NUDGE
  const name = input.key.toLowerCase()
  const dx = name === 'arrowleft' ? -far : name === 'arrowright' ? far : 0
  const dy = name === 'arrowup' ? -far : name === 'arrowdown' ? far : 0
  editor.nudge(dx, dy)
  return true
}

function writable(editor: Editor): boolean {
  const [id, second] = editor.state.get().selection
  const element = id === undefined || second !== undefined ? undefined : editor.element(id)
  return element !== undefined && (hasText(element) || element.type === 'image' || element.type === 'frame')
}

/** Enter goes on from a note that says something; F2 writes in it. Of an image another part can be chosen. */
function editText(editor: Editor, input: KeyInput): boolean {
  const [id, second] = editor.state.get().selection
  const element = id === undefined || second !== undefined ? undefined : editor.element(id)
  if (element?.type === 'image') {
    editor.startCrop(element.id)
    return true
  }
  if (element?.type === 'frame') {
    editor.startTextEdit(element.id)
    return true
  }
  if (!element || !hasText(element)) return false
  const goesOn = input.key === 'Enter' && element.type === 'sticky' && element.text !== ''
  if (goesOn && editor.addNote('below')) return true
  editor.startTextEdit(element.id)
  return true
}
