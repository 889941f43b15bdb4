/** Z-order: which keys the selection gets to come forward or go back, among what hangs below the same parent. */
import type { ElementId } from './elements/types'
import { EMPTY_RECT, rectsTouch, unionRect, type Rect } from './geometry/box'
import { keysBetween } from './order'
import type { Intent } from './ports'
import type { Scene, SceneEntry } from './scene'

export type Arrangement = 'to-front' | 'forward' | 'backward' | 'to-back'

/** Nothing when the selection is there already. Its own order stays. */
export function arrange(
  scene: Pick<Scene, 'order' | 'family' | 'get'>,
  ids: readonly ElementId[],
  how: Arrangement,
): Intent[] {
  const parents = new Set(ids.map((id) => scene.family.parentOf(id)))
  return [...parents].flatMap((parent) => {
    const siblings = scene.order().flatMap((entry) => {
      return scene.family.parentOf(entry.id) === parent ? (scene.get(entry.id) ?? []) : []
    })
    return arrangeAmong(siblings, ids, how)
  })
}

function arrangeAmong(order: readonly SceneEntry[], ids: readonly ElementId[], how: Arrangement): Intent[] {
  const chosen = new Set(ids)
  const block = order.filter((entry) => chosen.has(entry.id))
  const others = order.filter((entry) => !chosen.has(entry.id))
  if (block.length === 0 || others.length === 0) return []
  const place = placeFor(order, others, block, how)
  if (place === null) return []
  const below = others[place - 1]?.element.z ?? null
  const above = others[place]?.element.z ?? null
  const keys = keysBetween(below, above, block.length)
  return block.flatMap((entry, i): Intent[] => {
    const z = keys[i]
    return z === undefined ? [] : [{ do: 'setZ', id: entry.id, z }]
  })
}

/** How many of the others the selection is to stand above; null when nothing would change. */
function placeFor(
  order: readonly SceneEntry[],
  others: readonly SceneEntry[],
  block: readonly SceneEntry[],
  how: Arrangement,
): number | null {
  const inFront = new Set(block)
  switch (how) {
    case 'to-front':
      return order.slice(-block.length).every((entry) => inFront.has(entry)) ? null : others.length
    case 'to-back':
      return order.slice(0, block.length).every((entry) => inFront.has(entry)) ? null : 0
    case 'forward': {
      const top = order.findLastIndex((entry) => inFront.has(entry))
      const next = order.find((entry, i) => i > top && overlaps(entry, block))
      return next ? others.indexOf(next) + 1 : null
    }
    case 'backward': {
      const bottom = order.findIndex((entry) => inFront.has(entry))
      const next = order.findLast((entry, i) => i < bottom && overlaps(entry, block))
      return next ? others.indexOf(next) : null
    }
  }
}

/** Only passing what it covers or is covered by makes a step that can be seen. */
function overlaps(entry: SceneEntry, block: readonly SceneEntry[]): boolean {
  const around = block.reduce<Rect>((all, one) => unionRect(all, one), EMPTY_RECT)
  return rectsTouch(entry, around)
}
