/** Which elements a picture of the selection is of. */
import type { Element, ElementId } from '../elements/types'

/** The selected with all that hangs below them, or everything when nothing is selected. In the order given. */
export function pictured(all: readonly Element[], selection: readonly ElementId[]): Element[] {
  if (selection.length === 0) return [...all]
  const byId = new Map(all.map((e) => [e.id, e]))
  const chosen = new Set(selection)
  const isIn = (e: Element): boolean => {
    const seen = new Set<ElementId>()
    for (
      let at: Element | undefined = e;
      at && !seen.has(at.id);
      at = at.parent === null ? undefined : byId.get(at.parent)
    ) {
      if (chosen.has(at.id)) return true
      seen.add(at.id)
    }
    return false
  }
  return all.filter(isIn)
}
