/** What is on a board in the order in which it is read: row by row, and what a frame or a group holds after its name. */
import type { Element, ElementId } from './elements/types'
import type { Scene } from './scene'

export interface OutlineEntry {
  readonly element: Element
  /** How many frames and groups it lies in. */
  readonly depth: number
}

/** Everything once, whoever is named as its parent. */
export function outlineOf(scene: Scene): OutlineEntry[] {
  const below = new Map<ElementId | null, Placed[]>()
  for (const { id } of scene.order()) {
    const element = scene.get(id)?.element
    if (element === undefined) continue
    const parent = scene.family.parentOf(id)
    const placed = { element, depth: 0 }
    const siblings = below.get(parent)
    if (siblings) siblings.push(placed)
    else below.set(parent, [placed])
  }
  const outline: OutlineEntry[] = []
  // By hand and not by calls: nothing bounds how deep somebody else's client nests before the server mends it.
  const waiting = lastFirst(below.get(null), 0)
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    outline.push(next)
    for (const one of lastFirst(below.get(next.element.id), next.depth + 1)) waiting.push(one)
  }
  return outline
}

interface Placed {
  readonly element: Element
  depth: number
}

function lastFirst(placed: Placed[] | undefined, depth: number): Placed[] {
  if (placed === undefined) return []
  for (const one of placed) one.depth = depth
  return placed.sort(({ element: { box: a } }, { element: { box: b } }) => b.y - a.y || b.x - a.x)
}
