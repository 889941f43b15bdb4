/** The guides of a gesture: lines through what stands in line, and marks across equal gaps. One pixel wide at any zoom. */
import type { Camera } from '../core/editor-api'
import type { Guide } from '../core/snapping/guide'
import type { Colors } from './pens'

/** A line goes on a little beyond what it joins, so that it is seen along an edge. */
const BEYOND_PX = 6
const CAP_PX = 5
/** The marks of a gap stand inside it, clear of the outlines at its ends. */
const INSET_PX = 2

export function paintGuides(
  ctx: CanvasRenderingContext2D,
  guides: readonly Guide[],
  camera: Camera,
  colors: Colors,
): void {
  if (guides.length === 0) return
  ctx.strokeStyle = colors.guide
  ctx.lineWidth = 1
  ctx.globalAlpha = 1
  ctx.beginPath()
  for (const guide of guides) {
    // A guide of x is an upright line, a gap along x lies flat.
    const isUpright = (guide.is === 'line') === (guide.axis === 'x')
    const [along, across] = isUpright ? [camera.y, camera.x] : [camera.x, camera.y]
    const at = crisp(guide.at * camera.zoom + across)
    const from = guide.from * camera.zoom + along
    const to = guide.to * camera.zoom + along
    const stroke = (a: number, b: number, c: number, d: number) => {
      ctx.moveTo(isUpright ? b : a, isUpright ? a : b)
      ctx.lineTo(isUpright ? d : c, isUpright ? c : d)
    }
    switch (guide.is) {
      case 'line':
        stroke(from - BEYOND_PX, at, to + BEYOND_PX, at)
        break
      case 'gap':
        stroke(from, at, to, at)
        for (const end of [crisp(from + INSET_PX), crisp(to - INSET_PX)])
          stroke(end, at - CAP_PX, end, at + CAP_PX)
        break
    }
  }
  ctx.stroke()
}

/** The middle of a pixel: a line of one pixel is then not smeared over two. */
function crisp(at: number): number {
  return Math.round(at - 0.5) + 0.5
}
