/**
 * What hangs below what. An element's `parent` counts when it is a frame or a group that is there and that does not hang
 * below the element itself: a parent that somebody deleted, or a circle that two people made at once, is as good as
 * none until the server has mended it.
 */
import type { Container, Element, ElementId } from './elements/types'
import { NESTING_MAX } from './schema.gen'

export interface Family {
  parentOf(id: ElementId): ElementId | null
  /** Everything it hangs below, the nearest first. */
  above(id: ElementId): readonly ElementId[]
  childrenOf(id: ElementId): readonly ElementId[]
  /** Everything that hangs below these, without themselves. */
  below(ids: Iterable<ElementId>): readonly ElementId[]
  /** It is locked, or something that it hangs below is. */
  isLocked(id: ElementId): boolean
  /** Those that do not hang below another of them. */
  tops(ids: readonly ElementId[]): ElementId[]
}

export function isContainer(e: Element | undefined): e is Container {
  return e?.type === 'frame' || e?.type === 'group'
}

/** Who names whom as its parent; kept up to date by who holds the elements. */
export class Families implements Family {
  private readonly named = new Map<ElementId, Set<ElementId>>()
  private readonly get: (id: ElementId) => Element | undefined

  constructor(get: (id: ElementId) => Element | undefined) {
    this.get = get
  }

  /** Nobody names a parent. */
  isFlat(): boolean {
    return this.named.size === 0
  }

  names(child: ElementId, parent: ElementId | null): void {
    if (parent === null) return
    const children = this.named.get(parent)
    if (children) children.add(child)
    else this.named.set(parent, new Set([child]))
  }

  forget(child: ElementId, parent: ElementId | null): void {
    if (parent === null) return
    const children = this.named.get(parent)
    if (children?.delete(child) === true && children.size === 0) this.named.delete(parent)
  }

  parentOf(id: ElementId): ElementId | null {
    const parent = this.namedBy(id)
    if (parent === null) return null
    let next = this.namedBy(parent)
    for (let above = 0; next !== null && above <= NESTING_MAX; above++) {
      if (next === id) return null
      next = this.namedBy(next)
    }
    return parent === id ? null : parent
  }

  above(id: ElementId): readonly ElementId[] {
    const above: ElementId[] = []
    let next = this.parentOf(id)
    while (next !== null && above.length <= NESTING_MAX) {
      above.push(next)
      next = this.parentOf(next)
    }
    return above
  }

  childrenOf(id: ElementId): readonly ElementId[] {
    const named = this.named.get(id)
    return named ? [...named].filter((child) => this.parentOf(child) === id) : []
  }

  below(ids: Iterable<ElementId>): readonly ElementId[] {
    if (this.isFlat()) return []
    const of = new Set(ids)
    const found = new Set<ElementId>()
    const next = [...of]
    for (let id = next.pop(); id !== undefined; id = next.pop()) {
      for (const child of this.childrenOf(id)) {
        if (found.has(child) || of.has(child)) continue
        found.add(child)
        next.push(child)
      }
    }
    return [...found]
  }

  isLocked(id: ElementId): boolean {
    if (this.get(id)?.style.locked === true) return true
    return this.above(id).some((above) => this.get(above)?.style.locked === true)
  }

  tops(ids: readonly ElementId[]): ElementId[] {
    if (this.isFlat()) return [...ids]
    const chosen = new Set(ids)
    return ids.filter((id) => !this.above(id).some((above) => chosen.has(above)))
  }

  private namedBy(id: ElementId): ElementId | null {
    const parent = this.get(id)?.parent ?? null
    return parent !== null && isContainer(this.get(parent)) ? parent : null
  }
}
