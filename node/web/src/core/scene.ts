/**
 * The board in paint order with bounds and a spatial index: what hit tests, marquees and the painter
 * ask. Follows the document change by change; live previews replace what an element looks like
 * without touching the document.
 *
 * Nothing is sorted per frame: entries stand in an array in z-order, a query marks the ranks the index
 * finds and walks the marks. Where elements hang below others a second array holds the order of painting: each is
 * followed by what hangs below it.
 */
import RBush from 'rbush'
import {
  boxOfRect,
  intersectRect,
  rectOfBox,
  rectsTouch,
  unionRect,
  EMPTY_RECT,
  type Point,
  type Rect,
} from './geometry/box'
import { frameOf, hitElement, inMarquee, paintBounds, withBox, type MarqueeMode } from './elements'
import { boxHasPoint } from './elements/solid'
import { Damage } from './damage'
import { comparePlaces } from './order'
import { isInTheWay, Links } from './connectors/links'
import type { ConnectorElement, Element, ElementId } from './elements/types'
import { moveElement } from './handling'
import { Families, isContainer, type Family } from './parents'
import type { BoardDocument, DocumentChange, LivePreview } from './ports'

/** An element and the rectangle it may colour. */
export interface SceneEntry extends Rect {
  readonly id: ElementId
  /** As it is to be shown: the document's, or a live preview's in its place. */
  readonly element: Element
  /** What lets only a part of it be seen. */
  readonly clip: Clip | null
}

/** A frame that shows of what it holds only what lies in it; the frame may lie in another itself. */
export interface Clip {
  readonly frame: SceneEntry
}

export interface Scene {
  /** Who hangs below whom, as it is shown. */
  readonly family: Family
  /** Rises with every change to what is shown. */
  version(): number
  /** What may look otherwise than at that version; null for anything. */
  changedSince(version: number): Rect | null
  size(): number
  subscribe(listener: () => void): () => void
  /** Calls `act` for everything that may colour the rectangle, bottom first; `act` must not ask the scene again. */
  visit(rect: Rect, act: (entry: SceneEntry) => void): void
  /** The topmost element at a point for which `accept` holds. */
  topmostAt(p: Point, slack: number, accept: (e: Element) => boolean): Element | undefined
  /** Bottom first. */
  inRect(rect: Rect, mode: MarqueeMode): Element[]
  /** A group's box is around what it holds. */
  get(id: ElementId): SceneEntry | undefined
  /** A connector with the way it takes here; others as they are. */
  routed<E extends Element>(e: E): E
  /** The connectors that are bound to an element. */
  connectorsOf(id: ElementId): readonly ConnectorElement[]
  /** Everything, bottom first, each followed by what hangs below it. */
  order(): readonly SceneEntry[]
  /** The greatest and the least `z` there is; null on an empty board. */
  highestKey(): string | null
  lowestKey(): string | null
  /** The frames, bottom first. */
  frames(): readonly SceneEntry[]
  bounds(): Rect
  /** Shows these in place of what the document holds until the next call for the same source. */
  setPreview(source: PreviewSource, live: LivePreview | null): void
  destroy(): void
}

/** Own gesture, or a peer's client id. */
export type PreviewSource = 'own' | number

/** Queries that cover this part of the board walk everything instead of asking the index. */
const WALK_ALL_FROM = 0.4
/** Moving more than this at once, as a drag of everything does, leaves the index to be built anew later. */
const REINDEX_FROM = 300
/** While more than this moves by a preview, elbows do not go around it yet. */
const AVOIDED_LIVE_MAX = 64

interface Entry extends SceneEntry {
  element: Element
  /** What `element` is made of: a connector without its way. */
  source: Element
  clip: Clip | null
  stored: Element
  rank: number
  minX: number
  minY: number
  maxX: number
  maxY: number
}

