/**
 * One person's undo. What is undone is what they did; undoing that they made an element leaves it where others have
 * written in it meanwhile, with what those have written.
 */
import * as Y from 'yjs'

export function openHistory(elements: Y.Map<unknown>, origin: object): Y.UndoManager {
  const stacks = { undo: [] as readonly Step[], redo: [] as readonly Step[] }
  const history = new Y.UndoManager(elements, {
    trackedOrigins: new Set([origin]),
    captureTimeout: 0,
    deleteFilter(item) {
      const map = elementOf(item, elements)
      if (map === undefined || !hasLettersOfOthers(map, elements.doc?.clientID)) return true
      // Yjs takes a step from its stack and then asks; it says only so which one it is.
      const step = history.undoing
        ? stacks.undo[history.undoStack.length]
        : stacks.redo[history.redoStack.length]
      return step === undefined || !isMadeBy(step, map)
    },
  })
  const { undo, redo } = history
  history.undo = () => {
    stacks.undo = [...history.undoStack]
    return undo.call(history)
  }
  history.redo = () => {
    stacks.redo = [...history.redoStack]
    return redo.call(history)
  }
  return history
}

type Step = Y.UndoManager['undoStack'][number]

/** The element that an item makes, or that it is a key of; what lies deeper goes by itself. */
function elementOf(item: Y.Item, elements: Y.Map<unknown>): Y.Map<unknown> | undefined {
  const parent: unknown = item.parent
  const map = parent === elements ? item.content.getContent()[0] : parent
  return map instanceof Y.Map && map.parent === elements ? (map as Y.Map<unknown>) : undefined
}

function hasLettersOfOthers(map: Y.Map<unknown>, self: number | undefined): boolean {
  const text = map.get('text')
  if (!(text instanceof Y.Text)) return false
  // eslint-disable-next-line no-underscore-dangle -- Yjs has no other way to its items.
  for (let item = text._start; item !== null; item = item.right) {
    if (!item.deleted && item.countable && item.id.client !== self) return true
  }
  return false
}

/** Whether the step made it, or made what an undo has brought back as this. */
function isMadeBy({ insertions }: Step, map: Y.Map<unknown>): boolean {
  // eslint-disable-next-line no-underscore-dangle -- Yjs has no other way to its items.
  for (let item = map._item; item !== null; item = item.left) {
    if (Y.isDeleted(insertions, item.id)) return true
  }
  return false
}
