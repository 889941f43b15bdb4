/** Pictures in the document: how they are read, laid out, cropped and mirrored. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blurhashMean, blurhashPixels, readBlurhash } from '../src/core/blurhash'
import { movePart, movePartEdge, seenPart, wholeBox, withPart } from '../src/core/crop'
import { dataOf, readPicture, wholePicture } from '../src/core/elements/image'
import { newImage } from '../src/core/elements/make'
import type { Crop } from '../src/core/elements/types'
import { HANDLES } from '../src/core/geometry/transform'
import { boxesAbout, placedSize } from '../src/core/picture-layout'
import { NO_STYLES } from '../src/core/styling'

const ASSET = `ast_${'0'.repeat(26)}`
const HASH = 'LEHV6nWB2yk8pyo0adR*.7kCMdnj'

describe('reading', () => {
  it.each([
    [{ asset: ASSET, w: 3, h: 2 }, true],
    [{ asset: ASSET, w: 3, h: 2, crop: [0, 0, 2, 1], flip_x: 'yes', blurhash: 'x', later: 1 }, true],
    [{ asset: ASSET, w: 0, h: 2 }, false],
    [{ asset: ASSET, w: 3, h: 1e6 }, false],
    [{ asset: '../../etc', w: 3, h: 2 }, false],
    [{ w: 3, h: 2 }, false],
    [null, false],
    ['text', false],
    [[], false],
  ])('%# %j', (data, is) => {
    const picture = readPicture(data)
    expect(picture !== undefined).toBe(is)
    if (picture) expect(dataOf(picture)).toEqual({ asset: ASSET, w: 3, h: 2 })
  })

  it('what is written reads back', () => {
    const picture = {
      ...wholePicture(ASSET, { w: 3, h: 2 }, HASH),
      crop: [0.25, 0, 0.5, 1] as const,
      flipY: true,
    }
    expect(readPicture(dataOf(picture))).toEqual(picture)
  })
})

describe('blurhash', () => {
  it('gives the mean colour and a picture', () => {
    expect(blurhashMean(HASH)).toBe('#979695')
    const pixels = blurhashPixels(HASH, 8, 6)
    expect(pixels.length).toBe(8 * 6 * 4)
    expect(pixels.every((byte, i) => i % 4 !== 3 || byte === 255)).toBe(true)
  })

  it.each([HASH.slice(1), `${HASH}0`, 'é'.repeat(28), '', '~', 7, null])('%j is none', (value) => {
    expect(readBlurhash(value)).toBe(undefined)
  })
})

describe('the part that is shown', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true })
  const parts = fc
    .tuple(unit, unit, unit, unit)
    .map(([x, y, w, h]): Crop => [x * 0.8, y * 0.8, 0.1 + w * (0.9 - x * 0.8), 0.1 + h * (0.9 - y * 0.8)])

  it('never leaves the picture, and is never smaller than it may be', () => {
    fc.assert(
      fc.property(parts, fc.constantFrom(...HANDLES), unit, unit, (part, handle, dx, dy) => {
        const by = { x: dx * 4 - 2, y: dy * 4 - 2 }
        for (const after of [movePartEdge(part, handle, by, { x: 0.05, y: 0.05 }), movePart(part, by)]) {
          const [x, y, w, h] = after
          expect(x).toBeGreaterThanOrEqual(0)
          expect(y).toBeGreaterThanOrEqual(0)
          expect(x + w).toBeLessThanOrEqual(1 + 1e-9)
          expect(y + h).toBeLessThanOrEqual(1 + 1e-9)
          expect(Math.min(w, h)).toBeGreaterThan(0.0499)
        }
      }),
    )
  })

  it('of a turned, mirrored picture stays where it is seen while another part is chosen', () => {
    fc.assert(
      fc.property(parts, parts, unit, fc.boolean(), fc.boolean(), (first, second, turn, flipX, flipY) => {
        const box = { x: 10, y: 20, w: 300, h: 200, angle: turn * 6 }
        const picture = { ...wholePicture(ASSET, { w: 900, h: 800 }, null), flipX, flipY }
        const made = newImage({ id: 'a', z: 'a0', styles: NO_STYLES }, picture, box)
        const one = withPart(made, wholeBox(made), first)
        const again = withPart(one, wholeBox(one), second)
        const [a, b] = [wholeBox(made), wholeBox(again)]
        for (const key of ['x', 'y', 'w', 'h'] as const) expect(b[key]).toBeCloseTo(a[key], 1)
        seenPart(again.picture).forEach((n, i) => expect(n).toBeCloseTo(second[i] ?? 0, 5))
      }),
    )
  })
})

describe('places', () => {
  it('are in rows about the point, clear of each other', () => {
    const boxes = boxesAbout(
      [
        { w: 100, h: 50 },
        { w: 40, h: 80 },
        { w: 10, h: 10 },
      ],
      { x: 0, y: 0 },
    )
    expect(boxes.map(({ x, y }) => [x, y])).toEqual([
      [-80, -55],
      [40, -55],
      [-5, 45],
    ])
    expect(boxesAbout([], { x: 0, y: 0 })).toEqual([])
  })

  it('leave some of the view free', () => {
    expect(placedSize({ w: 100, h: 50 }, { w: 1000, h: 1000 })).toEqual({ w: 100, h: 50 })
    expect(placedSize({ w: 6000, h: 3000 }, { w: 1000, h: 1000 })).toEqual({ w: 600, h: 300 })
  })
})
