/**
 * What the editor needs from outside: a document to edit and a way to show others what is in the
 * middle of happening. `doc/yboard.ts` implements the first over Yjs, `sync/presence.ts` the second
 * over awareness; tests implement both in memory.
 */
import type { Box, Point } from './geometry/box'
import type { MarkedSplice, MarksPatch } from './writing/marks'
import type { Splice } from './writing/splice'
import type {
  Element,
  ElementId,
  ElementType,
  Head,
  Picture,
  RouteKind,
  ShapeKind,
  StyleProps,
} from './elements/types'
import type { JointMode } from './schema.gen'

/** Plain JSON, as far as snapshots and presence need it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * Everything one element holds, unknown keys included, in a form that survives JSON. A value that
 * JSON lacks is an object with exactly one `$` key: `$text` (delta), `$bytes` (base64), `$map`,
 * `$array`; `$json` wraps a plain object that would otherwise be mistaken for one of these.
 */
export interface ElementSnapshot {
  readonly keys: { readonly [key: string]: Json }
}

/** A new element: the keys as the document names them. Style keys equal to the default are left out. */
export interface NewElement {
  readonly id: ElementId
  readonly type: Exclude<ElementType, 'unknown'>
  readonly kind?: string
  readonly box: Box
  readonly z: string
  readonly parent?: ElementId | null
  /** Of a frame: its place when the board is presented. */
  readonly order?: string | null
  readonly text?: string
  readonly style?: Partial<StyleProps>
  readonly data?: Uint8Array | LineData | ConnectorData | { readonly [key: string]: Json }
}

export interface LineData {
  readonly from: readonly [number, number]
  /** None of them is the same as without. */
  readonly via?: readonly (readonly [number, number])[]
  readonly to: readonly [number, number]
  readonly from_head: Head
  readonly to_head: Head
}

/** An end of a connector: free at fractions of its own box, or bound at fractions of an element's. */
export type EndData =
  | { readonly at: readonly [number, number] }
  | {
      readonly element: ElementId
      readonly at: readonly [number, number]
      readonly mode: JointMode
      /** Where it was in the connector's own box. */
      readonly last: readonly [number, number]
    }

export interface ConnectorData {
  readonly from: EndData
  readonly to: EndData
  readonly from_head: Head
  readonly to_head: Head
}

/** One change the editor asks for. An id that is no longer there makes the intent do nothing. */
export type Intent =
  | { readonly do: 'create'; readonly element: NewElement }
  | { readonly do: 'setBox'; readonly id: ElementId; readonly box: Box }
  | { readonly do: 'setStyle'; readonly id: ElementId; readonly patch: Partial<StyleProps> }
  | { readonly do: 'setKind'; readonly id: ElementId; readonly kind: ShapeKind | RouteKind }
  | { readonly do: 'setZ'; readonly id: ElementId; readonly z: string }
  | { readonly do: 'setParent'; readonly id: ElementId; readonly parent: ElementId | null }
  | { readonly do: 'setOrder'; readonly id: ElementId; readonly order: string }
  | { readonly do: 'setText'; readonly id: ElementId; readonly text: string }
  /** One after the other: each counts in the text as those before it left it. */
  | { readonly do: 'spliceText'; readonly id: ElementId; readonly splices: readonly MarkedSplice[] }
  | {
      readonly do: 'formatText'
      readonly id: ElementId
      readonly from: number
      readonly to: number
      readonly marks: MarksPatch
    }
  /** Only what is named changes. */
  | { readonly do: 'setLine'; readonly id: ElementId; readonly data: Partial<LineData> }
  /** The same for a connector. */
  | { readonly do: 'setConnector'; readonly id: ElementId; readonly data: Partial<ConnectorData> }
  | { readonly do: 'setInk'; readonly id: ElementId; readonly data: Uint8Array }
  /** Another picture, or another part of it; what a later version keeps beside stays. */
  | { readonly do: 'setPicture'; readonly id: ElementId; readonly picture: Picture }
  | { readonly do: 'delete'; readonly id: ElementId }
  /** A copy: every key of the snapshot, but this id, box, z and parent. */
  | {
      readonly do: 'insert'
      readonly id: ElementId
      readonly snapshot: ElementSnapshot
      readonly box: Box
      readonly z: string
      readonly parent: ElementId | null
    }

export interface DocumentChange {
  readonly added: readonly ElementId[]
  readonly changed: readonly ElementId[]
  readonly removed: readonly ElementId[]
  /** What happened to the texts among them, where it is known letter by letter. */
  readonly texts: ReadonlyMap<ElementId, readonly Splice[]>
  /** Made here (an edit, or an undo of one), not received. */
  readonly local: boolean
}

/**
 * How an edit joins the undo history: `step` is one undo step of its own; `typing` joins the
 * previous step while typing goes on without a pause or a `step` in between.
 */
export type Grouping = 'step' | 'typing'

/** The only writer of the board. */
export interface BoardDocument {
  /** Reads are cached: the same object until the element changes. */
  get(id: ElementId): Element | undefined
  ids(): Iterable<ElementId>
  size(): number
  snapshot(id: ElementId): ElementSnapshot | undefined
  /** One transaction, undoable by this user alone. */
  apply(intents: readonly Intent[], grouping?: Grouping): void
  /** The next edit begins a new undo step, whatever its grouping. */
  endStep(): void
  subscribe(listener: (change: DocumentChange) => void): () => void
  undo(): void
  redo(): void
  canUndo(): boolean
  canRedo(): boolean
  onHistory(listener: () => void): () => void
  meta(): { readonly background?: string }
}

/** What a gesture looks like before it is finished; never stored. */
export interface LivePreview {
  /** Elements that are being moved, resized or turned. */
  readonly boxes?: readonly (readonly [ElementId, Box])[]
  /** What hangs below these moves by so much, but for what has a box above. */
  readonly carry?: { readonly ids: readonly ElementId[]; readonly dx: number; readonly dy: number }
  /** These come to hang below this frame, or below nothing. */
  readonly into?: { readonly ids: readonly ElementId[]; readonly parent: ElementId | null }
  /** Elements that do not exist yet, or whose whole look is changing (it replaces the one of that id). */
  readonly drafts?: readonly Element[]
}

export interface Peer {
  readonly clientId: number
  readonly name: string
  /** `#rrggbb` or a palette name. */
  readonly color: string
  /** Where their picture is. */
  readonly picture: string | null
  readonly cursor: Point | null
  readonly selection: readonly ElementId[]
  readonly live: LivePreview | null
  /** The part of the board they see, where they say so. */
  readonly view: PeerView | null
  /** Rises when they ask everybody to come to them. */
  readonly call: number
  /** The frame that this person presents just now. */
  readonly presenting: ElementId | null
}

export interface PeerView {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/**
 * Carries what this person is doing to the others, at most 20 times a second, and what they do back.
 * On the wire a live preview is the JSON made by `encodeLive` and read by `decodeLive` (`core/live.ts`).
 */
export interface LivePresence {
  setCursor(at: Point | null): void
  setSelection(ids: readonly ElementId[]): void
  setLive(live: LivePreview | null): void
  /** The frame that is being presented; null ends it. */
  setPresenting(frame: ElementId | null): void
  /** The others: never this client. */
  peers(): readonly Peer[]
  subscribe(listener: () => void): () => void
}
