/**
 * What is done to the selection by a key or a menu: delete, nudge, arrange, style, connect. Each is one transaction; the
 * gestures of the pointer are the tools' business, and `copy-edits.ts` has what is brought to the board.
 */
import { align, distribute, tidy, type Alignment, type Direction } from './align'
import { arrange, type Arrangement } from './arrange'
import { isBindable } from './connectors/bind'
import { isBound, settled } from './connectors/ends'
import { connected, grow, type GrowDirection } from './connectors/grow'
import { createCopyEdits, type CopyEdits } from './copy-edits'
import type { ConnectorLook, Editor, EditorState, LineHeads, ToolId } from './editor-api'
import { frameOf } from './elements'
import { createIntent } from './elements/make'
import type { Element, ElementId, RouteKind, ShapeKind, StyleProps } from './elements/types'
import { rectOfBox, type Rect } from './geometry/box'
import { flip } from './flip'
import type { Mirror } from './mirror'
import { boundsOf, intentsOf, moveElement } from './handling'
import { keysOnTop } from './order'
import type { BoardDocument, Intent } from './ports'
import type { Scene } from './scene'
import type { Store } from './store'
import { carried, looksOf, shapedBy, withAllBelow, type Household } from './units'
import { drawnBy, shownStyle, styleIntents, typesOf, withNext } from './styling'
import { formatIntents } from './writing/format-elements'

/** What an edit needs of the editor. */
export interface EditDesk {
  readonly state: Store<EditorState>
  readonly document: BoardDocument
  readonly scene: Scene
  readonly newId: () => ElementId
  /** One transaction; edits of one group that follow each other fast are one undo step. False when nothing came of it. */
  commit(intents: readonly Intent[], group?: string): boolean
  /** So many elements found no room on the board. */
  tellFull(leftOut: number): void
  select(ids: readonly ElementId[]): void
  setTool(id: ToolId): void
  /** Opens the text of what was just made. */
  writeIn(id: ElementId): void
  endTextEdit(): void
  reveal(rect: Rect): void
  /** As the document holds it; a connector with its way, a group with the box around what it holds. */
  element(id: ElementId): Element | undefined
  /** For what is drawn next. */
  setStyles(styles: EditorState['styles']): void
  setHeads(heads: LineHeads): void
  setConnector(look: ConnectorLook): void
}

export type Edits = CopyEdits &
  Pick<
    Editor,
    | 'deleteSelection'
    | 'nudge'
    | 'selectAll'
    | 'cut'
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
  >

export function createEdits(desk: EditDesk): Edits {
  const { state, scene, commit, select, setTool } = desk
  const copyEdits = createCopyEdits(desk)

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
    if (!commit(made.map(createIntent))) return false
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
    if (!grown || !commit(grown.map(createIntent))) return false
    const [copy] = grown
    select([copy.id])
    desk.reveal(rectOfBox(frameOf(copy)))
    return true
  }

  return {
    ...copyEdits,
    deleteSelection,
    nudge,
    selectAll,
    cut() {
      const payload = copyEdits.copy()
      deleteSelection()
      return payload
    },
    setShape,
    setStyle,
    bringToFront: () => order('to-front'),
    bringForward: () => order('forward'),
    sendBackward: () => order('backward'),
    sendToBack: () => order('to-back'),
    align: (how: Alignment) => void commit(intentsOf(carried(house, align(placeable(), how)))),
    distribute: (direction: Direction) =>
      void commit(intentsOf(carried(house, distribute(placeable(), direction)))),
    tidy: () => void commit(intentsOf(carried(house, tidy(placeable())))),
    toggleLock,
    copyStyle,
    pasteStyle,
    hasStyle: () => copiedStyle !== null,
    setHeads,
    setRoute,
    connect,
    grow: growTo,
    flip: (mirror: Mirror) =>
      void commit(intentsOf(flip(shapedBy(house, idsOf(movable()), 'turn'), mirror, boundsOf(movable())))),
    toggleFormat: (name) => void commit(formatIntents(styled(), name)),
  }
}

function idsOf(elements: readonly Element[]): ElementId[] {
  return elements.map((e) => e.id)
}
