/**
 * The editor as the rest of the client sees it: plain inputs in, observable state out.
 *
 * `ui/` calls the verbs and reads `state`; `render/` feeds pointer and wheel input and paints. Neither
 * reaches into tools or the document. `createEditor` in `editor.ts` makes one.
 */
import type { Outside } from './actions'
import type { ActionId } from './actions/table'
import type { Alignment, Direction } from './align'
import type { DraftSource } from './drafts'
import type { GrowDirection } from './connectors/grow'
import type { Mirror } from './mirror'
import type { FrameSize } from './frames'
import type { Box, Point, Rect } from './geometry/box'
import type {
  Align,
  Color,
  Element,
  ElementId,
  ElementType,
  FrameElement,
  LineEnds,
  Picture,
  RouteKind,
  ShapeKind,
  StyleProps,
  Valign,
} from './elements/types'
import type { BoardDocument, ElementSnapshot, LivePreview } from './ports'
import type { Scene } from './scene'
import type { Guide } from './snapping/guide'
import type { NewPicture } from './picture-edits'
import type { NoteDirection } from './sticky-flow'
import type { Store } from './store'
import type { ListKind, Marks, PlacedLine, RichText, TextRun } from './text'
import type { StyleName, TextEdit } from './writing/rich-edit'

/** Every kind of shape is a tool of its own. */
export type ToolId =
  | 'select'
  | 'hand'
  | ShapeKind
  | 'sticky'
  | 'text'
  | 'pen'
  | 'highlighter'
  | 'line'
  | 'connector'
  | 'frame'
  | 'eraser'
  | 'laser'

/** screen = world * zoom + (x, y), both in CSS pixels from the board's top-left corner. */
export interface Camera {
  readonly x: number
  readonly y: number
  readonly zoom: number
}

export interface ModifierKeys {
  readonly shift: boolean
  readonly alt: boolean
  /** Ctrl, or Cmd on a Mac. */
  readonly mod: boolean
}

export interface PointerInput extends ModifierKeys {
  readonly kind: 'down' | 'move' | 'up' | 'cancel' | 'leave'
  readonly pointerId: number
  readonly device: 'mouse' | 'pen' | 'touch'
  /** 0 main, 1 middle, 2 secondary; meaningful on `down` alone. */
  readonly button: number
  /** Screen position. */
  readonly at: Point
  /** 0 to 1; 0.5 from a device that has none. */
  readonly pressure: number
  /** How much of the glass it covers, across, in CSS pixels; left out by a device that does not say. */
  readonly contact?: number
  /** Positions since the last event that the browser merged into this one, oldest first, `at` last. */
  readonly trail?: readonly (Point & { readonly pressure: number })[]
  readonly time_ms: number
}

export interface KeyInput extends ModifierKeys {
  readonly kind: 'down' | 'up'
  /** As in `KeyboardEvent.key`. */
  readonly key: string
  /** As in `KeyboardEvent.code`. */
  readonly code: string
  readonly repeat: boolean
}

export interface WheelInput extends ModifierKeys {
  readonly at: Point
  /** CSS pixels, whatever the device reported. */
  readonly dx: number
  readonly dy: number
  /** Ctrl-wheel or a trackpad pinch. */
  readonly zoom: boolean
}

/** Styles for what is drawn next, kept apart for each kind of element. */
export type NextStyles = Readonly<Record<StyledType, Partial<StyleProps>>>
/** What the ends of a line look like. */
export type LineHeads = Pick<LineEnds, 'from_head' | 'to_head'>

/** What the next connector looks like. */
export interface ConnectorLook extends LineHeads {
  readonly kind: RouteKind
}

export type StyledType = Exclude<ElementType, 'unknown'>

/** What gestures snap to. */
export interface SnapSettings {
  /** Edges, middles and gaps of what is in view. */
  readonly elements: boolean
  readonly grid: boolean
}

/** An element that an end of a connector would be bound to, and where. */
export interface BindTarget {
  readonly id: ElementId
  /** Where the end would sit; null for where the way meets the outline. */
  readonly at: Point | null
}

export type CursorName =
  | 'default'
  | 'crosshair'
  | 'text'
  | 'grab'
  | 'grabbing'
  | 'move'
  | 'copy'
  | 'rotate'
  | 'ns-resize'
  | 'ew-resize'
  | 'nwse-resize'
  | 'nesw-resize'
  | 'eraser'

