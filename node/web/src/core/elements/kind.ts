/**
 * What each element type says about itself. One file per type implements this; `index.ts` dispatches
 * over the closed union, so that a type added later is a file and one arm.
 */
import type { Box, Point, Rect } from '../geometry/box'
import type { Json } from '../ports'
import type { Heads } from './heads'
import type { Color, Dash, Element, ElementBase, Picture } from './types'

export type RawValue = Json | Uint8Array
export type Get = (key: string) => unknown

export interface Kind<E extends Element> {
  /** Undefined when what only this type holds cannot be understood. */
  read(base: ElementBase, get: Get): E | undefined
  /** The keys beyond type, box, z, parent and style. */
  write(element: E): readonly (readonly [string, RawValue])[]
  /** Where the element stands: what the selection frame surrounds. */
  frame(element: E): Box
  /** `p` is on the element, give or take `slack` world units. */
  hit(element: E, p: Point, slack: number): boolean
  /** Any part of the element lies in the rectangle. */
  touches(element: E, rect: Rect): boolean
  /** What to draw. */
  paint(element: E): Paint
}

/** Outlines and strokes as flat numbers: an operation code, then its coordinates. World units. */
export const MOVE = 0 // x, y
export const LINE = 1 // x, y
export const QUAD = 2 // control x, y, end x, y
export const ARC = 3 // centre x, y, radius, from, to
export const CLOSE = 4
export const CUBIC = 5 // first control x, y, second control x, y, end x, y
export type PathOps = readonly number[]

/** What is drawn of an element, in the element's own frame: origin at its top left, before rotation. */
export interface Paint {
  readonly form: Form
  readonly fill: Color
  readonly stroke: Color
  readonly strokeWidth: number
  readonly dash: Dash
  readonly text: PaintText | null
  /** Darkens what it lies on, or lightens it on a dark board, so that it stays readable. */
  readonly mixes?: boolean
}

export type Form =
  | { readonly is: 'none' }
  | { readonly is: 'rectangle' }
  | { readonly is: 'ellipse' }
  | { readonly is: 'diamond' }
  /** An outline of its own, filled and stroked. */
  | { readonly is: 'outline'; readonly ops: PathOps }
  /** A square of paper, with its shadow. */
  | { readonly is: 'note' }
  /** A stroked path; round joins and ends. */
  | { readonly is: 'path'; readonly ops: PathOps; readonly heads?: Heads | null }
  /** A path filled with the stroke's colour: ink of changing width. */
  | { readonly is: 'ink'; readonly ops: PathOps }
  /** Null: one that nothing is known of yet. */
  | { readonly is: 'image'; readonly picture: Picture | null }
  /** The area of a frame; without a fill it is of the theme's own paper. */
  | { readonly is: 'sheet' }
  /** Something made by a newer client. */
  | { readonly is: 'placeholder' }

/** Words at their computed places, in the element's frame; `y` is the baseline. */
export interface PaintText {
  readonly fontSize: number
  /** Null: the ink readable on the fill. */
  readonly color: Color | null
  readonly words: readonly PaintWord[]
  /** Lines under and through letters. */
  readonly rules: readonly PaintRule[]
}

export interface PaintRule {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export interface PaintWord {
  readonly text: string
  /** Bits of `core/text/runs.ts`. */
  readonly style: number
  /** Drawn from right to left: `x` is its right end. */
  readonly rtl: boolean
  readonly x: number
  readonly y: number
}
