/** Making groups, taking them apart, and keeping none that holds nothing. */
import { createIntent, newGroup } from './elements/make'
import type { ElementId } from './elements/types'
import { boxOfRect } from './geometry/box'
import { boundsOf } from './handling'
import { keysBetween } from './order'
import { isContainer } from './parents'
import type { BoardDocument, Intent } from './ports'
import type { Scene } from './scene'
import { NESTING_MAX } from './schema.gen'
import { NO_STYLES } from './styling'

/** Null when there is nothing to put together. The group stands where the topmost of them stood. */
export function groupIntents(scene: Scene, ids: readonly ElementId[], group: ElementId): Intent[] | null {
  const tops = new Set(scene.family.tops(ids))
  const units = scene.order().filter((entry) => tops.has(entry.id) && !scene.family.isLocked(entry.id))
  const top = units.at(-1)
  if (!top || units.length < 2 || depthBelow(scene, ids) + 1 > NESTING_MAX) return null
  const parents = new Set(units.map((entry) => scene.family.parentOf(entry.id)))
  const [parent = null] = parents.size === 1 ? parents : [commonAbove(scene, [...tops])]
  const elements = units.flatMap((entry) => scene.get(entry.id)?.element ?? [])
  const box = boxOfRect(boundsOf(elements))
  const made = newGroup({ id: group, z: top.element.z, styles: NO_STYLES }, box, parent)
  return [
    createIntent(made),
    ...units.map((entry): Intent => ({ do: 'setParent', id: entry.id, parent: group })),
  ]
}

/** The parts of these groups come to stand where their group stood. */
export function ungroupIntents(
  scene: Scene,
  ids: readonly ElementId[],
): { readonly intents: Intent[]; readonly freed: ElementId[] } {
  const groups = ids.filter((id) => scene.get(id)?.element.type === 'group' && !scene.family.isLocked(id))
  const freed: ElementId[] = []
  const intents = groups.flatMap((group): Intent[] => {
    const parent = scene.family.parentOf(group)
    const order = scene.order()
    const at = order.findIndex((entry) => entry.id === group)
    const next = order.find((entry, i) => i > at && scene.family.parentOf(entry.id) === parent)
    const parts = order.filter((entry) => scene.family.parentOf(entry.id) === group)
    const keys = keysBetween(order[at]?.element.z ?? null, next?.element.z ?? null, parts.length)
    freed.push(...parts.map((entry) => entry.id))
    return [
      ...parts.flatMap((entry, i): Intent[] => {
        const z = keys[i]
        const freedPart: Intent = { do: 'setParent', id: entry.id, parent }
        return z === undefined ? [freedPart] : [freedPart, { do: 'setZ', id: entry.id, z }]
      }),
      { do: 'delete', id: group },
    ]
  })
  return { intents, freed }
}

/** The same with the groups deleted from which the last part is taken. */
export function withoutEmptyGroups(
  intents: readonly Intent[],
  scene: Pick<Scene, 'family'>,
  document: Pick<BoardDocument, 'get'>,
): readonly Intent[] {
  const gone = new Set<ElementId>()
  const added = new Set<ElementId>()
  const left = new Set<ElementId>()
  for (const intent of intents) {
    if (intent.do === 'delete') gone.add(intent.id)
    if (intent.do === 'setParent') left.add(intent.id)
    if (intent.do === 'setParent' && intent.parent !== null) added.add(intent.parent)
    if (intent.do === 'insert' && intent.parent !== null) added.add(intent.parent)
  }
  if (gone.size + left.size === 0) return intents
  const empty: Intent[] = []
  const look = (id: ElementId | null): void => {
    if (id === null || gone.has(id) || added.has(id) || document.get(id)?.type !== 'group') return
    if (!scene.family.childrenOf(id).every((child) => gone.has(child) || left.has(child))) return
    gone.add(id)
    empty.push({ do: 'delete', id })
    look(scene.family.parentOf(id))
  }
  for (const id of [...gone, ...left]) look(scene.family.parentOf(id))
  return empty.length === 0 ? intents : [...intents, ...empty]
}

/** The nearest that all of these hang below. */
function commonAbove(scene: Scene, ids: readonly ElementId[]): ElementId | null {
  const [first, ...rest] = ids.map((id) => scene.family.above(id))
  return first?.find((above) => rest.every((other) => other.includes(above))) ?? null
}

/** How many levels these and what hangs below them take, from the top of the board. */
function depthBelow(scene: Scene, ids: readonly ElementId[]): number {
  const below =
    ids.filter((id) => isContainer(scene.get(id)?.element)).length === 0 ? [] : scene.family.below(ids)
  return [...ids, ...below].reduce((most, id) => Math.max(most, scene.family.above(id).length + 1), 1)
}
