/**
 * What a key that prints something is for. While one shape, note or text is selected it is written in that; otherwise it
 * takes up a tool. Escape leaves the writing, and then the letters are the tools' again until something is selected anew.
 */
import type { EditorState, KeyInput } from '../editor-api'
import type { Element, ElementId } from '../elements/types'
import { bindingFor } from '../keymap'
import type { Family } from '../parents'

/** What would be written in now; null while letters are shortcuts. */
export function writesInto(
  state: EditorState,
  element: (id: ElementId) => Element | undefined,
  family: Pick<Family, 'isLocked'>,
): ElementId | null {
  const [id, second] = state.selection
  if (id === undefined || second !== undefined || state.tool !== 'select') return null
  if (state.readOnly || state.editing !== null || state.cropping !== null || state.left === id) return null
  const type = element(id)?.type
  // A line between two shapes gets a label now and then; the letter for the next one is meant far more often.
  const isWritten = type === 'shape' || type === 'sticky' || type === 'text'
  return isWritten && !family.isLocked(id) ? id : null
}

/** A text begins with it: letters and digits, and the other signs that are no shortcut. Space holds the board. */
export function beginsText(input: KeyInput): boolean {
  if (input.mod || input.alt || input.key === ' ' || [...input.key].length !== 1) return false
  return /[\p{L}\p{N}]/u.test(input.key) || bindingFor(input) === undefined
}
