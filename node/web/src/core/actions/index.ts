/** Runs what the table of actions says. */
import type { Editor, KeyInput } from '../editor-api'
import { ACTIONS, type ActionId } from './table'

/** What the page does for the editor. */
export interface Outside {
  run(action: ActionId): void
  /** Some part of the page answers for it. */
  has(action: ActionId): boolean
}

/** True when the key meant something here. */
export function runByKey(action: ActionId, input: KeyInput, editor: Editor, outside: Outside): boolean {
  const { run } = ACTIONS[action]
  if (run === 'clipboard') return false
  if (run !== 'outside') return run(editor, input) !== false
  outside.run(action)
  return true
}

export function runByName(action: ActionId, editor: Editor, outside: Outside): void {
  if (!canRun(action, editor, outside)) return
  const { run } = ACTIONS[action]
  if (typeof run === 'string') outside.run(action)
  else run(editor, NO_KEY)
}

/** Whether a menu or the palette offers it now. */
export function canRun(action: ActionId, editor: Editor, outside: Outside): boolean {
  const { writes, when, run } = ACTIONS[action]
  if (writes === true && editor.state.get().readOnly) return false
  if (typeof run === 'string' && !outside.has(action)) return false
  return when === undefined || when(editor)
}

const NO_KEY: KeyInput = {
  kind: 'down',
  key: '',
  code: '',
  repeat: false,
  shift: false,
  alt: false,
  mod: false,
}
