/** How large pictures are put on a board, and where, when several come at once. */
import type { Box, Point } from './geometry/box'

export interface Size {
  readonly w: number
  readonly h: number
}

/** Between pictures, in world units. */
const GAP = 20
/** Of what is in view a picture takes no more than this. */
const VIEW_SHARE = 0.6

/** In its own size, or as large as leaves some of the view free. */
export function placedSize({ w, h }: Size, inView: Size): Size {
  const scale = Math.min(1, (inView.w * VIEW_SHARE) / w, (inView.h * VIEW_SHARE) / h)
  return { w: Math.max(1, w * scale), h: Math.max(1, h * scale) }
}

/** Boxes of these sizes in rows about a point, as many rows as columns or one fewer. */
export function boxesAbout(sizes: readonly Size[], at: Point): Box[] {
  const columns = Math.max(1, Math.ceil(Math.sqrt(sizes.length)))
  const rows: Size[][] = []
  for (let i = 0; i < sizes.length; i += columns) rows.push(sizes.slice(i, i + columns))
  const heights = rows.map((row) => Math.max(...row.map((one) => one.h)))
  let y = at.y - (heights.reduce((sum, h) => sum + h, 0) + GAP * (rows.length - 1)) / 2
  return rows.flatMap((row, r) => {
    let x = at.x - (row.reduce((sum, one) => sum + one.w, 0) + GAP * (row.length - 1)) / 2
    const top = y
    y += (heights[r] ?? 0) + GAP
    return row.map(({ w, h }) => {
      const box: Box = { x, y: top, w, h, angle: 0 }
      x += w + GAP
      return box
    })
  })
}
