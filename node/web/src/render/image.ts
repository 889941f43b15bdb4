/** A picture in its box: the part that is shown of it, mirrored as it says, or a mark where there is nothing to show. */
import type { Picture } from '../core/elements/types'
import type { Box } from '../core/geometry/box'
import type { FoundPicture } from './pictures'

type Ctx = CanvasRenderingContext2D

export function drawPicture(ctx: Ctx, picture: Picture, found: FoundPicture, b: Box): void {
  const { source } = found
  if (source === null) return
  const [x, y, w, h] = picture.crop
  const mirrored = picture.flipX || picture.flipY
  const mirror = () => {
    const [cx, cy] = [b.x + b.w / 2, b.y + b.h / 2]
    ctx.translate(cx, cy)
    ctx.scale(picture.flipX ? -1 : 1, picture.flipY ? -1 : 1)
    ctx.translate(-cx, -cy)
  }
  if (mirrored) mirror()
  ctx.drawImage(
    source,
    x * source.width,
    y * source.height,
    Math.max(1e-3, w * source.width),
    Math.max(1e-3, h * source.height),
    b.x,
    b.y,
    b.w,
    b.h,
  )
  if (mirrored) mirror()
}

const MARK_MOST_PX = 40

/** A landscape in a frame; torn across when the picture did not come. */
export function drawMark(ctx: Ctx, b: Box, zoom: number, isBroken: boolean): void {
  const side = Math.min(Math.min(b.w, b.h) * 0.5, MARK_MOST_PX / zoom)
  const unit = side / 24
  const at = (x: number, y: number) =>
    [b.x + b.w / 2 + (x - 12) * unit, b.y + b.h / 2 + (y - 12) * unit] as const
  ctx.beginPath()
  const [left, top] = at(2, 4)
  ctx.roundRect(left, top, 20 * unit, 16 * unit, 2 * unit)
  ctx.moveTo(...at(2, 17))
  for (const [x, y] of [
    [8, 11],
    [12, 15],
    [16, 11],
    [22, 17],
  ] as const)
    ctx.lineTo(...at(x, y))
  if (isBroken) {
    ctx.moveTo(...at(1, 22))
    ctx.lineTo(...at(23, 2))
  }
  ctx.stroke()
}
