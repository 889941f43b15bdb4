/** Which elements a picture of the selection is of, and what of them its frames let be seen. */
import { paintBounds } from '../elements'
import type { Element, ElementId } from '../elements/types'
import { EMPTY_RECT, unionRect, type Rect } from '../geometry/box'
import type { Clip, SceneEntry } from '../scene'

export interface Pictured {
  readonly element: Element
  /** The frames that are in the picture themselves; what is pictured without its frame is seen whole. */
  readonly clip: Clip | null
}

/** The selected with all that hangs below them, or everything when nothing is selected. In the order given. */
export function pictured(all: readonly SceneEntry[], selection: readonly ElementId[]): Pictured[] {
  const byId = new Map(all.map((entry) => [entry.id, entry]))
  const chosen = new Set(selection)
  const isIn = ({ element }: SceneEntry): boolean => {
    const seen = new Set<ElementId>()
    for (
      let at: Element | undefined = element;
      at && !seen.has(at.id);
      at = at.parent === null ? undefined : byId.get(at.parent)?.element
    ) {
      if (chosen.has(at.id)) return true
      seen.add(at.id)
    }
    return false
  }
  const entries = selection.length === 0 ? all : all.filter(isIn)
  const shown = new Set(entries.map((entry) => entry.id))
  const clips = new Map<ElementId, Clip>()
  const clipOf = (clip: Clip | null): Clip | null => {
    if (clip === null) return null
    const { frame } = clip
    if (!shown.has(frame.id)) return clipOf(frame.clip)
    const known = clips.get(frame.id)
    if (known) return known
    const made: Clip = { frame: { ...frame, clip: clipOf(frame.clip) } }
    clips.set(frame.id, made)
    return made
  }
  return entries.map(({ element, clip }) => ({ element, clip: clipOf(clip) }))
}

/** What hangs in a frame is seen within it at most. */
export function drawnBounds(drawn: readonly Pictured[]): Rect {
  return drawn.reduce<Rect>(
    (all, { element, clip }) => (clip ? all : unionRect(all, paintBounds(element))),
    EMPTY_RECT,
  )
}
