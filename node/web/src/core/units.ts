/** What is taken hold of as one: an element, a frame with all it holds, or a group. */
import { isContainer, type Family } from './parents'
import type { Element, ElementId } from './elements/types'
import { moveElement, type Handled } from './handling'

/** The narrow part of the board that units are made from. */
export interface Household {
  readonly family: Family
  element(id: ElementId): Element | undefined
}

/**
 * What a click on an element takes: the outermost group around it, or within a group of which a part is selected the
 * next one in.
 */
export function unitAt(house: Household, id: ElementId, selection: readonly ElementId[]): ElementId {
  const groups = house.family.above(id).filter((above) => house.element(above)?.type === 'group')
  if (groups.length === 0) return id
  const entered = new Set(selection.flatMap((one) => house.family.above(one)))
  const chain = [id, ...groups]
  const at = chain.findIndex((one) => entered.has(one))
  return (at < 0 ? chain.at(-1) : chain[at - 1]) ?? id
}

/** One step from a group towards an element in it. */
export function deeper(house: Household, from: ElementId, towards: ElementId): ElementId {
  const chain = [towards, ...house.family.above(towards)]
  return chain[chain.indexOf(from) - 1] ?? towards
}

/** What Escape goes back to: the group that all of these are parts of. */
export function groupAround(house: Household, ids: readonly ElementId[]): ElementId | null {
  const [first] = ids
  const parent = first === undefined ? null : house.family.parentOf(first)
  if (parent === null || house.element(parent)?.type !== 'group') return null
  return ids.every((id) => house.family.parentOf(id) === parent) ? parent : null
}

/** These and everything below them. */
export function withAllBelow(house: Household, ids: readonly ElementId[]): Element[] {
  return [...ids, ...house.family.below(ids)].flatMap((id) => house.element(id) ?? [])
}

/** What of these has a look: groups stand for what they hold, frames for themselves. */
export function looksOf(house: Household, ids: readonly ElementId[]): Element[] {
  return ids.flatMap((id) => {
    const element = house.element(id)
    if (!element) return []
    return element.type === 'group' ? looksOf(house, house.family.childrenOf(id)) : [element]
  })
}

/** What stretching or turning these changes: of one frame alone only itself, otherwise all that they hold as well. */
export function shapedBy(house: Household, ids: readonly ElementId[], how: 'resize' | 'turn'): Element[] {
  const [first] = ids
  const only = first === undefined || ids.length > 1 ? undefined : house.element(first)
  if (only && (!isContainer(only) || (how === 'resize' && only.type === 'frame'))) return [only]
  const all = withAllBelow(house, ids)
  // The bounds of a group follow from what it holds, and are upright.
  return how === 'turn' ? all.filter((e) => e.type !== 'group') : all
}

/** What was moved takes along what hangs below it, from where that is now. */
export function carried(house: Household, moved: readonly Handled[]): Handled[] {
  return moved.flatMap(({ before, after }) => {
    const dx = after.box.x - before.box.x
    const dy = after.box.y - before.box.y
    if (!isContainer(before) || (dx === 0 && dy === 0)) return [{ before, after }]
    const below = house.family.below([before.id]).flatMap((id) => house.element(id) ?? [])
    return [{ before, after }, ...below.map((e) => ({ before: e, after: moveElement(e, dx, dy) }))]
  })
}
