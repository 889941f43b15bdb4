/** The selection being dragged: along one axis with Shift, as a copy with Alt, in line with others unless Ctrl is held. */
import { copyOf, isBound } from '../connectors/ends'
import { withData } from '../copies'
import { frameAt } from '../frames'
import { isContainer } from '../parents'
import { NESTING_MAX } from '../schema.gen'
import { withAllBelow } from '../units'
import type { Element, ElementId } from '../elements/types'
import { moveBox, type Box, type Point, type Rect } from '../geometry/box'
import { boundsOf, intentsOf, moveElement, type Handled } from '../handling'
import type { Intent, LivePreview } from '../ports'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import { guidesOfMoved, snapRect } from '../snapping/snap'
import { NOTHING_EXCEPT, targetsFor, type Except, type SnapTargets } from '../snapping/targets'
import { NOTHING_SHOWN, type Effect, type Shown, type ToolInput, type View } from './tool'

interface Copy {
  readonly from: ElementId
  /** As it was when the copy was made. */
  readonly original: Element
  readonly id: ElementId
  readonly z: string
}

export interface Moving {
  readonly at: 'moving'
  readonly from: Point
  readonly before: readonly Element[]
  /** Around all of them, before. */
  readonly bounds: Rect
  readonly own: Except
  readonly dx: number
  readonly dy: number
  /** Made at the first movement with Alt; dropped while Alt is up. */
  readonly copies: readonly Copy[]
  readonly copying: boolean
  readonly targets: SnapTargets | null
  readonly guides: readonly Guide[]
  /** What it comes to hang below, and which of it; undefined while nothing changes in that. */
  readonly into: LivePreview['into']
}

/** `before`: the units that are moved; `view` tells what hangs below them. */
export function beginMove(from: Point, before: readonly Element[], view: View): Moving {
  return {
    at: 'moving',
    from,
    before,
    bounds: boundsOf(before),
    own: new Set(withAllBelow(view, idsOf(before)).map((e) => e.id)),
    into: undefined,
    dx: 0,
    dy: 0,
    copies: [],
    copying: false,
    targets: null,
    guides: NO_GUIDES,
  }
}

export function moveOn(state: Moving, input: ToolInput, view: View): Moving {
  let dx = input.at.x - state.from.x
  let dy = input.at.y - state.from.y
  const alongX = Math.abs(dx) >= Math.abs(dy)
  // With Shift along one axis: the one it has gone farther on.
  if (input.shift) [dx, dy] = alongX ? [dx, 0] : [0, dy]
  const copies = input.alt && state.copies.length === 0 ? copiesOf(state, view) : state.copies
  const into = intoFrame(state, input, view)
  const next = { ...state, dx, dy, copies, copying: input.alt, guides: NO_GUIDES, into }
  if (input.mod || state.before.length === 0) return next
  // A copy may well stand in line with its original.
  const targets = targetsFor(view, input.alt ? NOTHING_EXCEPT : state.own, state.targets)
  const by = snapRect(moved(state.bounds, dx, dy), targets, input.shift ? (alongX ? 'x' : 'y') : 'both')
  const snapped = { ...next, dx: dx + by.dx, dy: dy + by.dy, targets }
  return { ...snapped, guides: guidesOfMoved(moved(state.bounds, snapped.dx, snapped.dy), targets) }
}

export function placeMove(state: Moving, view: View): Effect[] {
  if (state.copying) return placeCopies(state, view)
  const { into } = state
  const homes = into?.ids.map((id): Intent => ({ do: 'setParent', id, parent: into.parent })) ?? []
  return [{ do: 'commit', intents: [...intentsOf(movedOf(state, view)), ...homes] }]
}

export function showMove(state: Moving): Shown {
  return {
    ...NOTHING_SHOWN,
    active: true,
    cursor: state.copying ? 'copy' : 'move',
    live: liveMove(state),
    guides: state.guides,
  }
}

function moved(r: Rect, dx: number, dy: number): Rect {
  return { minX: r.minX + dx, minY: r.minY + dy, maxX: r.maxX + dx, maxY: r.maxY + dy }
}

/**
 * The frame under the pointer takes in what is dragged over it, and lets go of what is dragged out. The parts of a group
 * stay its parts.
 */