export interface EditorState {
  readonly tool: ToolId
  readonly selection: readonly ElementId[]
  readonly camera: Camera
  readonly viewport: { readonly w: number; readonly h: number }
  readonly styles: NextStyles
  /** Of the line that is drawn next. */
  readonly heads: LineHeads
  readonly connector: ConnectorLook
  /** What the end in hand would be bound to. */
  readonly binding: BindTarget | null
  /** The frame whose name is being written. */
  readonly naming: ElementId | null
  /** Of the next frame. */
  readonly frameSize: FrameSize
  readonly editing: { readonly id: ElementId; readonly isNew: boolean } | null
  /** Writing in it was ended by Escape, and nothing was selected since: letters are shortcuts. */
  readonly left: ElementId | null
  /** The image of which another part is being chosen. */
  readonly cropping: ElementId | null
  readonly marquee: Rect | null
  readonly hover: ElementId | null
  readonly snapping: SnapSettings
  /** What the gesture under way has come in line with. */
  readonly guides: readonly Guide[]
  readonly cursor: CursorName
  /** Something shown goes on changing by itself: `tick` is to be called for every frame. */
  readonly fades: boolean
  /** A pointer gesture that changes or draws something is under way. */
  readonly gesture: boolean
  /** It goes on from press to press. */
  readonly placing: boolean
  /** What one finger does: the first pen that is seen leaves the drawing to pens. */
  /** What draws stays taken up after it has drawn. */
  readonly keepsTool: boolean
  readonly fingers: 'draw' | 'pan'
  readonly readOnly: boolean
  readonly canUndo: boolean
  readonly canRedo: boolean
}

/** What a properties bar shows: for the selection, or for what the current tool draws next. */
export interface StyleSummary {
  readonly of: 'selection' | 'next' | 'nothing'
  readonly types: readonly StyledType[]
  /** Style keys that mean something for at least one of the types. */
  readonly keys: readonly (keyof StyleProps)[]
  /** Where all agree. A key in `keys` but not here is mixed. */
  readonly values: Partial<StyleProps>
  /** Of the lines and connectors among them, where all agree; null without one. */
  readonly heads: Partial<LineHeads> | null
  /** Of the connectors among them: null without one, and 'mixed' where they differ. */
  readonly route: RouteKind | 'mixed' | null
  /** What all of the selected texts have throughout; absent without a text. */
  readonly formats?: Marks
  /** Where the links in the selected texts lead. */
  readonly links?: readonly string[]
  /** How many of the selected elements are locked. */
  readonly locked: 'none' | 'some' | 'all'
}

/** Where and how the text of an element is laid out, for the overlay it is edited in. World units. */
export interface TextFrame {
  readonly id: ElementId
  readonly text: string
  readonly runs: readonly TextRun[]
  /** As the painter draws them, in world units from the top left of the element before it is turned. */
  readonly lines: readonly PlacedLine[]
  /** From the top of a line to its baseline. */
  readonly baseline: number
  /** The area text may fill, turned about the centre of the *element* by `angle`. */
  readonly area: Box
  readonly element: Box
  readonly fontSize: number
  readonly lineHeight: number
  readonly align: Align
  readonly valign: Valign
  /** A colour of the document; null is the ink readable on `fill`. */
  readonly color: Color | null
  readonly fill: Color
  /** Lines are broken at the area's width; otherwise the area follows the text. */
  readonly wraps: boolean
}

export interface ClipboardPayload {
  readonly format: 'easel/elements'
  readonly version: 1
  /** Where it was copied, and so where its pictures' files lie. */
  readonly board?: string
  /** Some of these files, as `data:` addresses by their asset: for boards of other servers. */
  readonly files?: { readonly [asset: string]: string }
  readonly elements: readonly {
    readonly id: ElementId
    readonly box: readonly [number, number, number, number, number]
    readonly snapshot: ElementSnapshot
  }[]
}

/** What came of pasting. */
export interface Pasted {
  readonly elements: number
  /** Of one text: 0 when there was none. */
  readonly parts: number
  /** Elements, or of a text code units, for which there was no room. */
  readonly leftOut: number
}

export interface Editor {
  readonly state: Store<EditorState>
  readonly document: BoardDocument
  /** Everything on the board in z-order with its bounds, live previews applied; for painting. */
  readonly scene: Scene
  /** What the gesture under way draws that is not in the scene: drafts of new elements. */
  readonly preview: Store<LivePreview | null>

  pointer(input: PointerInput): void
  /** True when the key meant something here, so that the browser must not act on it as well. */
  key(input: KeyInput): boolean
  wheel(input: WheelInput): void
  /** Runs an action of the table, as a menu or the palette does; one that is not possible now does nothing. */
  act(action: ActionId): void
  /** Whether a menu or the palette offers it now. */
  can(action: ActionId): boolean

  /** Time has passed. */
  tick(): void
  setTool(id: ToolId): void
  /** The selected shapes become this kind; their box, look and text stay. */
  setShape(kind: ShapeKind): void
  /** Of the selection if there is one, and of what is drawn next. */
  setStyle(patch: Partial<StyleProps>): void
  styleSummary(): StyleSummary

