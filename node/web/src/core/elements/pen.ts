/** A freehand stroke. */
import {
  boxCentre,
  fromBoxFrame,
  growRect,
  rectHasPoint,
  rectOfBox,
  rectsTouch,
  rotateAbout,
  type Point,
} from '../geometry/box'
import { distanceToSegment, segmentTouchesRect } from '../geometry/segment'
import { inkArea, inkLine, packInk, unpackInk, type Ink } from './ink'
import type { Get, Kind } from './kind'
import type { InkElement, PenElement } from './types'

const decoded = new WeakMap<Uint8Array, Ink>()

/** The ink of a stroke as it is stored; undefined when it cannot be read. */
export function readInk(get: Get): Uint8Array | undefined {
  const data = get('data')
  if (!(data instanceof Uint8Array)) return undefined
  const ink = unpackInk(data)
  if (!ink) return undefined
  decoded.set(data, ink)
  return data
}

/** What every stroke of a hand has in common. */
export const inked: Omit<Kind<InkElement>, 'read'> = {
  write: (e) => [['data', e.data]],
  frame: (e) => e.box,
  hit(e, p, slack) {
    const reach = e.style.stroke_width / 2 + slack
    if (!rectHasPoint(growRect(rectOfBox(e.box), reach), p)) return false
    const centre = boxCentre(e.box)
    const upright = rotateAbout(p, centre, -e.box.angle)
    const local = { x: upright.x - e.box.x, y: upright.y - e.box.y }
    return segmentsOf(e).some(([a, b]) => distanceToSegment(local, a, b) <= reach)
  },
  touches(e, rect) {
    if (!rectsTouch(rectOfBox(e.box), rect)) return false
    return segmentsOf(e).some(([a, b]) =>
      segmentTouchesRect(fromBoxFrame(a, e.box), fromBoxFrame(b, e.box), rect),
    )
  },
  paint(e) {
    const ink = inkOf(e)
    const points = scaledPoints(e, ink)
    return {
      form: ink.pressures
        ? { is: 'ink', ops: inkArea(points, ink.pressures, e.style.stroke_width) }
        : { is: 'path', ops: inkLine(points) },
      fill: 'none',
      stroke: e.style.stroke,
      strokeWidth: e.style.stroke_width,
      dash: e.style.dash,
      text: null,
    }
  },
}

export const pen: Kind<PenElement> = {
  ...inked,
  read(base, get) {
    const data = readInk(get)
    return data && { ...base, type: 'pen', data }
  },
}

/** A stroke from world points, in the box that just holds them. */
export function inkBetween(points: readonly Point[], pressures: readonly number[] | null) {
  const xs = points.map((p) => p.x)
  const ys = points.map((p) => p.y)
  const x = xs.reduce((a, b) => Math.min(a, b), Infinity)
  const y = ys.reduce((a, b) => Math.min(a, b), Infinity)
  const w = xs.reduce((a, b) => Math.max(a, b), -Infinity) - x
  const h = ys.reduce((a, b) => Math.max(a, b), -Infinity) - y
  const local = points.flatMap((p) => [p.x - x, p.y - y])
  return { box: { x, y, w, h, angle: 0 }, data: packInk({ w0: w, h0: h, points: local, pressures }) }
}

const flipped = { across: new WeakMap<Uint8Array, Uint8Array>(), down: new WeakMap<Uint8Array, Uint8Array>() }

/** The same stroke in a mirror, in the same box; worked out once for each, since a gesture asks at every step. */
export function flippedInk(data: Uint8Array, mirror: 'across' | 'down'): Uint8Array {
  const known = flipped[mirror].get(data)
  if (known) return known
  const ink = unpackInk(data)
  if (!ink) return data
  const points = ink.points.map((n, i) => {
    if (i % 2 === 0) return mirror === 'across' ? ink.w0 - n : n
    return mirror === 'down' ? ink.h0 - n : n
  })
  const made = packInk({ ...ink, points })
  flipped[mirror].set(data, made)
  return made
}

const NO_INK: Ink = { w0: 0, h0: 0, points: [0, 0], pressures: null }

function inkOf(e: InkElement): Ink {
  return decoded.get(e.data) ?? unpackInk(e.data) ?? NO_INK
}

/** The points in the element's frame, stretched to the size it has now. */
function scaledPoints(e: InkElement, ink: Ink): readonly number[] {
  const sx = ink.w0 > 0 ? e.box.w / ink.w0 : 1
  const sy = ink.h0 > 0 ? e.box.h / ink.h0 : 1
  return ink.points.map((n, i) => (i % 2 === 0 ? n * sx : n * sy))
}

function segmentsOf(e: InkElement): readonly (readonly [Point, Point])[] {
  const flat = scaledPoints(e, inkOf(e))
  const at = (i: number): Point => ({ x: flat[i] ?? 0, y: flat[i + 1] ?? 0 })
  if (flat.length === 2) return [[at(0), at(0)]]
  const out: (readonly [Point, Point])[] = []
  for (let i = 0; i + 2 < flat.length; i += 2) out.push([at(i), at(i + 2)])
  return out
}
