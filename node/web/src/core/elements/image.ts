/**
 * A picture. The file lies outside the document as an asset of the board; the element says which one it shows, which part
 * of it, and in its text what is to be seen on it.
 */
import { readBlurhash } from '../blurhash'
import type { Kind } from './kind'
import { readNumber, readText } from './read'
import { boxHasPoint, outlineTouches } from './solid'
import type { Crop, ImageElement, Picture } from './types'

export const image: Kind<ImageElement> = {
  read(base, get) {
    const picture = readPicture(get('data'))
    return picture && { ...base, type: 'image', picture, text: readText(get('text')) }
  },
  write: (e) => [['data', dataOf(e.picture)], ...(e.text === '' ? [] : [['text', e.text] as const])],
  frame: (e) => e.box,
  hit: (e, p, slack) => boxHasPoint(e.box, p, slack),
  touches: (e, rect) => outlineTouches('rectangle', e.box, rect),
  paint: (e) => ({
    form: { is: 'image', picture: e.picture },
    fill: 'none',
    stroke: 'none',
    strokeWidth: 0,
    dash: 'solid',
    text: null,
  }),
}

/** The members of `data` that this version knows. */
export const PICTURE_KEYS: ReadonlySet<string> = new Set([
  'asset',
  'w',
  'h',
  'crop',
  'flip_x',
  'flip_y',
  'blurhash',
])

const ASSET_ID = /^ast_[0-9a-z]{26}$/
/** No side of a picture has more pixels. */
const SIDE_MAX = 65_535
/** A part with a shorter side than this could not be taken hold of again. */
const CROP_SIDE_MIN = 0.001
const WHOLE: Crop = [0, 0, 1, 1]

/** Undefined when it names no asset, or not in a way that this version knows. */
export function readPicture(data: unknown): Picture | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const from = data as Readonly<Record<string, unknown>>
  const { asset } = from
  const [w, h] = [readSide(from['w']), readSide(from['h'])]
  if (typeof asset !== 'string' || !ASSET_ID.test(asset) || w === undefined || h === undefined)
    return undefined
  return {
    asset,
    w,
    h,
    crop: readCrop(from['crop']) ?? WHOLE,
    flipX: from['flip_x'] === true,
    flipY: from['flip_y'] === true,
    blurhash: readBlurhash(from['blurhash']) ?? null,
  }
}

export function isAssetId(value: unknown): value is string {
  return typeof value === 'string' && ASSET_ID.test(value)
}

function readSide(value: unknown): number | undefined {
  const side = readNumber(value)
  return side !== undefined && side >= 1 && side <= SIDE_MAX ? side : undefined
}

export function readCrop(value: unknown): Crop | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined
  const [x, y, w, h] = value.map(readNumber)
  if (x === undefined || y === undefined || w === undefined || h === undefined) return undefined
  const lies = (from: number, side: number) => from >= 0 && side >= CROP_SIDE_MIN && from + side <= 1 + 1e-12
  return lies(x, w) && lies(y, h) ? [x, y, w, h] : undefined
}

/** As the document holds it: what is as it would be anyway is left out. */
export function dataOf(picture: Picture): Readonly<Record<string, string | number | boolean | number[]>> {
  const { asset, w, h, crop, flipX, flipY, blurhash } = picture
  return {
    asset,
    w,
    h,
    ...(!isWhole(crop) && { crop: [...crop] }),
    ...(flipX && { flip_x: true }),
    ...(flipY && { flip_y: true }),
    ...(blurhash !== null && { blurhash }),
  }
}

export function isWhole(crop: Crop): boolean {
  return crop.every((n, i) => n === WHOLE[i])
}

/** A picture of which all is shown. */
export function wholePicture(
  asset: string,
  size: { readonly w: number; readonly h: number },
  blurhash: string | null,
): Picture {
  return { asset, w: size.w, h: size.h, crop: WHOLE, flipX: false, flipY: false, blurhash }
}
