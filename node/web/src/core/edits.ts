/**
 * What is done to the selection by a key, a menu or the clipboard: delete, nudge, arrange, style, copy, paste. Each is
 * one transaction; the gestures of the pointer are the tools' business.
 */
import { align, distribute, tidy, type Alignment, type Direction } from './align'
import { arrange, type Arrangement } from './arrange'
import { viewOf } from './camera'
import { insertIntents, payloadBounds, payloadOf } from './copies'
import { isBindable } from './connectors/bind'
import { isBound, settled } from './connectors/ends'
import { connected, grow, type GrowDirection } from './connectors/grow'
import type { ClipboardPayload, ConnectorLook, Editor, EditorState, LineHeads, ToolId } from './editor-api'
import { frameOf } from './elements'
import { createIntent, newText } from './elements/make'
import type { Element, ElementId, RouteKind, ShapeKind, StickyElement, StyleProps } from './elements/types'
import {
  EMPTY_RECT,
  rectCentre,
  rectOfBox,
  rectsTouch,
  unionRect,
  type Point,
  type Rect,
} from './geometry/box'
import { flip, type Mirror } from './flip'
import { boundsOf, intentsOf, moveElement } from './handling'
import { keysBetween } from './order'
import type { BoardDocument, Intent } from './ports'
import type { Scene } from './scene'
import type { Store } from './store'
import { linesOf, noteAfter, notesOf, type NoteDirection } from './sticky-flow'
import { carried, looksOf, shapedBy, withAllBelow, type Household } from './units'
import { NO_RUNS, type TextRun } from './text/runs'
import { drawnBy, shownStyle, styleIntents, typesOf, withNext } from './styling'
import { formatIntents } from './writing/format-elements'

/** What an edit needs of the editor. */
export interface EditDesk {
  readonly state: Store<EditorState>
  readonly document: BoardDocument
  readonly scene: Scene
  readonly newId: () => ElementId
  /** As the document holds it; a connector with its way. */
  element(id: ElementId): Element | undefined
  /** One transaction; edits of one group that follow each other fast are one undo step. */
  commit(intents: readonly Intent[], group?: string): void
  select(ids: readonly ElementId[]): void
  setTool(id: ToolId): void
  /** Opens the text of what was just made. */
  writeIn(id: ElementId): void
  endTextEdit(): void
  reveal(rect: Rect): void
  /** A group with the box around what it holds. */
  element(id: ElementId): Element | undefined
  /** For what is drawn next. */
  setStyles(styles: EditorState['styles']): void
  setHeads(heads: LineHeads): void
  setConnector(look: ConnectorLook): void
}

export type Edits = Pick<
  Editor,
  | 'deleteSelection'
  | 'nudge'
  | 'selectAll'
  | 'copy'
  | 'cut'
  | 'duplicate'
  | 'paste'
  | 'pasteText'
  | 'setShape'
  | 'setStyle'
  | 'bringToFront'
  | 'bringForward'
  | 'sendBackward'
  | 'sendToBack'
  | 'align'
  | 'distribute'
  | 'tidy'
  | 'flip'
  | 'toggleLock'
  | 'copyStyle'
  | 'pasteStyle'
  | 'hasStyle'
  | 'setHeads'
  | 'setRoute'
  | 'connect'
  | 'grow'
  | 'toggleFormat'
  | 'addNote'
>

/** A copy beside its original stands this far off, in world units. */
const COPY_OFFSET = 20

