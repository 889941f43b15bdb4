/**
 * A board in a Y.Doc: reads elements, carries out intents, undoes what this user did.
 *
 * Everything it does not know stays as it is: an edit sets the keys it means and touches no other.
 * The caller owns the Y.Doc; `destroy` only lets go of it.
 */
import * as Y from 'yjs'
import { elementFromRaw } from '../core/elements/raw'
import { dataOf, PICTURE_KEYS } from '../core/elements/image'
import { boxToArray, storableBox } from '../core/elements/read'
import { DEFAULT_STYLE, styleEntries } from '../core/elements/style'
import type { Element, ElementId, Picture, StyleProps } from '../core/elements/types'
import type {
  BoardDocument,
  DocumentChange,
  ElementSnapshot,
  Grouping,
  Intent,
  Json,
  NewElement,
} from '../core/ports'
import type { MarkedSplice } from '../core/writing/marks'
import type { Splice } from '../core/writing/splice'
import { openHistory } from './history'
import { snapshotOf, valueFrom } from './snapshot'
import { formatYText, readYText, setYText, spliceYText, splicesOf } from './ytext'

/** A board of more than this is read in a task after the one in which it came: together they would hold the page up. */
const READ_AT_ONCE_MAX = 5000

/** Typing that pauses for longer than this begins another undo step. */
const TYPING_PAUSE_MS = 1000

export interface YBoard extends BoardDocument {
  destroy(): void
}

export function openBoardDocument(ydoc: Y.Doc): YBoard {
  const roots = { meta: ydoc.getMap('meta'), elements: ydoc.getMap('elements') }
  const origin = { by: 'this user' }
  const history = openHistory(roots.elements, origin)
  const read = new Map<ElementId, Element>()
  const listeners = new Set<(change: DocumentChange) => void>()
  const historyListeners = new Set<() => void>()

  let readingLater: ReturnType<typeof setTimeout> | null = null

  for (const id of roots.elements.keys()) {
    const element = readElement(roots.elements, id)
    if (element) read.set(id, element)
  }

  const follow = (events: Y.YEvent<Y.AbstractType<unknown>>[], transaction: Y.Transaction): void => {
    if (readingLater !== null) {
      // All of it is read then, but an edit made here must find what it touched.
      if (transaction.local) readNow()
      return
    }
    if (!transaction.local && read.size === 0 && bringsMany(events, roots.elements)) {
      readingLater = setTimeout(readNow)
      return
    }
    const change = reread(touchedIds(events, roots.elements), textsOf(events), transaction.local)
    if (change) for (const listener of [...listeners]) listener(change)
  }
  roots.elements.observeDeep(follow)

  function readNow(): void {
    if (readingLater !== null) clearTimeout(readingLater)
    readingLater = null
    const change = reread(roots.elements.keys(), new Map(), false)
    if (change) for (const listener of [...listeners]) listener(change)
  }

  const historyChanged = (): void => {
    for (const listener of [...historyListeners]) listener()
  }
  history.on('stack-item-added', historyChanged)
  history.on('stack-item-popped', historyChanged)
  history.on('stack-cleared', historyChanged)

  function reread(
    ids: Iterable<ElementId>,
    texts: DocumentChange['texts'],
    local: boolean,
  ): DocumentChange | null {
    const added: ElementId[] = []
    const changed: ElementId[] = []
    const removed: ElementId[] = []
    for (const id of ids) {
      const before = read.has(id)
      const element = readElement(roots.elements, id)
      if (element) read.set(id, element)
      else read.delete(id)
      if (element) (before ? changed : added).push(id)
      else if (before) removed.push(id)
    }
    const nothing = added.length + changed.length + removed.length === 0
    return nothing ? null : { added, changed, removed, texts, local }
  }

  function apply(intents: readonly Intent[], grouping: Grouping = 'step'): void {
    if (intents.length === 0) return
    switch (grouping) {
      case 'step':
        history.stopCapturing()
        break
      case 'typing':
        history.captureTimeout = TYPING_PAUSE_MS
        break
    }
    ydoc.transact(() => {
      for (const intent of intents) perform(roots.elements, intent)
    }, origin)
    history.captureTimeout = 0
  }

  return {
    get: (id) => read.get(id),
    ids: () => read.keys(),
    size: () => (readingLater === null ? read.size : roots.elements.size),
    snapshot: (id) => snapshotOfElement(roots.elements, id),
    apply,
    endStep: () => history.stopCapturing(),
    subscribe(listener) {
      const own = (change: DocumentChange) => listener(change)
      listeners.add(own)
      return () => listeners.delete(own)
    },
    undo: () => void history.undo(),
    redo: () => void history.redo(),
    canUndo: () => history.canUndo(),
    canRedo: () => history.canRedo(),
    onHistory(listener) {
      const own = () => listener()
      historyListeners.add(own)
      return () => historyListeners.delete(own)
    },
    meta() {
      const background = roots.meta.get('background')
      return typeof background === 'string' ? { background } : {}
    },
    destroy() {
      if (readingLater !== null) clearTimeout(readingLater)
      roots.elements.unobserveDeep(follow)
      history.destroy()
      listeners.clear()
      historyListeners.clear()
    },
  }
}