  select(ids: readonly ElementId[]): void
  selectAll(): void
  deleteSelection(): void
  duplicate(): void
  copy(): ClipboardPayload | null
  cut(): ClipboardPayload | null
  /** At a world position, or near the originals when they are in view, or mid-view. */
  paste(payload: ClipboardPayload, at?: Point): Pasted
  /** Text from elsewhere becomes a text with its formats, or a note for each line beside a selected note. */
  pasteText(text: string, at?: Point, runs?: readonly TextRun[]): Pasted
  /** As one text element, or as several side by side when it is longer than one holds; `at` is its middle. */
  placeText(text: RichText, at?: Point): Pasted
  /** What is on its way to the board, or changing: everybody is shown it until the next call, and nothing is stored. */
  setDrafts(source: DraftSource, drafts: readonly Element[]): void
  /** On top of all, and selected. */
  placePictures(pictures: readonly NewPicture[]): void
  /** Another picture in its place, or another part of it. */
  setPicture(id: ElementId, picture: Picture, box?: Box): void
  startCrop(id: ElementId): void
  endCrop(): void
  /** The selected elements become one group. */
  group(): void
  ungroup(): void
  /** Selects what the selected frame holds, or what lies beside the selection in its frame. */
  selectInside(): void
  /** What the selected frames hold stays. */
  removeFramesOnly(): void
  renameFrame(id: ElementId, name: string): void
  /** The frames as they are presented. */
  frames(): readonly FrameElement[]
  /** To another place among them. */
  reorderFrame(id: ElementId, to: number): void
  setFrameSize(size: FrameSize): void
  endNaming(): void
  bringToFront(): void
  bringForward(): void
  sendBackward(): void
  sendToBack(): void
  nudge(dx: number, dy: number): void
  /** Of the selection's bounds. Locked elements stay where they are, here and below. */
  align(how: Alignment): void
  /** Three or more at equal gaps. */
  distribute(direction: Direction): void
  /** Into rows and columns. */
  tidy(): void
  flip(mirror: Mirror): void
  /** Locked elements can be selected by the menu alone, and only unlocked. */
  toggleLock(): void
  copyStyle(): void
  pasteStyle(): void
  /** There is a copied style to paste. */
  hasStyle(): boolean
  /** Of the selected lines and connectors, and of those that are drawn next. */
  setHeads(heads: Partial<LineHeads>): void
  /** The way of the selected connectors, and of those that are drawn next. */
  setRoute(kind: RouteKind): void
  /** A connector from each selected element to the next, in the order they were selected; false without two. */
  connect(): boolean
  /** A copy of the one selected element on this side of it, with a connector to it; false without one. */
  grow(direction: GrowDirection): boolean
  /** A menu opens at a screen position, for what lies there: it is selected, even if locked. */
  selectForMenu(at: Point): void

  /** After the one note that is being written in or selected; false without one. */
  addNote(direction: NoteDirection): boolean
  startTextEdit(id: ElementId): void
  /** What is typed now is written in this element; null while letters are shortcuts. */
  writesInto(): ElementId | null
  setText(id: ElementId, text: string): void
  /** What was typed, letter by letter: nothing of what others type at the same time is touched. */
  writeText(id: ElementId, edits: readonly TextEdit[]): void
  /** Of the whole text of what is selected: taken away where all have it. */
  toggleFormat(name: StyleName | ListKind): void
  /** A text element left empty is removed. */
  endTextEdit(): void
  textFrame(id: ElementId): TextFrame | null

  undo(): void
  redo(): void
  /** Backs out one level: the gesture, the text, the selection, the tool. */
  escape(): void

  setViewport(w: number, h: number): void
  /** Keeps the screen position `about` (mid-view when left out) where it is. */
  zoomTo(zoom: number, about?: Point): void
  zoomIn(): void
  zoomOut(): void
  zoomToFit(): void
  zoomToSelection(): void
  /** All of it in view, with room around it; enlarged to `zoomMost` at the most. */
  zoomToRect(rect: Rect, zoomMost: number): void
  setCamera(camera: Camera): void
  panBy(dx: number, dy: number): void
  lookAt(camera: Camera): void
  setKeepsTool(keeps: boolean): void
  setFingers(fingers: EditorState['fingers']): void
  setSnapping(patch: Partial<SnapSettings>): void
  toWorld(screen: Point): Point
  toScreen(world: Point): Point
  /** The selection frame in world units; null with nothing selected. */
  selectionBox(): Box | null
  element(id: ElementId): Element | undefined

  setReadOnly(readOnly: boolean): void
  destroy(): void
}

export interface EditorOptions {
  readonly document: BoardDocument
  readonly presence?: import('./ports').LivePresence
  now(): number
  newId(): ElementId
  readonly readOnly?: boolean
  readonly snapping?: SnapSettings
  /** What the nth frame is called until somebody names it. */
  frameName?(n: number): string
  /** The board holds no more: so many elements that were drawn or copied found no room, and are not there. */
  onFull?(leftOut: number): void
  /** Actions the editor does not do by itself. */
  readonly outside?: Outside
}
