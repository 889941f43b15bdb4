/**
 * An end of a connector in hand: it is bound to what it is held over unless Alt or Ctrl is held, else it stays free, in
 * line with others and in steps of 15° with Shift.
 */
import { boundAt, type Bound } from '../connectors/bind'
import {
  endIntents,
  endPoints,
  placedEnds,
  settled,
  sameEnds,
  withEnd,
  withEnds,
  type EndName,
  type PlacedEnd,
} from '../connectors/ends'
import { createIntent } from '../elements/make'
import type { ConnectorElement, ElementId } from '../elements/types'
import { distance } from '../geometry/box'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import type { Except, SnapTargets } from '../snapping/targets'
import { drawnPoint } from './drawn-point'
import { NOTHING_SHOWN, type Effect, type Shown, type ToolInput, type View } from './tool'

export interface Joining {
  readonly at: 'joining'
  /** Null: it is being made. */
  readonly before: ConnectorElement | null
  readonly draft: ConnectorElement
  readonly end: EndName
  readonly bound: Bound | null
  readonly own: Except
  readonly targets: SnapTargets | null
  readonly guides: readonly Guide[]
}

/** Made from a first end, the other in hand. */
export function beginJoin(made: ConnectorElement, from: PlacedEnd): Joining {
  return joining(null, withEnds(made, from, { at: from.at, binding: null }), 'to')
}

export function takeEnd(before: ConnectorElement, end: EndName): Joining {
  return joining(before, before, end)
}

function joining(before: ConnectorElement | null, draft: ConnectorElement, end: EndName): Joining {
  const own = new Set([draft.id])
  return { at: 'joining', before, draft, end, bound: null, own, targets: null, guides: NO_GUIDES }
}

/** What the pointer would bind to here. */
export function boundUnder(input: ToolInput, view: View, except: ReadonlySet<ElementId>): Bound | null {
  if (input.alt || input.mod) return null
  const reach = input.device === 'touch' ? 1.6 : 1
  return boundAt({ at: input.at, reach }, view.camera, view.scene, except)
}

export function joinOn(state: Joining, input: ToolInput, view: View): Joining {
  const { from, to } = placedEnds(state.draft)
  const other = state.end === 'from' ? to : from
  const except = new Set(state.own)
  if (other.binding) except.add(other.binding.element)
  const bound = boundUnder(input, view, except)
  if (bound) {
    return { ...state, bound, guides: NO_GUIDES, draft: withEnd(state.draft, state.end, bound) }
  }
  const drawn = drawnPoint(input, view, { targets: state.targets, own: state.own }, other.at)
  const draft = withEnd(state.draft, state.end, { at: drawn.at, binding: null })
  return { ...state, bound: null, draft, targets: drawn.targets, guides: drawn.guides }
}

export function placeJoin({ before, draft: drawn }: Joining, view: View): Effect[] {
  // What is stored of a bound end is where it met the outline.
  const draft = settled(view.scene.routed(drawn))
  if (before) {
    return sameEnds(before.ends, drawn.ends) ? [] : [{ do: 'commit', intents: endIntents(draft) }]
  }
  const [from, to] = endPoints(draft)
  if (distance(from, to) === 0) return []
  return [
    { do: 'commit', intents: [createIntent(draft)] },
    { do: 'select', ids: [draft.id] },
  ]
}

export function showJoin({ draft, bound, guides }: Joining): Shown {
  return {
    ...NOTHING_SHOWN,
    active: true,
    cursor: 'crosshair',
    live: { drafts: [draft] },
    binding: bound && targetOf(bound),
    guides,
  }
}

export function targetOf({ at, binding }: Bound): NonNullable<Shown['binding']> {
  return { id: binding.element, at: binding.mode === 'fixed' ? at : null }
}