type Elements = Y.Map<unknown>

function mapOf(elements: Elements, id: ElementId): Y.Map<unknown> | undefined {
  const map = elements.get(id)
  return map instanceof Y.Map ? (map as Y.Map<unknown>) : undefined
}

function readElement(elements: Elements, id: ElementId): Element | undefined {
  const map = mapOf(elements, id)
  return map && elementFromRaw(id, (key) => plain(map.get(key)))
}

function plain(value: unknown): unknown {
  return value instanceof Y.Text ? readYText(value) : value
}

function snapshotOfElement(elements: Elements, id: ElementId): ElementSnapshot | undefined {
  const map = mapOf(elements, id)
  return map && snapshotOf(map)
}

function bringsMany(events: readonly Y.YEvent<Y.AbstractType<unknown>>[], elements: Elements): boolean {
  const own = events.find((event) => event.target === (elements as Y.AbstractType<unknown>))
  return own instanceof Y.YMapEvent && own.keysChanged.size > READ_AT_ONCE_MAX
}

function touchedIds(
  events: readonly Y.YEvent<Y.AbstractType<unknown>>[],
  elements: Elements,
): Set<ElementId> {
  const ids = new Set<ElementId>()
  for (const event of events) {
    if (event.target === (elements as Y.AbstractType<unknown>)) {
      for (const id of event.keys.keys()) ids.add(id)
    } else {
      const id = event.path[0]
      if (typeof id === 'string') ids.add(id)
    }
  }
  return ids
}

function textsOf(events: readonly Y.YEvent<Y.AbstractType<unknown>>[]): DocumentChange['texts'] {
  const texts = new Map<ElementId, readonly Splice[]>()
  for (const event of events) {
    const [id, key, deeper] = event.path
    if (!(event instanceof Y.YTextEvent) || typeof id !== 'string' || key !== 'text' || deeper !== undefined)
      continue
    const splices = splicesOf(event)
    if (splices) texts.set(id, splices)
  }
  return texts
}

function perform(elements: Elements, intent: Intent): void {
  if (intent.do === 'create') return create(elements, intent.element)
  if (intent.do === 'insert') return insert(elements, intent)
  const map = mapOf(elements, intent.id)
  // Someone else deleted it in the meantime: there is nothing left to change.
  if (!map) return
  switch (intent.do) {
    case 'setBox':
      return setBox(map, intent.box)
    case 'setStyle':
      return setStyle(map, intent.patch)
    case 'setKind':
      // Of these alone: a type of a later version may mean something else by it.
      return map.get('type') === 'shape' || map.get('type') === 'connector'
        ? setPlain(map, 'kind', intent.kind)
        : undefined
    case 'setZ':
      return setPlain(map, 'z', intent.z)
    case 'setParent':
      if (intent.parent !== null) return setPlain(map, 'parent', intent.parent)
      return map.has('parent') ? map.delete('parent') : undefined
    case 'setOrder':
      // Of a frame alone, for the same reason.
      return map.get('type') === 'frame' ? setPlain(map, 'order', intent.order) : undefined
    case 'setText':
      return setText(map, intent.text)
    case 'spliceText':
      return spliceText(map, intent.splices)
    case 'formatText': {
      const text = map.get('text')
      if (text instanceof Y.Text) formatYText(text, intent.from, intent.to, intent.marks)
      return
    }
    case 'setLine':
      return setLine(map, intent.data)
    case 'setConnector':
      return setConnector(map, intent.data)
    case 'setInk':
      map.set('data', intent.data)
      return
    case 'setPicture':
      return setPicture(map, intent.picture)
    case 'delete':
      return elements.delete(intent.id)
  }
}

