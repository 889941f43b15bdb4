/** The selection being dragged: along one axis with Shift, as a copy with Alt, in line with others unless Ctrl is held. */
import { copyOf, isBound } from '../connectors/ends'
import { withData } from '../copies'
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
}

export function beginMove(from: Point, before: readonly Element[]): Moving {
  return {
    at: 'moving',
    from,
    before,
    bounds: boundsOf(before),
    own: new Set(before.map((e) => e.id)),
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
  const copies = input.alt && state.copies.length === 0 ? copiesOf(state.before, view) : state.copies
  const next = { ...state, dx, dy, copies, copying: input.alt, guides: NO_GUIDES }
  if (input.mod || state.before.length === 0) return next
  // A copy may well stand in line with its original.
  const targets = targetsFor(view, input.alt ? NOTHING_EXCEPT : state.own, state.targets)
  const by = snapRect(moved(state.bounds, dx, dy), targets, input.shift ? (alongX ? 'x' : 'y') : 'both')
  const snapped = { ...next, dx: dx + by.dx, dy: dy + by.dy, targets }
  return { ...snapped, guides: guidesOfMoved(moved(state.bounds, snapped.dx, snapped.dy), targets) }
}

export function placeMove(state: Moving, view: View): Effect[] {
  return state.copying ? placeCopies(state, view) : [{ do: 'commit', intents: intentsOf(movedOf(state)) }]
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

function placeCopies(state: Moving, view: View): Effect[] {
  const intents = state.copies.flatMap((copy): Intent[] => {
    const original = state.before.find((e) => e.id === copy.from)
    const snapshot = view.snapshot(copy.from)
    if (!original || !snapshot) return []
    if (original.type === 'connector') {
      const linked = copyOf(original, idsOf(state), { x: state.dx, y: state.dy })
      const own = withData(snapshot, linked.ends)
      return [
        { do: 'insert', id: copy.id, snapshot: own, box: linked.box, z: copy.z, parent: original.parent },
      ]
    }
    const box = moveBox(original.box, state.dx, state.dy)
    return [{ do: 'insert', id: copy.id, snapshot, box, z: copy.z, parent: original.parent }]
  })
  const ids = intents.flatMap((intent) => (intent.do === 'insert' ? [intent.id] : []))
  return [
    { do: 'commit', intents },
    { do: 'select', ids },
  ]
}

function copiesOf(elements: readonly Element[], view: View): Copy[] {
  const keys = view.keysOnTop(elements.length)
  return elements.map((e, i) => ({ from: e.id, id: view.newId(), z: keys[i] ?? e.z }))
}

function idsOf(state: Moving): ReadonlyMap<ElementId, ElementId> {
  return new Map(state.copies.map(({ from, id }) => [from, id]))
}

function movedOf(state: Moving): Handled[] {
  return state.before.map((e) => ({ before: e, after: moveElement(e, state.dx, state.dy) }))
}

function liveMove(state: Moving): LivePreview {
  if (!state.copying) return liveBoxes(state)
  const handled = movedOf(state)
  const ids = idsOf(state)
  const drafts = state.copies.flatMap(({ from, id, z }) => {
    const one = handled.find(({ before }) => before.id === from)
    if (one?.before.type === 'connector') {
      return [{ ...copyOf(one.before, ids, { x: state.dx, y: state.dy }), id, z }]
    }
    return one ? [{ ...one.after, id, z }] : []
  })
  return { drafts }
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
  return drafts.length === 0 ? { boxes } : { boxes, drafts }
}
