/**
 * Pen points as they are packed into `data`, and the path they are drawn as.
 *
 * Packed: u8 version 1; u8 flags (bit 0: pressure); f32le w0, h0, the size of the box when drawn;
 * varuint n; n times zigzag varints dx, dy in 1/8 px from the point before (the first from the box's
 * top left); then, with pressure, n times u8. Drawn scaled by w/w0 and h/h0.
 */
import { PEN_POINTS_MAX } from '../schema.gen'
import { ARC, CLOSE, LINE, MOVE, QUAD, type PathOps } from './kind'

const VERSION = 1
const HAS_PRESSURE = 1
const STEPS_PER_PX = 8
const HEADER_BYTES = 10
export interface Ink {
  readonly w0: number
  readonly h0: number
  /** x0, y0, x1, y1, … from the top left of the box, in px. */
  readonly points: readonly number[]
  /** One for each point, 0 to 1; null from a device without. */
  readonly pressures: readonly number[] | null
}

export function packInk(ink: Ink): Uint8Array {
  const out: number[] = []
  const count = ink.points.length / 2
  pushVaruint(out, count)
  let lastX = 0
  let lastY = 0
  for (let i = 0; i < ink.points.length; i += 2) {
    const x = Math.round((ink.points[i] ?? 0) * STEPS_PER_PX)
    const y = Math.round((ink.points[i + 1] ?? 0) * STEPS_PER_PX)
    pushZigzag(out, x - lastX)
    pushZigzag(out, y - lastY)
    lastX = x
    lastY = y
  }
  for (const p of ink.pressures ?? []) out.push(Math.round(Math.max(0, Math.min(1, p)) * 255))
  const bytes = new Uint8Array(HEADER_BYTES + out.length)
  bytes[0] = VERSION
  bytes[1] = ink.pressures ? HAS_PRESSURE : 0
  const view = new DataView(bytes.buffer)
  view.setFloat32(2, ink.w0, true)
  view.setFloat32(6, ink.h0, true)
  bytes.set(out, HEADER_BYTES)
  return bytes
}

/** Undefined when the bytes are not a stroke of this version, cut short, or too long. */
export function unpackInk(bytes: Uint8Array): Ink | undefined {
  if (bytes.length < HEADER_BYTES + 1 || bytes[0] !== VERSION) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const w0 = view.getFloat32(2, true)
  const h0 = view.getFloat32(6, true)
  if (!(w0 >= 0) || !(h0 >= 0) || !Number.isFinite(w0) || !Number.isFinite(h0)) return undefined
  const reader = new Reader(bytes, HEADER_BYTES)
  const count = reader.varuint()
  if (count === undefined || count === 0 || count > PEN_POINTS_MAX) return undefined
  const points: number[] = []
  let x = 0
  let y = 0
  for (let i = 0; i < count; i++) {
    const dx = reader.zigzag()
    const dy = reader.zigzag()
    if (dx === undefined || dy === undefined) return undefined
    x += dx
    y += dy
    points.push(x / STEPS_PER_PX, y / STEPS_PER_PX)
  }
  if (((bytes[1] ?? 0) & HAS_PRESSURE) === 0) return { w0, h0, points, pressures: null }
  const pressures = reader.rest(count)
  return pressures && { w0, h0, points, pressures: pressures.map((p) => p / 255) }
}

/**
 * A line of one width: from the first point, quadratic curves with the inner points as controls and
 * the middles between them as joints, and a straight end to the last point.
 */
export function inkLine(points: readonly number[]): PathOps {
  const at = (i: number) => points[i] ?? 0
  const ops: number[] = [MOVE, at(0), at(1)]
  const last = points.length - 2
  // A canvas drops a segment of no length, and with it the dot its round ends would make.
  if (last === 0) return [...ops, LINE, at(0) + 0.01, at(1)]
  for (let i = 2; i < last; i += 2) {
    ops.push(QUAD, at(i), at(i + 1), (at(i) + at(i + 2)) / 2, (at(i + 1) + at(i + 3)) / 2)
  }
  ops.push(LINE, at(last), at(last + 1))
  return ops
}

/** Width at a pressure, as part of the stroke width; one at 0.5. */
export function pressureWidth(pressure: number): number {
  return 0.4 + 1.2 * pressure
}

/**
 * Ink of changing width as an area: a disc at each point and a band to the next, all turning the
 * same way so that overlaps never cancel out.
 */
export function inkArea(
  points: readonly number[],
  pressures: readonly number[],
  strokeWidth: number,
): PathOps {
  const ops: number[] = []
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i] ?? 0
    const y = points[i + 1] ?? 0
    const r = (strokeWidth / 2) * pressureWidth(pressures[i / 2] ?? 0.5)
    ops.push(MOVE, x + r, y, ARC, x, y, r, 0, 2 * Math.PI, CLOSE)
    if (i + 2 >= points.length) break
    const nextX = points[i + 2] ?? 0
    const nextY = points[i + 3] ?? 0
    const nextR = (strokeWidth / 2) * pressureWidth(pressures[i / 2 + 1] ?? 0.5)
    const length = Math.hypot(nextX - x, nextY - y)
    if (length === 0) continue
    const nx = -(nextY - y) / length
    const ny = (nextX - x) / length
    ops.push(MOVE, x - nx * r, y - ny * r, LINE, nextX - nx * nextR, nextY - ny * nextR)
    ops.push(LINE, nextX + nx * nextR, nextY + ny * nextR, LINE, x + nx * r, y + ny * r, CLOSE)
  }
  return ops
}

function pushVaruint(out: number[], value: number): void {
  let rest = value >>> 0
  while (rest > 127) {
    out.push((rest & 127) | 128)
    rest >>>= 7
  }
  out.push(rest)
}

function pushZigzag(out: number[], value: number): void {
  pushVaruint(out, value < 0 ? -value * 2 - 1 : value * 2)
}

class Reader {
  private readonly bytes: Uint8Array
  private at: number

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes
    this.at = at
  }

  varuint(): number | undefined {
    let value = 0
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) return undefined
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    return undefined
  }

  zigzag(): number | undefined {
    const value = this.varuint()
    if (value === undefined) return undefined
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  rest(count: number): number[] | undefined {
    const found = this.bytes.subarray(this.at, this.at + count)
    return found.length === count ? [...found] : undefined
  }
}
