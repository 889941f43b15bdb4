/** Shapes: drag a box, or click for one of the usual size. */
import { createIntent, newShape, SHAPE_SIZE } from '../elements/make'
import type { ShapeElement, ShapeKind } from '../elements/types'
import { boxBetween, rectOfBox, type Box, type Point } from '../geometry/box'
import { NO_GUIDES } from '../snapping/guide'
import { guidesFor, snapPoint, snapRect } from '../snapping/snap'
import { NOTHING_EXCEPT, targetsFor } from '../snapping/targets'
import { drawingTool, fromCorner, type Drawing } from './drawing'
import type { ToolInput, View } from './tool'

export function drawShapeTool(kind: ShapeKind) {
  return drawingTool<ShapeElement>({
    id: kind,
    begin: (by, from, input, view) =>
      fromCorner((corner) => newShape(by, kind, boxBetween(corner, corner)), from, input, view),
    drawOn,
    click: (by, at, input, view) => newShape(by, kind, usualBox(at, input, view)),
    place: (element) => [createIntent(element)],
  })
}

function drawOn(state: Drawing<ShapeElement>, input: ToolInput, view: View): Drawing<ShapeElement> {
  if (input.mod) {
    return { ...state, draft: { ...state.draft, box: draggedBox(state.from, input) }, guides: NO_GUIDES }
  }
  const targets = targetsFor(view, NOTHING_EXCEPT, state.targets)
  const wide = Math.abs(input.at.x - state.from.x) >= Math.abs(input.at.y - state.from.y)
  // With Shift the longer side decides about both.
  const { dx, dy } = snapPoint(input.at, targets, input.shift ? (wide ? 'x' : 'y') : 'both')
  const at = { x: input.at.x + dx, y: input.at.y + dy }
  const box = draggedBox(state.from, { ...input, at })
  const { minX, minY, maxX, maxY } = rectOfBox(box)
  const guides = guidesFor({ minX, minY, maxX, maxY }, targets, {
    x: [minX, maxX],
    y: [minY, maxY],
    gaps: false,
  })
  return { ...state, draft: { ...state.draft, box }, targets, guides }
}

function usualBox(centre: Point, input: ToolInput, view: View): Box {
  const { w, h } = SHAPE_SIZE
  const box = { x: centre.x - w / 2, y: centre.y - h / 2, w, h, angle: 0 }
  if (input.mod) return box
  const { dx, dy } = snapRect(rectOfBox(box), targetsFor(view, NOTHING_EXCEPT, null), 'both')
  return { ...box, x: box.x + dx, y: box.y + dy }
}

/** Shift makes both sides equal; Alt draws from the centre. */
export function draggedBox(from: Point, input: Pick<ToolInput, 'at' | 'shift' | 'alt'>): Box {
  let dx = input.at.x - from.x
  let dy = input.at.y - from.y
  if (input.shift) {
    const side = Math.max(Math.abs(dx), Math.abs(dy))
    dx = dx < 0 ? -side : side
    dy = dy < 0 ? -side : side
  }
  const start = input.alt ? { x: from.x - dx, y: from.y - dy } : from
  return boxBetween(start, { x: from.x + dx, y: from.y + dy })
}
