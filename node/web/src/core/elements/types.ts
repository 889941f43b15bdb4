/**
 * What an element is once it has been read from the document: a closed union with every style
 * property resolved against its type's default. Values are immutable; an edit makes another object,
 * so identity can serve as a cache key (layouts, decoded strokes, paint lists).
 */
import type { Box, Point } from '../geometry/box'
import type { Route } from '../connectors/way'
import type { Align, Dash, Head, JointMode, RouteKind, ShapeKind, Valign } from '../schema.gen'
import type { TextRun } from '../text'

export type ElementId = string

/** A palette name, `#rrggbb` or `none`. */
export type Color = string

/** The style keys of the document, named as they are stored. */
export interface StyleProps {
  readonly fill: Color
  readonly stroke: Color
  readonly stroke_width: number
  readonly dash: Dash
  readonly opacity: number
  readonly font_size: number
  readonly align: Align
  readonly valign: Valign
  /** Null is the ink that is readable on what is behind the text. */
  readonly text_color: Color | null
  /** Text only: the width follows the text, nothing wraps. */
  readonly auto_width: boolean
  readonly locked: boolean
}

export interface ElementBase {
  readonly id: ElementId
  readonly box: Box
  /** Fractional index; ties are broken by id. */
  readonly z: string
  readonly parent: ElementId | null
  /** Resolved: stored values over the type's defaults. */
  readonly style: StyleProps
}

export interface ShapeElement extends ElementBase {
  readonly type: 'shape'
  readonly kind: ShapeKind
  readonly text: string
  /** Formats inside the text; absent where all is plain. */
  readonly runs?: readonly TextRun[]
}

export interface StickyElement extends ElementBase {
  readonly type: 'sticky'
  readonly text: string
  /** Formats inside the text; absent where all is plain. */
  readonly runs?: readonly TextRun[]
}

export interface TextElement extends ElementBase {
  readonly type: 'text'
  readonly text: string
  /** Formats inside the text; absent where all is plain. */
  readonly runs?: readonly TextRun[]
}

export interface PenElement extends ElementBase {
  readonly type: 'pen'
  /** The packed points as stored; `strokeOf` in `pen.ts` decodes and caches them. */
  readonly data: Uint8Array
}

/** Wide, clear ink over what is already there. */
export interface HighlighterElement extends ElementBase {
  readonly type: 'highlighter'
  /** As a pen's. */
  readonly data: Uint8Array
}

/** Ends as fractions of the box, so that moving and scaling touch the box alone. */
export interface LineEnds {
  readonly from: readonly [number, number]
  /** What it goes through in between, in the same fractions; absent where it is straight. */
  readonly via?: readonly (readonly [number, number])[]
  readonly to: readonly [number, number]
  readonly from_head: Head
  readonly to_head: Head
}

export interface LineElement extends ElementBase {
  readonly type: 'line'
  readonly ends: LineEnds
}

/** What an end of a connector is bound to. */
export interface Binding {
  readonly element: ElementId
  /** As fractions of that element's box. */
  readonly at: readonly [number, number]
  /** On the outline where the way meets it, or just at `at`. */
  readonly mode: JointMode
}

export interface ConnectorEnd {
  /**
   * As fractions of the connector's own box: where a free end is, and where a bound one was when it was last written,
   * which counts while its element is not there.
   */
  readonly own: readonly [number, number]
  readonly binding: Binding | null
}

export interface ConnectorEnds {
  readonly from: ConnectorEnd
  readonly to: ConnectorEnd
  readonly from_head: Head
  readonly to_head: Head
}

export interface ConnectorElement extends ElementBase {
  readonly type: 'connector'
  readonly kind: RouteKind
  readonly ends: ConnectorEnds
  /** Stands in the middle of the way. */
  readonly text: string
  readonly runs?: readonly TextRun[]
  /** As the scene has found it; never stored. */
  readonly route: Route | null
}

/** A part of a picture, `[x, y, w, h]` in fractions of it. */
export type Crop = readonly [number, number, number, number]

export interface Picture {
  /** Id of the file. */
  readonly asset: string
  /** Of the whole picture, in its own pixels. */
  readonly w: number
  readonly h: number
  /** What is shown of it; this fills the box. */
  readonly crop: Crop
  readonly flipX: boolean
  readonly flipY: boolean
  /** What it looks like until it is there. */
  readonly blurhash: string | null
}

export interface ImageElement extends ElementBase {
  readonly type: 'image'
  readonly picture: Picture
  /** What is to be seen, for those who cannot see it. */
  readonly text: string
}

/** An area with a name: it holds others, and shows of them what lies in it. */
export interface FrameElement extends ElementBase {
  readonly type: 'frame'
  /** Its name; may be empty. */
  readonly text: string
  /** Fractional index among the frames when the board is presented; null follows in reading order. */
  readonly order: string | null
}

/** Holds others, which are handled as one. Nothing of its own is drawn, and its stored box is only what it last was. */
export interface GroupElement extends ElementBase {
  readonly type: 'group'
}

/** A type, or a kind of shape, that this client does not know: kept, moved, never interpreted. */
export interface UnknownElement extends ElementBase {
  readonly type: 'unknown'
  readonly rawType: string
}

export type Element =
  | ShapeElement
  | StickyElement
  | TextElement
  | PenElement
  | HighlighterElement
  | LineElement
  | ConnectorElement
  | ImageElement
  | FrameElement
  | GroupElement
  | UnknownElement
export type ElementType = Element['type']
/** Elements that are a stroke of a hand. */
export type InkElement = PenElement | HighlighterElement
/** Elements that others can hang below. */
export type Container = FrameElement | GroupElement
/** Elements that hold text a person can edit. */
export type TextualElement = ShapeElement | StickyElement | TextElement | ConnectorElement

export type { Align, Box, Dash, Head, Point, RouteKind, ShapeKind, Valign }
