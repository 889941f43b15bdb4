/** New elements, and the intent that puts one on the board. */
import type { Box, Point } from '../geometry/box'
import type { ConnectorLook, LineHeads, NextStyles } from '../editor-api'
import type { Intent, NewElement } from '../ports'
import { dataOf as connectorData } from './connector'
import { dataOf } from './image'
import { lineThrough } from './line'
import { inkBetween } from './pen'
import { storableBox } from './read'
import { DEFAULT_STYLE } from './style'
import type {
  ConnectorElement,
  Element,
  ElementBase,
  ElementId,
  ImageElement,
  FrameElement,
  GroupElement,
  HighlighterElement,
  LineElement,
  PenElement,
  Picture,
  ShapeElement,
  ShapeKind,
  StickyElement,
  StyleProps,
  TextElement,
  UnknownElement,
} from './types'

/** What every new element needs from outside. */
export interface Maker {
  readonly id: ElementId
  readonly z: string
  readonly styles: NextStyles
}

export const STICKY_SIZE = 200
export const SHAPE_SIZE = { w: 160, h: 100 }

export function newShape(by: Maker, kind: ShapeKind, box: Box): ShapeElement {
  return { ...base(by, 'shape', box), type: 'shape', kind, text: '' }
}

export function newSticky(by: Maker, centre: Point): StickyElement {
  const half = STICKY_SIZE / 2
  const box: Box = { x: centre.x - half, y: centre.y - half, w: STICKY_SIZE, h: STICKY_SIZE, angle: 0 }
  return { ...base(by, 'sticky', box), type: 'sticky', text: '' }
}

/** As wide as its lines, or with a width to wrap at. */
export function newText(by: Maker, at: Point, width: number | null, text = ''): TextElement {
  const made = base(by, 'text', { x: at.x, y: at.y, w: width ?? 0, h: 0, angle: 0 })
  const style: StyleProps = { ...made.style, auto_width: width === null }
  return { ...made, type: 'text', text, style }
}

export function newPen(by: Maker, points: readonly Point[], pressures: readonly number[] | null): PenElement {
  const { box, data } = inkBetween(points, pressures)
  return { ...base(by, 'pen', box), type: 'pen', data }
}

export function newHighlight(by: Maker, points: readonly Point[]): HighlighterElement {
  const { box, data } = inkBetween(points, null)
  return { ...base(by, 'highlighter', box), type: 'highlighter', data }
}

export function newLine(by: Maker, points: readonly Point[], heads: LineHeads): LineElement {
  const { box, ends } = lineThrough(points, heads)
  return { ...base(by, 'line', box), type: 'line', ends }
}

/** Both ends at one point; whoever makes it places them. */
export function newConnector(by: Maker, at: Point, look: ConnectorLook): ConnectorElement {
  const { kind, from_head, to_head } = look
  const end = { own: [0, 0], binding: null } as const
  const made = base(by, 'connector', { x: at.x, y: at.y, w: 0, h: 0, angle: 0 })
  return {
    ...made,
    type: 'connector',
    kind,
    ends: { from: end, to: end, from_head, to_head },
    text: '',
    route: null,
  }
}

export function newImage(by: Maker, picture: Picture, box: Box, text = ''): ImageElement {
  return { ...base(by, 'image', box), type: 'image', picture, text }
}

export function newFrame(by: Maker, box: Box, name: string): FrameElement {
  return { ...base(by, 'frame', box), type: 'frame', text: name, order: null }
}

export function newGroup(by: Maker, box: Box, parent: ElementId | null): GroupElement {
  return { ...base(by, 'group', box), type: 'group', parent }
}

function base(by: Maker, type: Exclude<Element['type'], 'unknown'>, box: Box): ElementBase {
  const style: StyleProps = { ...DEFAULT_STYLE[type], ...by.styles[type] }
  return { id: by.id, z: by.z, parent: null, box: storableBox(box), style }
}

export type KnownElement = Exclude<Element, UnknownElement>

export function createIntent(e: KnownElement): Intent {
  return { do: 'create', element: { ...common(e), ...own(e) } }
}

function common(e: KnownElement): Pick<NewElement, 'id' | 'box' | 'z' | 'parent' | 'style'> {
  return { id: e.id, box: e.box, z: e.z, parent: e.parent, style: e.style }
}

function own(e: KnownElement): Pick<NewElement, 'type' | 'kind' | 'text' | 'data' | 'order'> {
  switch (e.type) {
    case 'shape':
      return { type: 'shape', kind: e.kind, text: e.text }
    case 'sticky':
      return { type: 'sticky', text: e.text }
    case 'text':
      return { type: 'text', text: e.text }
    case 'pen':
      return { type: 'pen', data: e.data }
    case 'highlighter':
      return { type: 'highlighter', data: e.data }
    case 'line':
      return { type: 'line', data: e.ends }
    case 'connector':
      return { type: 'connector', kind: e.kind, text: e.text, data: connectorData(e.ends) }
    case 'image':
      return { type: 'image', text: e.text, data: dataOf(e.picture) }
    case 'frame':
      return { type: 'frame', text: e.text, order: e.order }
    case 'group':
      return { type: 'group' }
  }
}
