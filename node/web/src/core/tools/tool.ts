/**
 * What a tool is: data and a pure step. It sees plain input and a narrow view of the board, keeps its
 * state as one discriminated union, and asks for effects; the editor alone carries them out.
 */
import type { GrowDirection } from '../connectors/grow'
import type { Viewport } from '../camera'
import type {
  Camera,
  CursorName,
  BindTarget,
  ConnectorLook,
  LineHeads,
  ModifierKeys,
  NextStyles,
  SnapSettings,
  ToolId,
} from '../editor-api'
import type { Element, ElementId } from '../elements/types'
import type { Point, Rect } from '../geometry/box'
import type { ElementSnapshot, Intent, LivePreview } from '../ports'
import type { Scene } from '../scene'
import type { FrameSize } from '../frames'
import type { Family } from '../parents'
import { NO_GUIDES, type Guide } from '../snapping/guide'

export interface ToolInput extends ModifierKeys {
  /** `back` takes back the last step of what goes on from press to press; `tick` comes for every frame while the tool fades; `move` comes again when a modifier key changes during a gesture. */
  readonly kind: 'down' | 'move' | 'up' | 'cancel' | 'back' | 'tick'
  readonly device: 'mouse' | 'pen' | 'touch'
  /** In the world. */
  readonly at: Point
  readonly screen: Point
  readonly pressure: number
  /** What the browser merged into this event, `at` last, in the world. */
  readonly trail: readonly InkPoint[]
  /** 2 for the second press of a double click, and so on. */
  readonly clicks: number
  readonly time_ms: number
}

export interface InkPoint extends Point {
  readonly pressure: number
}

export interface View {
  readonly camera: Camera
  readonly viewport: Viewport
  readonly snapping: SnapSettings
  readonly selection: readonly ElementId[]
  readonly styles: NextStyles
  readonly heads: LineHeads
  readonly connector: ConnectorLook
  readonly readOnly: boolean
  readonly scene: Scene
  /** As `scene.family`, for what asks about units. */
  readonly family: Family
  /** Of the next frame. */
  readonly frameSize: FrameSize
  /** As the document holds it; a connector with its way, a group with the box around what it holds. */
  element(id: ElementId): Element | undefined
  snapshot(id: ElementId): ElementSnapshot | undefined
  /** Rising keys above everything on the board. */
  keysOnTop(count: number): readonly string[]
  /** Of what lies beneath all else; null on an empty board. */
  lowestKey(): string | null
  frameName(): string
  newId(): ElementId
}

export type Effect =
  /** One transaction, one undo step. */
  | { readonly do: 'commit'; readonly intents: readonly Intent[] }
  /** A copy of the selected element on this side of it, with a connector to it. */
  | { readonly do: 'grow'; readonly direction: GrowDirection }
  | { readonly do: 'select'; readonly ids: readonly ElementId[] }
  | { readonly do: 'tool'; readonly id: ToolId }
  | { readonly do: 'edit'; readonly id: ElementId; readonly isNew: boolean }
  /** Another part of an image is to be chosen. */
  | { readonly do: 'crop'; readonly id: ElementId }
  /** In screen pixels. */
  | { readonly do: 'pan'; readonly dx: number; readonly dy: number }

export interface Step<S> {
  readonly state: S
  readonly effects: readonly Effect[]
}

/** What is to be seen of a gesture. */
export interface Shown {
  readonly live: LivePreview | null
  readonly marquee: Rect | null
  readonly cursor: CursorName
  readonly hover: ElementId | null
  /** What the end in hand would be bound to. */
  readonly binding: BindTarget | null
  /** What the gesture has come in line with. */
  readonly guides: readonly Guide[]
  /** A gesture is under way: Escape ends it, and keys wait. */
  readonly active: boolean
  /** It goes on from press to press: Enter ends it as Escape does, and Backspace takes the last step back. */
  readonly placing: boolean
  /** It goes on changing by itself: the tool wants a `tick` for every frame. */
  readonly fades: boolean
}

export interface Tool<S> {
  readonly id: ToolId
  readonly initial: S
  step(state: S, input: ToolInput, view: View): Step<S>
  show(state: S): Shown
}

export const NOTHING_SHOWN: Shown = {
  live: null,
  marquee: null,
  cursor: 'default',
  hover: null,
  binding: null,
  guides: NO_GUIDES,
  active: false,
  placing: false,
  fades: false,
}

export function stay<S>(state: S): Step<S> {
  return { state, effects: [] }
}

/** Farther than a hand shakes while clicking. */
export function isDrag(input: ToolInput, pressedAt: Point): boolean {
  const slack = input.device === 'touch' ? 8 : 3
  return Math.hypot(input.screen.x - pressedAt.x, input.screen.y - pressedAt.y) > slack
}

/** How near to something counts as on it, in world units. */
export function slackOf(input: ToolInput, camera: Camera): number {
  return (input.device === 'touch' ? 12 : 5) / camera.zoom
}
