/** Reading numbers, boxes and keys that any client may have written. */
import type { Box } from '../geometry/box'
import { readRich } from '../text/runs'
import { COORDINATE_MAX, Z_LENGTH_MAX } from '../schema.gen'

export function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= COORDINATE_MAX
    ? value
    : undefined
}

export function readText(value: unknown): string {
  return readRich(value).text
}

const DIGITS = /^[0-9A-Za-z]+$/

/** A fractional index: a place among others, compared as text. */
export function readOrder(value: unknown): string | null {
  return typeof value === 'string' && value.length <= Z_LENGTH_MAX && DIGITS.test(value) ? value : null
}

/** [x, y, w, h, angle] with w, h >= 0. */
export function readBox(value: unknown): Box | undefined {
  if (!Array.isArray(value) || value.length !== 5) return undefined
  const [x, y, w, h, angle] = value.map(readNumber)
  if (x === undefined || y === undefined || w === undefined || h === undefined || angle === undefined)
    return undefined
  return w < 0 || h < 0 ? undefined : { x, y, w, h, angle }
}

export function boxToArray(b: Box): [number, number, number, number, number] {
  return [b.x, b.y, b.w, b.h, b.angle]
}

/** A box the document may hold: within bounds, and without the noise of floating point below 1/100 px. */
export function storableBox(b: Box): Box {
  const angle = Math.atan2(Math.sin(b.angle), Math.cos(b.angle))
  return {
    x: toHundredths(b.x),
    y: toHundredths(b.y),
    w: Math.max(0, toHundredths(b.w)),
    h: Math.max(0, toHundredths(b.h)),
    angle: Math.abs(angle) < 1e-9 ? 0 : Math.round(angle * 1e6) / 1e6,
  }
}

function toHundredths(n: number): number {
  if (!Number.isFinite(n)) return 0
  // Adding zero turns -0 into 0, which JSON would lose.
  return Math.max(-COORDINATE_MAX, Math.min(COORDINATE_MAX, Math.round(n * 100) / 100)) + 0
}
