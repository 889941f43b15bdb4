/** What each action of the key table does. */
import type { ActionId, Editor, KeyInput, ToolId } from './editor-api'
import { hasText } from './elements'
import type { NoteDirection } from './sticky-flow'

const NUDGE = 1
const NUDGE_FAR = 10

type Verb = Exclude<ActionId, `tool:${ToolId}`>

/** True when the key meant something here. `outside` hears of what the editor does not do by itself. */
export function runAction(
  action: ActionId,
  input: KeyInput,
  editor: Editor,
  outside: (action: ActionId) => void,
): boolean {
  if (isTool(action)) {
    editor.setTool(action.slice('tool:'.length) as ToolId)
    return true
  }
  switch (action) {
    case 'nudge':
      return nudge(input, editor)
    case 'editText':
      return editText(input, editor)
    case 'note:beside':
      return editor.addNote('beside')
    case 'note:below':
      return editor.addNote('below')
    case 'copy':
    case 'cut':
    case 'paste':
      // The browser answers these with a clipboard event, which alone may touch the clipboard.
      outside(action)
      return false
    case 'help':
      outside(action)
      return true
    default:
      run(action, editor)
      return true
  }
}

export function isTool(action: ActionId): action is `tool:${ToolId}` {
  return action.startsWith('tool:')
}

function run(
  action: Exclude<Verb, 'nudge' | 'editText' | `note:${NoteDirection}` | 'copy' | 'cut' | 'paste' | 'help'>,
  editor: Editor,
): void {
  switch (action) {
    case 'undo':
      return editor.undo()
    case 'redo':
      return editor.redo()
    case 'selectAll':
      return editor.selectAll()
    case 'delete':
      return editor.deleteSelection()
    case 'duplicate':
      return editor.duplicate()
    case 'toFront':
      return editor.bringToFront()
    case 'forward':
      return editor.bringForward()
    case 'backward':
      return editor.sendBackward()
    case 'toBack':
      return editor.sendToBack()
    case 'zoomIn':
      return editor.zoomIn()
    case 'zoomOut':
      return editor.zoomOut()
    case 'zoomReset':
      return editor.zoomTo(1)
    case 'zoomFit':
      return editor.zoomToFit()
    case 'zoomSelection':
      return editor.zoomToSelection()
    case 'toggleLock':
      return editor.toggleLock()
    case 'copyStyle':
      return editor.copyStyle()
    case 'pasteStyle':
      return editor.pasteStyle()
    case 'align:left':
      return editor.align('left')
    case 'align:center':
      return editor.align('center')
    case 'align:right':
      return editor.align('right')
    case 'align:top':
      return editor.align('top')
    case 'align:middle':
      return editor.align('middle')
    case 'align:bottom':
      return editor.align('bottom')
    case 'distribute:across':
      return editor.distribute('across')
    case 'distribute:down':
      return editor.distribute('down')
    case 'tidy':
      return editor.tidy()
    case 'flip:across':
      return editor.flip('across')
    case 'flip:down':
      return editor.flip('down')
    case 'toggleSnap':
      return editor.setSnapping({ elements: !editor.state.get().snapping.elements })
    case 'toggleGrid':
      return editor.setSnapping({ grid: !editor.state.get().snapping.grid })
    case 'escape':
      return editor.escape()
  }
}

function nudge(input: KeyInput, editor: Editor): boolean {
  if (editor.state.get().selection.length === 0) return false
  const far = input.shift ? NUDGE_FAR : NUDGE
  const name = input.key.toLowerCase()
  const dx = name === 'arrowleft' ? -far : name === 'arrowright' ? far : 0
  const dy = name === 'arrowup' ? -far : name === 'arrowdown' ? far : 0
  editor.nudge(dx, dy)
  return true
}

/** Enter goes on from a note that says something; F2 writes in it. */
function editText(input: KeyInput, editor: Editor): boolean {
  const [id, second] = editor.state.get().selection
  const element = id === undefined || second !== undefined ? undefined : editor.element(id)
  if (!element || !hasText(element)) return false
  const goesOn = input.key === 'Enter' && element.type === 'sticky' && element.text !== ''
  if (goesOn && editor.addNote('below')) return true
  editor.startTextEdit(element.id)
  return true
}
