/** The ends of connectors: where they are, and moving, binding and freeing them. */
import { routeOf } from '../elements/connector'
import type { Binding, ConnectorElement, ConnectorEnd, ConnectorEnds, ElementId } from '../elements/types'
import { boxBetween, type Point } from '../geometry/box'
import type { Intent } from '../ports'
import { dataOf } from '../elements/connector'

export type EndName = 'from' | 'to'

export interface PlacedEnd {
  readonly at: Point
  readonly binding: Binding | null
}

/** As they are shown. */
export function endPoints(e: ConnectorElement): readonly [Point, Point] {
  const { points } = routeOf(e)
  const first = points[0] ?? { x: e.box.x, y: e.box.y }
  return [first, points.at(-1) ?? first]
}

export function placedEnds(e: ConnectorElement): { readonly from: PlacedEnd; readonly to: PlacedEnd } {
  const [from, to] = endPoints(e)
  return {
    from: { at: from, binding: e.ends.from.binding },
    to: { at: to, binding: e.ends.to.binding },
  }
}

/** The connector with these ends; its box is the one between them, and no way is known yet. */
export function withEnds(e: ConnectorElement, from: PlacedEnd, to: PlacedEnd): ConnectorElement {
  const box = boxBetween(from.at, to.at)
  const end = ({ at, binding }: PlacedEnd): ConnectorEnd => ({
    own: [box.w === 0 ? 0 : (at.x - box.x) / box.w, box.h === 0 ? 0 : (at.y - box.y) / box.h],
    binding,
  })
  return { ...e, box, ends: { ...e.ends, from: end(from), to: end(to) }, route: null }
}

export function withEnd(e: ConnectorElement, name: EndName, placed: PlacedEnd): ConnectorElement {
  const { from, to } = placedEnds(e)
  return name === 'from' ? withEnds(e, placed, to) : withEnds(e, from, placed)
}

/** Both ends follow elements: nothing is left to move. */
export function isBound(e: ConnectorElement): boolean {
  return e.ends.from.binding !== null && e.ends.to.binding !== null
}

/** Takes its free ends along; those that are bound stay with their elements. */
export function mapFreeEnds(e: ConnectorElement, map: (p: Point) => Point): ConnectorElement {
  if (isBound(e)) return e
  const { from, to } = placedEnds(e)
  const mapped = (end: PlacedEnd): PlacedEnd => (end.binding ? end : { ...end, at: map(end.at) })
  return withEnds(e, mapped(from), mapped(to))
}

/** Where it last was written into its box, so that it can be read without its elements. */
export function settled(e: ConnectorElement): ConnectorElement {
  const { from, to } = placedEnds(e)
  return withEnds(e, from, to)
}

/** A copy so far off: bound to the copies of its elements, and free where there are none. */
export function copyOf(
  e: ConnectorElement,
  copies: ReadonlyMap<ElementId, ElementId>,
  by: Point,
): ConnectorElement {
  const { from, to } = placedEnds(e)
  const copied = ({ at, binding }: PlacedEnd): PlacedEnd => {
    const element = binding && copies.get(binding.element)
    return {
      at: { x: at.x + by.x, y: at.y + by.y },
      binding: binding && element !== null && element !== undefined ? { ...binding, element } : null,
    }
  }
  return withEnds(e, copied(from), copied(to))
}

/** What else a transaction has to do that deletes elements: ends that were bound to them stay where they are. */
export function freeingIntents(
  intents: readonly Intent[],
  connectorsOf: (id: ElementId) => readonly ConnectorElement[],
): Intent[] {
  const gone = new Set(intents.flatMap((intent) => (intent.do === 'delete' ? [intent.id] : [])))
  const left = new Map<ElementId, ConnectorElement>()
  for (const id of gone) for (const e of connectorsOf(id)) if (!gone.has(e.id)) left.set(e.id, e)
  return [...left.values()].flatMap((e) => {
    const { from, to } = placedEnds(e)
    const freed = (end: PlacedEnd): PlacedEnd =>
      end.binding && gone.has(end.binding.element) ? { ...end, binding: null } : end
    return endIntents(withEnds(e, freed(from), freed(to)))
  })
}

export function endIntents(e: ConnectorElement): Intent[] {
  const { from, to } = dataOf(e.ends)
  return [
    { do: 'setBox', id: e.id, box: e.box },
    { do: 'setConnector', id: e.id, data: { from, to } },
  ]
}

export function sameEnds(a: ConnectorEnds, b: ConnectorEnds): boolean {
  return a === b || JSON.stringify(dataOf(a)) === JSON.stringify(dataOf(b))
}
