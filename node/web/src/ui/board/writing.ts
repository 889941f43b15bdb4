/** The text that is being written in, for the buttons beside it: what the selection has, and what can be done to it. */
import type { Editor } from '../../core/editor-api'
import { createStore, type WritableStore } from '../../core/store'
import type { ListKind, Marks } from '../../core/text'
import type { Selection, StyleName } from '../../core/writing/rich-edit'

export interface Writing {
  readonly marks: Marks
  toggleStyle(name: StyleName): void
  toggleList(kind: ListKind): void
  selection(): Selection
  /** Null takes it away. */
  setLink(link: string | null, at: Selection): void
  /** Goes on with writing, with this selected or where it was. */
  focus(at?: Selection): void
}

const stores = new WeakMap<Editor, WritableStore<Writing | null>>()

/** Null while nothing is written. */
export function writingIn(editor: Editor): WritableStore<Writing | null> {
  const store = stores.get(editor) ?? createStore<Writing | null>(null)
  stores.set(editor, store)
  return store
}
