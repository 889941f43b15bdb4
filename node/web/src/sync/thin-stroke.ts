import { packInk, unpackInk } from '../core/elements/ink'

/** Every `keep`-th point of a packed stroke, and its last: enough to see it grow on another's screen. */
export function thinStroke(data: Uint8Array, keep: number): Uint8Array {
  const ink = unpackInk(data)
  if (ink === undefined) return data
  const count = ink.points.length / 2
  const kept = Array.from({ length: count }, (_, at) => at).filter(
    (at) => at % keep === 0 || at === count - 1,
  )
  return packInk({
    w0: ink.w0,
    h0: ink.h0,
    points: kept.flatMap((at) => ink.points.slice(at * 2, at * 2 + 2)),
    pressures: ink.pressures === null ? null : kept.map((at) => ink.pressures?.[at] ?? 0),
  })
}
