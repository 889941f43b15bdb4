/**
 * Which connectors hang on which elements, and their ways.
 *
 * When an element has moved, only what is bound to it and what might go around it is routed anew: a map leads from
 * elements to connectors, and an index finds the ways that lie where something came or went.
 */
import RBush from 'rbush'
import { frameOf, isInk } from '../elements'
import { outlineOf } from '../elements/solid'
import type { ConnectorElement, ConnectorEnd, Element, ElementId } from '../elements/types'
import { growRect, rectOfBox, type Rect } from '../geometry/box'
import { rimOf, type Rim } from './rim'
import { jointOf, NOTHING_NEAR, routeBetween, type Near } from './route'

/** What connectors must know of the board. */
export interface LinkBoard {
  /** As it is shown. */
  element(id: ElementId): Element | undefined
  /** Everything that may colour the rectangle. */
  near(rect: Rect, act: (e: Element) => void): void
}

interface Region extends Rect {
  readonly id: ElementId
}

/** So near to a way something matters to it. */
const REGION_SPACE = 12

export class Links {
  private readonly board: LinkBoard
  /** As the document or a preview has them: without a way. */
  private readonly connectors = new Map<ElementId, ConnectorElement>()
  private readonly hanging = new Map<ElementId, Set<ElementId>>()
  private readonly regions = new RBush<Region>()
  private readonly regionOf = new Map<ElementId, Region>()
  private stale = new Set<ElementId>()

  constructor(board: LinkBoard) {
    this.board = board
  }

  /** The connector has come, or is another now. */
  put(e: ConnectorElement): void {
    const before = this.connectors.get(e.id)
    if (before) this.unhang(before)
    this.connectors.set(e.id, e)
    for (const id of boundTo(e)) {
      const hanging = this.hanging.get(id)
      if (hanging) hanging.add(e.id)
      else this.hanging.set(id, new Set([e.id]))
    }
    this.stale.add(e.id)
  }

  drop(id: ElementId): void {
    const before = this.connectors.get(id)
    if (!before) return
    this.unhang(before)
    this.connectors.delete(id)
    this.stale.delete(id)
    this.setRegion(id, null)
  }

  /** The element has come, gone or moved: what hangs on it is to be routed again. */
  moved(id: ElementId): void {
    for (const one of this.hanging.get(id) ?? []) this.stale.add(one)
  }

  /** Something that is gone around has come or gone here. */
  disturbed(rect: Rect): void {
    if (this.regionOf.size === 0) return
    for (const region of this.regions.search(rect)) this.stale.add(region.id)
  }

  all(): void {
    for (const id of this.connectors.keys()) this.stale.add(id)
  }

  takeStale(): Iterable<ElementId> {
    const taken = this.stale
    if (taken.size > 0) this.stale = new Set()
    return taken
  }

  hasStale(): boolean {
    return this.stale.size > 0
  }

  /** The connector with its way. */
  routed(id: ElementId): ConnectorElement | undefined {
    const e = this.connectors.get(id)
    if (!e) return undefined
    const { routed, region } = this.route(e)
    this.setRegion(id, e.kind === 'elbow' ? region : null)
    return routed
  }

  /** The same for many that have just come. */
  routedFirst(ids: readonly ElementId[]): readonly (ConnectorElement | undefined)[] {
    const fresh: Region[] = []
    const all = ids.map((id) => {
      const e = this.connectors.get(id)
      if (!e) return undefined
      this.stale.delete(id)
      const { routed, region } = this.route(e)
      if (e.kind === 'elbow') fresh.push(this.regionAt(id, region))
      return routed
    })
    this.regions.load(fresh)
    return all
  }

  /** Any connector, whether it is on the board or about to be. */
  route(e: ConnectorElement): { readonly routed: ConnectorElement; readonly region: Rect } {
    const [from, to] = [this.joint(e, e.ends.from), this.joint(e, e.ends.to)]
    const { route, region } = routeBetween(e.kind, from, to, e.kind === 'elbow' ? this.near(e) : NOTHING_NEAR)
    return { routed: { ...e, route }, region }
  }

  hangingOn(id: ElementId): readonly ElementId[] {
    return [...(this.hanging.get(id) ?? [])]
  }

  private joint(e: ConnectorElement, end: ConnectorEnd) {
    const element = end.binding ? this.board.element(end.binding.element) : undefined
    return jointOf(end, e.box, element ? rimOfElement(element) : null)
  }

  private near(e: ConnectorElement): Near {
    const own = boundTo(e)
    return (rect, act) =>
      this.board.near(rect, (other) => {
        if (!isInTheWay(other) || own.includes(other.id)) return
        const frame = rectOfBox(frameOf(other))
        if (touches(frame, rect)) act(frame)
      })
  }

  private unhang(e: ConnectorElement): void {
    for (const id of boundTo(e)) {
      const hanging = this.hanging.get(id)
      hanging?.delete(e.id)
      if (hanging?.size === 0) this.hanging.delete(id)
    }
  }

  private setRegion(id: ElementId, rect: Rect | null): void {
    const before = this.regionOf.get(id)
    if (before) this.regions.remove(before)
    this.regionOf.delete(id)
    if (rect) this.regions.insert(this.regionAt(id, rect))
  }

  private regionAt(id: ElementId, rect: Rect): Region {
    const region: Region = { id, ...growRect(rect, REGION_SPACE) }
    this.regionOf.set(id, region)
    return region
  }
}

const rims = new WeakMap<Element, Rim>()

/** Null for what has no area to be bound to. */
export function rimOfElement(e: Element): Rim | null {
  if (!hasRim(e)) return null
  let rim = rims.get(e)
  if (!rim) {
    const frame = frameOf(e)
    rim = rimOf(frame, outlineOf(e.type === 'shape' ? e.kind : 'rectangle', frame))
    rims.set(e, rim)
  }
  return rim
}

function hasRim(e: Element): boolean {
  return !isInk(e) && e.type !== 'line' && e.type !== 'connector'
}

/** What an elbow goes around. */
export function isInTheWay(e: Element): boolean {
  return e.type === 'shape' || e.type === 'sticky' || e.type === 'text' || e.type === 'image'
}

function boundTo(e: ConnectorElement): ElementId[] {
  const { from, to } = e.ends
  return [from, to].flatMap(({ binding }) => (binding ? [binding.element] : []))
}

function touches(a: Rect, b: Rect): boolean {
  return a.minX < b.maxX && a.maxX > b.minX && a.minY < b.maxY && a.maxY > b.minY
}
