/** Copies of elements: what goes to the clipboard, and what comes out of it. */
import type { ClipboardPayload } from './editor-api'
import { copyOf, settled } from './connectors/ends'
import { frameOf } from './elements'
import { dataOf } from './elements/connector'
import { elementFromRaw } from './elements/raw'
import { boxToArray } from './elements/read'
import type { ConnectorElement, ConnectorEnds, Element, ElementId } from './elements/types'
import { EMPTY_RECT, rectOfBox, unionRect, type Box, type Point, type Rect } from './geometry/box'
import type { BoardDocument, ElementSnapshot, Intent } from './ports'
import { richFromDelta, type RichText } from './text/runs'

export function payloadOf(document: BoardDocument, elements: readonly Element[]): ClipboardPayload | null {
  const copied = elements.flatMap((e) => {
    const snapshot = document.snapshot(e.id)
    if (!snapshot) return []
    if (e.type !== 'connector') return [{ id: e.id, box: boxToArray(e.box), snapshot }]
    // Where it is now, for whoever pastes it without its elements.
    const { box, ends } = settled(e)
    return [{ id: e.id, box: boxToArray(box), snapshot: withData(snapshot, ends) }]
  })
  return copied.length === 0 ? null : { format: 'easel/elements', version: 1, elements: copied }
}

/** Where the copied elements stood. */
export function payloadBounds(payload: ClipboardPayload): Rect {
  return payload.elements.reduce<Rect>((all, one) => unionRect(all, rectOfBox(frameOfCopy(one))), EMPTY_RECT)
}

type Copy = ClipboardPayload['elements'][number]

/** A text stores no size of its own, so it is read as an element to be measured. */
function frameOfCopy({ id, box: [x, y, w, h, angle], snapshot }: Copy): Box {
  const text = snapshot.keys['text']
  const element = elementFromRaw(id, (key) => (key === 'text' ? richText(text) : snapshot.keys[key]))
  return element ? frameOf(element) : { x, y, w, h, angle }
}

function richText(value: unknown): RichText {
  const held = typeof value === 'object' && value !== null && '$text' in value ? value.$text : null
  return richFromDelta(Array.isArray(held) ? held : [])
}

export interface Placement {
  readonly by: Point
  /** One for each element, rising. */
  readonly keys: readonly string[]
  newId(): ElementId
  /** A parent outside the copy is kept only where it exists. */
  hasParent(id: ElementId): boolean
}

/** The copies as intents, lowest first, every id a new one and parents among them following. */
export function insertIntents(payload: ClipboardPayload, at: Placement): Intent[] {
  const ids = new Map(payload.elements.map((one) => [one.id, at.newId()]))
  return payload.elements.flatMap((one, i): Intent[] => {
    const id = ids.get(one.id)
    const z = at.keys[i]
    if (id === undefined || z === undefined) return []
    const [x, y, w, h, angle] = one.box
    const box: Box = { x: x + at.by.x, y: y + at.by.y, w, h, angle }
    const linked = connectorOf(one)
    if (linked) {
      const copy = copyOf(linked, ids, at.by)
      const snapshot = withData(one.snapshot, copy.ends)
      return [{ do: 'insert', id, snapshot, box: copy.box, z, parent: parentOf(one, ids, at) }]
    }
    return [{ do: 'insert', id, snapshot: one.snapshot, box, z, parent: parentOf(one, ids, at) }]
  })
}

/** The same element with other ends. */
export function withData(snapshot: ElementSnapshot, ends: ConnectorEnds): ElementSnapshot {
  const before = snapshot.keys['data']
  const kept = typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {}
  return { keys: { ...snapshot.keys, data: { ...kept, ...dataOf(ends) } } }
}

/** Where it stood when it was copied. */
function connectorOf({ id, box, snapshot }: Copy): ConnectorElement | null {
  if (snapshot.keys['type'] !== 'connector') return null
  const element = elementFromRaw(id, (key) => (key === 'box' ? box : snapshot.keys[key]))
  return element?.type === 'connector' ? element : null
}

function parentOf(one: Copy, ids: ReadonlyMap<ElementId, ElementId>, at: Placement): ElementId | null {
  const parent = one.snapshot.keys['parent']
  if (typeof parent !== 'string') return null
  return ids.get(parent) ?? (at.hasParent(parent) ? parent : null)
}
