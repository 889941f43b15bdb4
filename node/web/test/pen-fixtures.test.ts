/** What the browser reads from packed strokes is what the server reads: `node/board/fixtures/pen.json`. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inkLine, packInk, unpackInk } from '../src/core/elements/ink'
import { LINE, MOVE, QUAD } from '../src/core/elements/kind'

interface Case {
  readonly hex: string
  readonly ink: {
    readonly w0: number
    readonly h0: number
    /** In eighths of a pixel. */
    readonly points: readonly (readonly [number, number])[]
    readonly pressures: readonly number[] | null
    readonly box: readonly [number, number]
    readonly path: readonly (readonly [letter: 'M' | 'L' | 'Q', ...numbers: number[]])[]
  } | null
}

const cases = JSON.parse(
  readFileSync(new URL('../../board/fixtures/pen.json', import.meta.url), 'utf8'),
) as Case[]
const CODES = { M: MOVE, L: LINE, Q: QUAD }

describe('packed strokes', () => {
  it.each(cases)('$hex', ({ hex, ink }) => {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
    const found = unpackInk(bytes)
    if (ink === null || found === undefined) {
      expect(found === undefined).toBe(ink === null)
      return
    }
    expect(found).toEqual({
      w0: ink.w0,
      h0: ink.h0,
      points: ink.points.flatMap(([x, y]) => [x / 8, y / 8]),
      pressures: ink.pressures?.map((p) => p / 255) ?? null,
    })
    // Bytes that a later version may have added are not written back.
    const packed = packInk(found)
    expect(packed).toEqual(bytes.subarray(0, packed.length))

    const sx = ink.w0 > 0 ? ink.box[0] / ink.w0 : 1
    const sy = ink.h0 > 0 ? ink.box[1] / ink.h0 : 1
    const stretched = found.points.map((n, i) => (i % 2 === 0 ? n * sx : n * sy))
    expect(inkLine(stretched)).toEqual(
      ink.path.flatMap(([letter, ...numbers]) => [CODES[letter], ...numbers]),
    )
  })
})