function create(elements: Elements, element: NewElement): void {
  const map = new Y.Map<unknown>()
  map.set('type', element.type)
  if (element.kind !== undefined) map.set('kind', element.kind)
  map.set('box', boxToArray(storableBox(element.box)))
  map.set('z', element.z)
  if (element.parent !== undefined && element.parent !== null) map.set('parent', element.parent)
  if (element.order !== undefined && element.order !== null) map.set('order', element.order)
  // There from the start even if empty: two people who begin to write at once share one text.
  if (element.text !== undefined) map.set('text', new Y.Text(element.text))
  if (element.data !== undefined) map.set('data', element.data)
  for (const [key, value] of styleEntries(element.style ?? {})) {
    if (value !== null && value !== DEFAULT_STYLE[element.type][key]) map.set(key, value)
  }
  elements.set(element.id, map)
}

function insert(elements: Elements, intent: Extract<Intent, { do: 'insert' }>): void {
  const map = new Y.Map<unknown>()
  const own: Record<string, Json> = { box: boxToArray(storableBox(intent.box)), z: intent.z }
  if (intent.parent !== null) own['parent'] = intent.parent
  for (const [key, json] of Object.entries({ ...intent.snapshot.keys, ...own })) {
    if (key === 'parent' && intent.parent === null) continue
    map.set(key, valueFrom(json))
  }
  elements.set(intent.id, map)
}

function setBox(map: Y.Map<unknown>, box: Extract<Intent, { do: 'setBox' }>['box']): void {
  const after = boxToArray(storableBox(box))
  const before = map.get('box')
  if (Array.isArray(before) && before.length === 5 && after.every((n, i) => n === before[i])) return
  map.set('box', after)
}

function setStyle(map: Y.Map<unknown>, patch: Partial<StyleProps>): void {
  const standard = styleDefaultsOf(map.get('type'))
  if (!standard) return
  for (const [key, value] of styleEntries(patch)) {
    if (value !== null && value !== standard[key]) setPlain(map, key, value)
    else if (map.has(key)) map.delete(key)
  }
}

function styleDefaultsOf(type: unknown): StyleProps | undefined {
  switch (type) {
    case 'shape':
    case 'sticky':
    case 'text':
    case 'pen':
    case 'highlighter':
    case 'line':
    case 'connector':
    case 'image':
    case 'frame':
    case 'group':
      return DEFAULT_STYLE[type]
    default:
      return undefined
  }
}

function setPlain(map: Y.Map<unknown>, key: string, value: string | number | boolean): void {
  if (map.get(key) !== value) map.set(key, value)
}

function setText(map: Y.Map<unknown>, after: string): void {
  const text = map.get('text')
  if (text instanceof Y.Text) setYText(text, after)
  else map.set('text', new Y.Text(after))
}

function spliceText(map: Y.Map<unknown>, splices: readonly MarkedSplice[]): void {
  const text = map.get('text')
  const held = text instanceof Y.Text ? text : map.set('text', new Y.Text())
  for (const splice of splices) spliceYText(held, splice)
}

function setLine(map: Y.Map<unknown>, data: Extract<Intent, { do: 'setLine' }>['data']): void {
  const { via, ...rest } = { ...recordOf(map.get('data')), ...data }
  const isStraight = Array.isArray(via) && via.length === 0
  map.set('data', isStraight || via === undefined ? rest : { ...rest, via })
}

/** What is known of an end is written as a whole; what a later version keeps in it stays. */
const END_KEYS: ReadonlySet<string> = new Set(['element', 'at', 'mode', 'last'])

function setConnector(map: Y.Map<unknown>, data: Extract<Intent, { do: 'setConnector' }>['data']): void {
  const before = recordOf(map.get('data'))
  const ends: Record<string, unknown> = {}
  for (const name of ['from', 'to'] as const) {
    const end = data[name]
    if (end === undefined) continue
    const kept = Object.entries(recordOf(before[name])).filter(([key]) => !END_KEYS.has(key))
    ends[name] = { ...Object.fromEntries(kept), ...end }
  }
  map.set('data', { ...before, ...data, ...ends })
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Y.AbstractType)
  return isRecord ? (value as Record<string, unknown>) : {}
}

/** Of an image alone: a type of a later version may mean something else by it. */
function setPicture(map: Y.Map<unknown>, picture: Picture): void {
  if (map.get('type') !== 'image') return
  const before = map.get('data')
  const isPlain = typeof before === 'object' && before !== null && !(before instanceof Y.AbstractType)
  const kept = isPlain ? Object.entries(before).filter(([key]) => !PICTURE_KEYS.has(key)) : []
  map.set('data', { ...Object.fromEntries(kept), ...dataOf(picture) })
}