export function createScene(document: BoardDocument): Scene {
  const entries = new Map<ElementId, Entry>()
  const index = new RBush<Entry>()
  const previews = new Map<PreviewSource, ReadonlyMap<ElementId, Element>>()
  const listeners = new Set<() => void>()
  const family = new Families((id) => entries.get(id)?.element)
  /** By z alone. */
  let order: Entry[] = []
  /** As it is painted; null after a change. */
  let painted: Entry[] | null = null
  let framesPainted: Entry[] | null = null
  const groups = new Map<ElementId, SceneEntry>()
  let marks = new Uint8Array(0)
  let ranksStale = false
  /** Otherwise the index is out of date, and everything is walked. */
  let indexed = true
  let whole: Rect | null = null
  let version = 0
  const damage = new Damage()
  /** Elbows mind what moves now. */
  let avoiding = true
  const links = new Links({
    element: (id) => entries.get(id)?.element,
    near(rect, act) {
      if (indexed) for (const { element } of index.search(rect)) act(element)
    },
  })

  load()
  const stop = document.subscribe(follow)

  function load(): void {
    for (const id of document.ids()) {
      const element = document.get(id)
      if (!element) continue
      entries.set(id, entryOf(element))
      family.names(id, element.parent)
    }
    order = [...entries.values()].sort((a, b) => comparePlaces(a.element, b.element))
    indexFresh(order)
    ranksStale = true
  }

  function follow(change: DocumentChange): void {
    if (change.removed.length + change.changed.length > REINDEX_FROM) indexed = false
    // Received boards arrive whole; one sort is then cheaper than thousands of insertions.
    const bulk = change.added.length > Math.max(100, entries.size / 10)
    for (const id of change.removed) remove(id)
    for (const id of change.changed) update(id)
    const fresh: Entry[] = []
    for (const id of change.added) {
      const element = document.get(id)
      if (!element) continue
      if (entries.has(id)) update(id)
      else if (bulk) fresh.push(entryOf(element))
      else insert(element)
    }
    if (fresh.length > 0) {
      for (const entry of fresh) {
        entries.set(entry.id, entry)
        family.names(entry.id, entry.element.parent)
      }
      restructure()
      damage.touchAll()
      order = [...order, ...fresh].sort((a, b) => comparePlaces(a.stored, b.stored))
      links.all()
      indexFresh(fresh)
    }
    if (links.hasStale()) reindex()
    routeStale()
    changed()
  }

  /** Connectors last: their ways depend on the others. */
  function indexFresh(fresh: readonly Entry[]): void {
    const linked = fresh.filter(({ element }) => element.type === 'connector')
    if (indexed) index.load(fresh.filter(({ element }) => element.type !== 'connector'))
    for (const { element } of linked) if (element.type === 'connector') links.put(element)
    const routed = links.routedFirst(linked.map(({ id }) => id))
    linked.forEach((entry, i) => {
      entry.element = routed[i] ?? entry.element
      setBounds(entry)
    })
    if (indexed) index.load(linked)
  }

  function routeStale(): void {
    for (const id of links.takeStale()) {
      const entry = entries.get(id)
      const routed = links.routed(id)
      if (entry && routed) place(entry, routed)
    }
  }

  /** Something has come or gone that connectors may follow or go around. */
  function disturb(id: ElementId, element: Element, where: Rect): void {
    links.moved(id)
    if (avoiding && isInTheWay(element)) links.disturbed(where)
  }

  function changed(): void {
    groups.clear()
    version += 1
    damage.close()
    for (const listener of [...listeners]) listener()
  }

  function insert(element: Element): void {
    const entry = entryOf(element)
    entries.set(element.id, entry)
    family.names(element.id, element.parent)
    order.splice(placeOf(entry), 0, entry)
    if (indexed) index.insert(entry)
    if (element.type === 'connector') links.put(element)
    else disturb(element.id, element, entry)
    restructure()
    touch(entry)
  }

  /** Containers take what they hold along, and hide parts of it. */
  function touch(entry: Entry): void {
    if (isContainer(entry.element)) damage.touchAll()
    else damage.touch(entry)
  }

  /** The order of painting is to be found anew. */
  function restructure(): void {
    whole = null
    painted = null
    framesPainted = null
    ranksStale = true
  }

  function remove(id: ElementId): void {
    const entry = entries.get(id)
    if (!entry) return
    entries.delete(id)
    family.forget(id, entry.element.parent)
    restructure()
    touch(entry)
    order.splice(order[placeOf(entry)] === entry ? placeOf(entry) : order.indexOf(entry), 1)
    if (indexed) index.remove(entry)
    if (entry.element.type === 'connector') links.drop(id)
    else disturb(id, entry.element, entry)
  }

  function update(id: ElementId): void {
    const element = document.get(id)
    const entry = entries.get(id)
    if (!element) return remove(id)
    if (!entry) return insert(element)
    const moved = entry.stored.z !== element.z
    if (moved) order.splice(placeOf(entry), 1)
    entry.stored = element
    if (moved) order.splice(placeOf(entry), 0, entry)
    if (moved) {
      restructure()
      touch(entry)
    }
    show(entry, previewOf(id) ?? element)
  }

  /** Where the entry stands, or would stand. */
  function placeOf(entry: Entry): number {
    let low = 0
    let high = order.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = order[middle]
      if (other && comparePlaces(other.stored, entry.stored) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  function show(entry: Entry, element: Element): void {
    if (entry.source === element) return
    entry.source = element
    if (element.type === 'connector') return links.put(element)
    disturb(entry.id, element, entry)
    place(entry, element)
    disturb(entry.id, element, entry)
  }

  function place(entry: Entry, element: Element): void {
    if (indexed) index.remove(entry)
    touch(entry)
    if (entry.element.parent !== element.parent) {
      family.forget(entry.id, entry.element.parent)
      family.names(entry.id, element.parent)
      restructure()
    }
    const { minX, minY, maxX, maxY } = entry
    if ((entry.element.type === 'group') !== (element.type === 'group')) whole = null
    entry.element = element
    setBounds(entry)
    remeasure(entry, { minX, minY, maxX, maxY })
    touch(entry)
    if (indexed) index.insert(entry)
  }

  function previewOf(id: ElementId): Element | undefined {
    const own = previews.get('own')?.get(id)
    if (own) return own
    for (const shown of previews.values()) {
      const element = shown.get(id)
      if (element) return element
    }
    return undefined
  }

  function setPreview(source: PreviewSource, live: LivePreview | null): void {
    const before = previews.get(source)
    const after = live ? resolve(live) : new Map<ElementId, Element>()
    if (!before?.size && after.size === 0) return
    if (after.size === 0) previews.delete(source)
    else previews.set(source, after)
    const touched = new Set([...(before?.keys() ?? []), ...after.keys()])
    if (touched.size > REINDEX_FROM) indexed = false
    avoiding = touched.size <= AVOIDED_LIVE_MAX
    for (const id of touched) {
      const entry = entries.get(id)
      if (entry) show(entry, previewOf(id) ?? entry.stored)
    }
    avoiding = true
    routeStale()
    changed()
  }

  function resolve(live: LivePreview): Map<ElementId, Element> {
    const shown = new Map<ElementId, Element>()
    for (const [id, box] of live.boxes ?? []) {
      const entry = entries.get(id)
      if (entry) shown.set(id, withBox(entry.stored, box))
    }
    for (const draft of live.drafts ?? []) {
      if (entries.has(draft.id)) shown.set(draft.id, draft)
    }
    if (live.carry) {
      const { ids, dx, dy } = live.carry
      for (const id of family.below(ids)) {
        const entry = entries.get(id)
        if (entry && !shown.has(id)) shown.set(id, moveElement(entry.stored, dx, dy))
      }
    }
    if (live.into) {
      for (const id of live.into.ids) {
        const element = shown.get(id) ?? entries.get(id)?.stored
        if (element) shown.set(id, { ...element, parent: live.into.parent })
      }
    }
    return shown
  }

  /** Each element followed by what hangs below it, and what lets only a part of them be seen. */
  function inOrder(): Entry[] {
    if (painted) return painted
    for (const entry of order) entry.clip = null
    if (family.isFlat()) return (painted = order)
    const roots: Entry[] = []
    const below = new Map<ElementId, Entry[]>()
    for (const entry of order) {
      const parent = entry.element.parent === null ? null : family.parentOf(entry.id)
      const siblings = parent === null ? roots : below.get(parent)
      if (siblings) siblings.push(entry)
      else if (parent !== null) below.set(parent, [entry])
    }
    const all: Entry[] = []
    const next = roots.toReversed()
    for (let entry = next.pop(); entry; entry = next.pop()) {
      all.push(entry)
      const children = below.get(entry.id)
      if (!children) continue
      const clip = entry.element.type === 'frame' ? { frame: entry } : entry.clip
      for (const child of children) child.clip = clip
      for (const child of children.toReversed()) next.push(child)
    }
    return (painted = all)
  }

  function rankAll(): void {
    if (!ranksStale) return
    ranksStale = false
    inOrder().forEach((entry, rank) => (entry.rank = rank))
    if (marks.length < order.length) marks = new Uint8Array(order.length * 2)
  }

  function visit(rect: Rect, act: (entry: SceneEntry) => void): void {
    const all = bounds()
    const part = overlap(rect, all) / Math.max(1, area(all))
    if (!reindex() || part >= WALK_ALL_FROM) {
      for (const entry of inOrder()) if (rectsTouch(entry, rect)) act(entry)
      return
    }
    rankAll()
    const ranked = inOrder()
    let lowest = order.length
    let highest = -1
    for (const entry of index.search(rect)) {
      marks[entry.rank] = 1
      lowest = Math.min(lowest, entry.rank)
      highest = Math.max(highest, entry.rank)
    }
    for (let rank = lowest; rank <= highest; rank++) {
      if (marks[rank] !== 1) continue
      marks[rank] = 0
      const entry = ranked[rank]
      if (entry) act(entry)
    }
  }

  /** Brings the index up to date, unless the next movement would undo that. */
  function reindex(): boolean {
    if (indexed) return true
    for (const shown of previews.values()) if (shown.size > REINDEX_FROM) return false
    index.clear()
    index.load(order)
    indexed = true
    return true
  }

  function bounds(): Rect {
    if (whole) return whole
    whole = EMPTY_RECT
    for (const entry of inOrder()) if (counts(entry)) whole = unionRect(whole, entry)
    return whole
  }

  /** What hangs in a frame is seen within it at most. */
  function counts(entry: Entry): boolean {
    return entry.clip === null && entry.element.type !== 'group'
  }

  /** An entry covers another part of the board: the bounds follow, unless it was what held them out. */
  function remeasure(entry: Entry, before: Rect): void {
    if (!whole || !counts(entry) || sameRect(before, entry)) return
    const held =
      before.minX <= whole.minX ||
      before.minY <= whole.minY ||
      before.maxX >= whole.maxX ||
      before.maxY >= whole.maxY
    whole = held ? null : unionRect(whole, entry)
  }

  function get(id: ElementId): SceneEntry | undefined {
    const entry = entries.get(id)
    if (entry?.element.type !== 'group') return entry
    const known = groups.get(id)
    if (known) return known
    const around = family.below([id]).reduce<Rect>((all, one) => {
      const element = entries.get(one)?.element
      const counts = element && element.type !== 'group' && !liesInFrame(one, id)
      return counts ? unionRect(all, rectOfBox(frameOf(element))) : all
    }, EMPTY_RECT)
    const box = around === EMPTY_RECT ? entry.element.box : boxOfRect(around)
    const shown = { id, element: withBox(entry.element, box), clip: entry.clip, ...around }
    groups.set(id, shown)
    return shown
  }

  /** Between it and the group stands a frame. */
  function liesInFrame(id: ElementId, group: ElementId): boolean {
    const above = family.above(id)
    return above.slice(0, above.indexOf(group)).some((one) => entries.get(one)?.element.type === 'frame')
  }

  return {
    version: () => version,
    changedSince: (since) => damage.ofLast(version - since),
    size: () => order.length,
    subscribe(listener) {
      const own = () => listener()
      listeners.add(own)
      return () => listeners.delete(own)
    },
    visit,
    topmostAt(p, slack, accept) {
      const around: Rect = { minX: p.x - slack, minY: p.y - slack, maxX: p.x + slack, maxY: p.y + slack }
      let found: Element | undefined
      inOrder()
      visit(around, (entry) => {
        const { element } = entry
        if (accept(element) && hitElement(element, p, slack) && isSeenAt(entry, p)) found = element
      })
      return found
    },
    inRect(rect, mode) {
      const found: Element[] = []
      inOrder()
      visit(rect, (entry) => {
        const seen = entry.clip ? intersectRect(rect, seenIn(entry.clip)) : rect
        if (seen && inMarquee(entry.element, mode === 'touching' ? seen : rect, mode))
          found.push(entry.element)
      })
      return found
    },
    family,
    get,
    routed(e) {
      if (e.type !== 'connector') return e
      const entry = entries.get(e.id)
      // As it stands here already, or as it would.
      if (entry?.source === e) return entry.element as typeof e
      return links.route(e).routed as typeof e
    },
    connectorsOf: (id) =>
      links.hangingOn(id).flatMap((one) => {
        const element = entries.get(one)?.element
        return element?.type === 'connector' ? [element] : []
      }),
    order: inOrder,
    highestKey: () => order.at(-1)?.stored.z ?? null,
    lowestKey: () => order[0]?.stored.z ?? null,
    frames: () => (framesPainted ??= inOrder().filter((entry) => entry.element.type === 'frame')),
    bounds,
    setPreview,
    destroy: stop,
  }
}

function entryOf(element: Element): Entry {
  const entry: Entry = {
    id: element.id,
    element,
    source: element,
    clip: null,
    stored: element,
    rank: 0,
    minX: 0,
    minY: 0,
    maxX: 0,
    maxY: 0,
  }
  setBounds(entry)
  return entry
}

function setBounds(entry: Entry): void {
  const bounds = paintBounds(entry.element)
  entry.minX = bounds.minX
  entry.minY = bounds.minY
  entry.maxX = bounds.maxX
  entry.maxY = bounds.maxY
}

/** No frame that it lies in hides it there. */
export function isSeenAt(entry: SceneEntry, p: Point): boolean {
  for (let clip = entry.clip; clip; clip = clip.frame.clip) {
    if (!boxHasPoint(clip.frame.element.box, p, 0)) return false
  }
  return true
}

/** What of the world the frames let be seen, at the most. */
export function seenIn(clip: Clip): Rect {
  const own = rectOfBox(clip.frame.element.box)
  if (!clip.frame.clip) return own
  return intersectRect(own, seenIn(clip.frame.clip)) ?? { ...own, maxX: own.minX, maxY: own.minY }
}

function sameRect(a: Rect, b: Rect): boolean {
  return a.minX === b.minX && a.minY === b.minY && a.maxX === b.maxX && a.maxY === b.maxY
}

function area(r: Rect): number {
  return Math.max(0, r.maxX - r.minX) * Math.max(0, r.maxY - r.minY)
}

function overlap(a: Rect, b: Rect): number {
  return area({
    minX: Math.max(a.minX, b.minX),
    minY: Math.max(a.minY, b.minY),
    maxX: Math.min(a.maxX, b.maxX),
    maxY: Math.min(a.maxY, b.maxY),
  })
}