function intoFrame(state: Moving, input: ToolInput, view: View): LivePreview['into'] {
  const { family } = view
  const parent = frameAt(view.scene, input.at, input.alt ? NOTHING_EXCEPT : state.own)?.id ?? null
  const ids = state.before.flatMap(({ id }) => {
    const before = view.element(id)?.parent ?? null
    const home = before === null ? null : view.element(before)
    // As it is stored: the preview of this very gesture already shows it elsewhere.
    if (home?.type === 'group') return []
    return (home?.type === 'frame' ? before : null) === parent ? [] : [id]
  })
  const deepest = Math.max(0, ...idsOf(state.before).map((id) => heightOf(id, view)))
  if (parent !== null && family.above(parent).length + 1 + deepest > NESTING_MAX) return undefined
  return ids.length === 0 ? undefined : { ids, parent }
}

/** Levels that an element and what hangs below it take. */
function heightOf(id: ElementId, view: View): number {
  const above = view.family.above(id).length
  return view.family
    .below([id])
    .reduce((most, below) => Math.max(most, view.family.above(below).length - above + 1), 1)
}

function placeCopies(state: Moving, view: View): Effect[] {
  const ids = copyIds(state)
  const intents = state.copies.flatMap((copy): Intent[] => {
    const original = view.element(copy.from)
    const snapshot = view.snapshot(copy.from)
    if (!original || !snapshot) return []
    const start = state.before.find((e) => e.id === copy.from) ?? original
    const moved = state.into?.ids.includes(copy.from) === true ? state.into.parent : original.parent
    const parent = original.parent === null ? moved : (ids.get(original.parent) ?? moved)
    if (original.type === 'connector') {
      const linked = copyOf(original, ids, { x: state.dx, y: state.dy })
      const own = withData(snapshot, linked.ends)
      return [{ do: 'insert', id: copy.id, snapshot: own, box: linked.box, z: copy.z, parent }]
    }
    const box = moveBox(start.box, state.dx, state.dy)
    return [{ do: 'insert', id: copy.id, snapshot, box, z: copy.z, parent }]
  })
  const tops = state.before.flatMap((e) => ids.get(e.id) ?? [])
  return [
    { do: 'commit', intents },
    { do: 'select', ids: tops },
  ]
}

/** Copies of all that hangs below as well, in the order that they stand in. */
function copiesOf(state: Moving, view: View): Copy[] {
  const all = view.scene.order().filter((entry) => state.own.has(entry.id))
  const keys = view.keysOnTop(all.length)
  return all.map(({ id, element }, i) => {
    const original = state.before.find((e) => e.id === id) ?? view.element(id) ?? element
    return { from: id, original, id: view.newId(), z: keys[i] ?? element.z }
  })
}

/** What hangs below goes along from where it is by now: somebody else may have moved it meanwhile. */
function movedOf(state: Moving, view: View): Handled[] {
  const own = new Set(idsOf(state.before))
  const below = view.family.below(own).flatMap((id) => view.element(id) ?? [])
  return [...state.before, ...below].map((e) => ({ before: e, after: moveElement(e, state.dx, state.dy) }))
}

function liveMove(state: Moving): LivePreview {
  if (!state.copying) return liveBoxes(state)
  const ids = copyIds(state)
  const by = { x: state.dx, y: state.dy }
  // A group is nothing to be seen.
  const seen = state.copies.filter(({ original }) => original.type !== 'group')
  const drafts = seen.map(({ original: one, id, z }) =>
    one.type === 'connector'
      ? { ...copyOf(one, ids, by), id, z }
      : { ...moveElement(one, by.x, by.y), id, z },
  )
  return { drafts }
}

function copyIds(state: Moving): ReadonlyMap<ElementId, ElementId> {
  return new Map(state.copies.map(({ from, id }) => [from, id]))
}

function idsOf(elements: readonly Element[]): ElementId[] {
  return elements.map((e) => e.id)
}

/** Of connectors only the free ends are moved. */
function liveBoxes(state: Moving): LivePreview {
  const { before, dx, dy } = state
  const boxes = before.flatMap((e): [ElementId, Box][] =>
    e.type === 'connector' ? [] : [[e.id, moveBox(e.box, dx, dy)]],
  )
  const drafts = before.flatMap((e) =>
    e.type === 'connector' && !isBound(e) ? [moveElement(e, dx, dy)] : [],
  )
  const holders = before.filter(isContainer).map((e) => e.id)
  return {
    boxes,
    ...(drafts.length > 0 && { drafts }),
    ...(holders.length > 0 && { carry: { ids: holders, dx, dy } }),
    ...(state.into && { into: state.into }),
  }
}