export function createEdits(desk: EditDesk): Edits {
  const { state, document, scene, commit, select, setTool } = desk
  /** Since the last copy: each paste stands a step further off. */
  let pastes = 0

  /** Of the last element whose style was copied. */
  let copiedStyle: Partial<StyleProps> | null = null

  function selected(): Element[] {
    return state.get().selection.flatMap((id) => desk.element(id) ?? [])
  }

  function movable(): Element[] {
    return selected().filter((e) => !scene.family.isLocked(e.id))
  }

  const house: Household = { family: scene.family, element: (id) => desk.element(id) }

  /** Of groups what they hold. */
  function styled(): Element[] {
    return looksOf(house, idsOf(movable()))
  }

  /** All that goes where the selection goes, bottom first. */
  function family(): Element[] {
    return inOrder([...state.get().selection, ...scene.family.below(state.get().selection)])
  }

  /** A connector between two elements stands where they are. */
  function placeable(): Element[] {
    return movable().filter((e) => e.type !== 'connector' || !isBound(e))
  }

  /** Locks all, unless all are locked. */
  function toggleLock(): void {
    const elements = selected()
    const locked = !elements.every((e) => e.style.locked)
    commit(elements.map((e) => ({ do: 'setStyle', id: e.id, patch: { locked } })))
  }

  /** Of the topmost of what is selected. */
  function copyStyle(): void {
    const source = looksOf(house, idsOf(inOrder(state.get().selection))).at(-1)
    if (source && source.type !== 'unknown') copiedStyle = shownStyle(source.type, source.style)
  }

  function pasteStyle(): void {
    if (copiedStyle) commit(styleIntents(styled(), copiedStyle))
  }

  function deleteSelection(): void {
    commit(withAllBelow(house, idsOf(movable())).map((e) => ({ do: 'delete', id: e.id })))
  }

  function nudge(dx: number, dy: number): void {
    const moved = movable().map((e) => ({ before: e, after: moveElement(e, dx, dy) }))
    commit(intentsOf(carried(house, moved)), `nudge ${state.get().selection.join(' ')}`)
  }

  function order(how: Arrangement): void {
    const ids = movable().map((e) => e.id)
    commit(arrange(scene, ids, how))
  }

  /** What lies beside the selection in its frame or group first, then all of the board. */
  function selectAll(): void {
    setTool('select')
    const { selection } = state.get()
    const parents = new Set(selection.map((id) => scene.family.parentOf(id)))
    const [parent = null] = parents.size === 1 ? parents : [null]
    const beside = childrenIn(parent)
    const isAll = beside.length === selection.length && beside.every((id) => selection.includes(id))
    select(parent !== null && !isAll ? beside : childrenIn(null))
  }

  function childrenIn(parent: ElementId | null): ElementId[] {
    return scene.order().flatMap(({ id }) => {
      return scene.family.parentOf(id) === parent && !scene.family.isLocked(id) ? [id] : []
    })
  }

  function inOrder(ids: readonly ElementId[]): Element[] {
    const chosen = new Set(ids)
    return scene.order().flatMap(({ id }) => (chosen.has(id) ? (desk.element(id) ?? []) : []))
  }

  function copy(): ClipboardPayload | null {
    pastes = 0
    return payloadOf(document, family())
  }

  function insert(payload: ClipboardPayload, by: Point): void {
    const intents = insertIntents(payload, {
      by,
      keys: keysOnTop(scene, payload.elements.length),
      newId: desk.newId,
      hasParent: (id) => document.get(id) !== undefined,
    })
    commit(intents)
    setTool('select')
    select(scene.family.tops(intents.flatMap((intent) => (intent.do === 'insert' ? [intent.id] : []))))
  }

  function duplicate(): void {
    const payload = payloadOf(document, family())
    if (payload) insert(payload, { x: COPY_OFFSET, y: COPY_OFFSET })
  }

  function paste(payload: ClipboardPayload, at?: Point): void {
    if (state.get().readOnly) return
    const bounds = payloadBounds(payload)
    const { camera, viewport } = state.get()
    const inView = viewOf(camera, viewport)
    pastes += 1
    const beside = { x: COPY_OFFSET * pastes, y: COPY_OFFSET * pastes }
    if (at === undefined && rectsTouch(bounds, inView)) return insert(payload, beside)
    const from = rectCentre(bounds)
    const to = at ?? rectCentre(inView)
    insert(payload, { x: to.x - from.x, y: to.y - from.y })
  }

  /** The one note that is being written in or selected. */
  function note(): StickyElement | null {
    const { editing, selection } = state.get()
    const [id, second] = editing ? [editing.id] : selection
    const element = id === undefined || second !== undefined ? undefined : document.get(id)
    return element?.type === 'sticky' && !element.style.locked ? element : null
  }

  function addNote(direction: NoteDirection): boolean {
    const source = note()
    if (!source || state.get().readOnly) return false
    desk.endTextEdit()
    const [z = 'a0'] = keysOnTop(scene, 1)
    const made = noteAfter(source, direction, scene, { id: desk.newId(), z })
    commit([createIntent(made)])
    setTool('select')
    desk.reveal(rectOfBox(made.box))
    desk.writeIn(made.id)
    return true
  }

  function pasteNotes(source: StickyElement, lines: readonly string[]): void {
    const keys = keysOnTop(scene, lines.length)
    const notes = notesOf(
      lines,
      source,
      scene,
      keys.map((z) => ({ id: desk.newId(), z })),
    )
    commit(notes.map(createIntent))
    select(notes.map((one) => one.id))
    desk.reveal(notes.reduce<Rect>((all, one) => unionRect(all, rectOfBox(one.box)), EMPTY_RECT))
  }

  function pasteText(text: string, at?: Point, runs: readonly TextRun[] = NO_RUNS): void {
    if (state.get().readOnly || text.trim() === '') return
    const source = note()
    const lines = linesOf(text)
    if (source && lines) return pasteNotes(source, lines)
    const { camera, viewport, styles } = state.get()
    const [z = 'a0'] = keysOnTop(scene, 1)
    const made = { ...newText({ id: desk.newId(), z, styles }, { x: 0, y: 0 }, null, text), runs }
    const size = frameOf(made)
    const to = at ?? rectCentre(viewOf(camera, viewport))
    const box = { ...made.box, x: to.x - size.w / 2, y: to.y - size.h / 2 }
    const formats = runs.map(({ start, end, marks }): Intent => ({
      do: 'formatText',
      id: made.id,
      from: start,
      to: end,
      marks,
    }))
    commit([createIntent({ ...made, box }), ...formats])
    setTool('select')
    select([made.id])
  }

  function setShape(kind: ShapeKind): void {
    commit(
      styled().flatMap((e): Intent[] =>
        e.type === 'shape' && e.kind !== kind ? [{ do: 'setKind', id: e.id, kind }] : [],
      ),
    )
  }

  function setStyle(style: Partial<StyleProps>): void {
    const elements = styled()
    const drawn = drawnBy(state.get().tool)
    const types = elements.length > 0 ? typesOf(elements) : drawn ? [drawn] : []
    desk.setStyles(withNext(state.get().styles, types, style))
    const keys = Object.keys(style).join(' ')
    commit(styleIntents(elements, style), `style ${keys} ${state.get().selection.join(' ')}`)
  }

  /** Of the lines and connectors among what is selected, and of those that are drawn next. */
  function setHeads(heads: Partial<LineHeads>): void {
    const elements = styled()
    const drawn = state.get().tool
    const isFor = (type: 'line' | 'connector') => drawn === type || elements.some((e) => e.type === type)
    if (isFor('line')) desk.setHeads({ ...state.get().heads, ...heads })
    if (isFor('connector')) desk.setConnector({ ...state.get().connector, ...heads })
    commit(
      elements.flatMap((e): Intent[] => {
        if (e.type === 'line') return [{ do: 'setLine', id: e.id, data: heads }]
        return e.type === 'connector' ? [{ do: 'setConnector', id: e.id, data: heads }] : []
      }),
    )
  }

  function setRoute(kind: RouteKind): void {
    desk.setConnector({ ...state.get().connector, kind })
    commit(
      styled().flatMap((e): Intent[] =>
        e.type === 'connector' && e.kind !== kind ? [{ do: 'setKind', id: e.id, kind }] : [],
      ),
    )
  }

  function connect(): boolean {
    const { styles, connector } = state.get()
    const elements = selected().filter(isBindable)
    if (elements.length < 2) return false
    const keys = keysOnTop(scene, elements.length - 1)
    const made = elements.slice(1).flatMap((to, i) => {
      const from = elements[i]
      if (!from) return []
      const by = { id: desk.newId(), z: keys[i] ?? 'a0', styles }
      return [settled(scene.routed(connected(from, to, by, connector)))]
    })
    commit(made.map(createIntent))
    setTool('select')
    select(made.map((e) => e.id))
    return true
  }

  function growTo(direction: GrowDirection): boolean {
    const [source, second] = selected()
    if (!source || second || state.get().readOnly) return false
    const { styles, connector } = state.get()
    const [z = 'a0', above = 'a0'] = keysOnTop(scene, 2)
    const grown = grow(
      source,
      direction,
      scene,
      [
        { id: desk.newId(), z, styles },
        { id: desk.newId(), z: above, styles },
      ],
      connector,
    )
    if (!grown) return false
    commit(grown.map(createIntent))
    const [copy] = grown
    select([copy.id])
    desk.reveal(rectOfBox(frameOf(copy)))
    return true
  }

  return {
    deleteSelection,
    nudge,
    selectAll,
    copy,
    cut() {
      const payload = copy()
      deleteSelection()
      return payload
    },
    duplicate,
    paste,
    pasteText,
    setShape,
    setStyle,
    bringToFront: () => order('to-front'),
    bringForward: () => order('forward'),
    sendBackward: () => order('backward'),
    sendToBack: () => order('to-back'),
    align: (how: Alignment) => commit(intentsOf(carried(house, align(placeable(), how)))),
    distribute: (direction: Direction) =>
      commit(intentsOf(carried(house, distribute(placeable(), direction)))),
    tidy: () => commit(intentsOf(carried(house, tidy(placeable())))),
    addNote,
    toggleLock,
    copyStyle,
    pasteStyle,
    hasStyle: () => copiedStyle !== null,
    setHeads,
    setRoute,
    connect,
    grow: growTo,
    flip: (mirror: Mirror) =>
      commit(intentsOf(flip(shapedBy(house, idsOf(movable()), 'turn'), mirror, boundsOf(movable())))),
    toggleFormat: (name) => commit(formatIntents(styled(), name)),
  }
}

function idsOf(elements: readonly Element[]): ElementId[] {
  return elements.map((e) => e.id)
}

/** Keys for so many elements above everything there is. */
export function keysOnTop(scene: Scene, count: number): string[] {
  return keysBetween(scene.highestKey(), null, count)
}
