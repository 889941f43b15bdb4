/**
 * Choosing the part of a picture that is shown. The picture as a whole stays where it is while its edges are moved; parts
 * are in fractions of it as it is seen, which in a mirror is from the other side.
 */
import type { Crop, ImageElement, Picture } from './elements/types'
import { boxCentre, rotateAbout, type Box, type Point } from './geometry/box'
import { sidesOf, type Handle } from './geometry/transform'

/** Where the picture would stand if all of it were shown. */
export function wholeBox({ box, picture }: Pick<ImageElement, 'box' | 'picture'>): Box {
  const [x, y, w, h] = seenPart(picture)
  const [fullW, fullH] = [box.w / w, box.h / h]
  const upright = { x: box.x - x * fullW + fullW / 2, y: box.y - y * fullH + fullH / 2 }
  const centre = rotateAbout(upright, boxCentre(box), box.angle)
  return { x: centre.x - fullW / 2, y: centre.y - fullH / 2, w: fullW, h: fullH, angle: box.angle }
}

export function seenPart({ crop: [x, y, w, h], flipX, flipY }: Picture): Crop {
  return [flipX ? 1 - x - w : x, flipY ? 1 - y - h : y, w, h]
}

/** The image with this part of it shown, in the place where it is seen on the whole. */
export function withPart(image: ImageElement, whole: Box, part: Crop): ImageElement {
  const [x, y, w, h] = part
  const size = { w: w * whole.w, h: h * whole.h }
  const upright = { x: whole.x + x * whole.w + size.w / 2, y: whole.y + y * whole.h + size.h / 2 }
  const centre = rotateAbout(upright, boxCentre(whole), whole.angle)
  const box: Box = { x: centre.x - size.w / 2, y: centre.y - size.h / 2, ...size, angle: whole.angle }
  const { flipX, flipY } = image.picture
  const crop: Crop = [tidy(flipX ? 1 - x - w : x), tidy(flipY ? 1 - y - h : y), tidy(w), tidy(h)]
  return { ...image, box, picture: { ...image.picture, crop } }
}

/** An edge or a corner moved by a way in fractions, no farther than the picture reaches or `least` leaves. */
export function movePartEdge(part: Crop, handle: Handle, by: Point, least: Point): Crop {
  const [sx, sy] = sidesOf(handle)
  const [x, w] = moveSide(part[0], part[2], sx, by.x, least.x)
  const [y, h] = moveSide(part[1], part[3], sy, by.y, least.y)
  return [x, y, w, h]
}

/** Another part of the same size. */
export function movePart([x, y, w, h]: Crop, by: Point): Crop {
  return [clamp(x + by.x, 0, 1 - w), clamp(y + by.y, 0, 1 - h), w, h]
}

function moveSide(from: number, length: number, side: number, by: number, least: number): [number, number] {
  if (side === 0) return [from, length]
  const to = from + length
  if (side > 0) return [from, clamp(to + by, Math.min(1, from + least), 1) - from]
  const moved = clamp(from + by, 0, Math.max(0, to - least))
  return [moved, to - moved]
}

function clamp(n: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, n))
}

/** Without the noise of floating point. */
function tidy(n: number): number {
  return clamp(Math.round(n * 1e6) / 1e6, 0, 1)
}
