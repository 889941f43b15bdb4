/** What an action is, and the questions that tables of actions ask of the editor. */
import type { Editor, KeyInput } from '../editor-api'

export type ActionGroup = 'tools' | 'edit' | 'order' | 'view' | 'other'

export interface Action {
  readonly group: ActionGroup
  /**
   * `mod+shift+z`: a `KeyboardEvent.key` in lower case, or `code:` and a `KeyboardEvent.code`. With `any+` Shift makes
   * no difference, for signs that some keyboards need it for. The first is the one that is shown.
   */
  readonly keys?: readonly string[]
  /** Changes the board: does nothing in a board that may only be read. */
  readonly writes?: true
  /** Menus and the palette offer it only then; a key asks nobody, so that the browser does not take it. */
  readonly when?: (editor: Editor) => boolean
  /** Means something under a key alone: no palette lists it. */
  readonly keyOnly?: true
  /**
   * False when the key meant nothing here. `outside`: the page does it, see `ui/board/commands.ts`. `clipboard`: the
   * browser answers the key with a clipboard event, which alone may touch the clipboard; from a menu the page does it.
   */
  readonly run: ((editor: Editor, input: KeyInput) => boolean | void) | 'outside' | 'clipboard'
}

export const selects = (editor: Editor) => editor.state.get().selection.length > 0
export const selectsSeveral = (editor: Editor) => editor.state.get().selection.length > 1
export const selectsMany = (editor: Editor) => editor.state.get().selection.length > 2
export const hasContent = (editor: Editor) => editor.document.size() > 0
