/** Frames: drag an area, or click for one of the chosen size. What lies wholly in it comes to hang below it. */
import { FRAME_SIZES, takenInto } from '../frames'
import { createIntent, newFrame, type Maker } from '../elements/make'
import type { FrameElement } from '../elements/types'
import { boxBetween, type Box, type Point } from '../geometry/box'
import { keysBetween } from '../order'
import { NO_GUIDES } from '../snapping/guide'
import { NOTHING_EXCEPT, targetsFor } from '../snapping/targets'
import { draggedBox } from './draw-shape'
import { drawingTool, fromCorner, snapped } from './drawing'
import type { View } from './tool'

export const frameTool = drawingTool<FrameElement>({
  id: 'frame',
  begin: (by, from, input, view) =>
    fromCorner((corner) => draftOf(by, boxBetween(corner, corner), view), from, input, view),
  drawOn(state, input, view) {
    const size = FRAME_SIZES[view.frameSize]
    if (size && !input.mod) {
      const at = inProportion(state.from, input.at, size)
      const box = draggedBox(state.from, { ...input, at, shift: false })
      return { ...state, draft: { ...state.draft, box }, guides: NO_GUIDES }
    }
    const targets = input.mod ? null : targetsFor(view, NOTHING_EXCEPT, state.targets)
    const at = targets ? snapped(input.at, targets) : input.at
    const box = draggedBox(state.from, { ...input, at })
    return { ...state, draft: { ...state.draft, box }, targets }
  },
  click: (by, at, _, view) => draftOf(by, usualBox(at, view), view),
  place: (frame, view) => [createIntent(frame), ...takenInto(frame, view.scene)],
})

/** Below all else, so that it hides nothing that is there already. */
function draftOf(by: Maker, box: Box, view: View): FrameElement {
  const [z = 'a0'] = keysBetween(null, view.lowestKey(), 1)
  return newFrame({ ...by, z }, box, view.frameName())
}

/** The longer way decides about both. */
function inProportion(from: Point, to: Point, size: { readonly w: number; readonly h: number }): Point {
  const scale = Math.max(Math.abs(to.x - from.x) / size.w, Math.abs(to.y - from.y) / size.h)
  return {
    x: from.x + size.w * scale * (to.x < from.x ? -1 : 1),
    y: from.y + size.h * scale * (to.y < from.y ? -1 : 1),
  }
}

function usualBox(centre: Point, view: View): Box {
  const { w, h } = FRAME_SIZES[view.frameSize] ?? FRAME_SIZES.wide
  return { x: Math.round(centre.x - w / 2), y: Math.round(centre.y - h / 2), w, h, angle: 0 }
}
