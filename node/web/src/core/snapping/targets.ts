/**
 * What a gesture can snap to: the edges and middles of what is in view, and the grid. Collected once for a
 * gesture and once more when the view moves under it, never per frame.
 */
import { viewOf, type Viewport } from '../camera'
import type { Camera, SnapSettings } from '../editor-api'
import { frameOf, isInk } from '../elements'
import type { Element, ElementId } from '../elements/types'
import { rectOfBox, type Rect } from '../geometry/box'
import type { Scene } from '../scene'

export interface SnapTargets {
  /** World units within which an edge is drawn to another. */
  readonly reach: number
  /** World distance of the lines of the grid; null while nothing snaps to it. */
  readonly grid: number | null
  /** Edges and middles, rising. */
  readonly xs: Float64Array
  readonly ys: Float64Array
  readonly rects: readonly Rect[]
  /** What they were collected for; they hold as long as this is the same. */
  readonly of: { readonly camera: Camera; readonly settings: SnapSettings; readonly except: Except }
}

export type Except = ReadonlySet<ElementId>

export interface SnapView {
  readonly camera: Camera
  readonly viewport: Viewport
  readonly snapping: SnapSettings
  readonly scene: Pick<Scene, 'visit'>
}

const REACH_PX = 6
/** What is smaller than this on screen is not seen well enough to be aligned with. */
const TARGET_LEAST_PX = 12
/** With more in view, guides would lead everywhere; those met first have to do. */
const TARGETS_MAX = 2000
export const NOTHING_EXCEPT: Except = new Set()

/** `kept` again while it still holds. */
export function targetsFor(view: SnapView, except: Except, kept: SnapTargets | null): SnapTargets {
  const of = { camera: view.camera, settings: view.snapping, except }
  if (kept?.of.camera === of.camera && kept.of.settings === of.settings && kept.of.except === of.except) {
    return kept
  }
  const rects = view.snapping.elements ? rectsInView(view, except) : []
  return {
    reach: REACH_PX / view.camera.zoom,
    grid: view.snapping.grid ? gridStep(view.camera.zoom) : null,
    xs: linesOf(rects, (r) => [r.minX, r.maxX]),
    ys: linesOf(rects, (r) => [r.minY, r.maxY]),
    rects,
    of,
  }
}

function rectsInView(view: SnapView, except: Except): Rect[] {
  const least = TARGET_LEAST_PX / view.camera.zoom
  const rects: Rect[] = []
  view.scene.visit(viewOf(view.camera, view.viewport), (entry) => {
    const { id, element } = entry
    // What it may colour is at least what it is: most of a board seen from afar ends here.
    if (rects.length >= TARGETS_MAX || sizeOf(entry) < least || !isTarget(element) || except.has(id)) return
    const rect = rectOfBox(frameOf(element))
    if (sizeOf(rect) >= least) rects.push(rect)
  })
  return rects
}

function sizeOf(r: Rect): number {
  return Math.max(r.maxX - r.minX, r.maxY - r.minY)
}

/** The bounds of a stroke, a slanted line or a group are nothing that anybody sees. */
function isTarget(e: Element): boolean {
  return !isInk(e) && e.type !== 'line' && e.type !== 'connector' && e.type !== 'group'
}

function linesOf(rects: readonly Rect[], sides: (r: Rect) => readonly [number, number]): Float64Array {
  const lines = new Float64Array(rects.length * 3)
  rects.forEach((rect, i) => {
    const [low, high] = sides(rect)
    lines[3 * i] = low
    lines[3 * i + 1] = (low + high) / 2
    lines[3 * i + 2] = high
  })
  return lines.sort()
}

/** World distance between the dots of the board at 100 %. */
export const GRID_SPACING = 24
/** Dots stand this far apart on screen, up to twice as far. */
export const GRID_LEAST_PX = 12

/** How many times the spacing is halved (below zero) or doubled for the dots of this zoom. */
export function gridLevel(zoom: number): number {
  return Math.ceil(Math.log2(GRID_LEAST_PX / (GRID_SPACING * zoom)))
}

/** World distance of the dots that can be seen well. */
function gridStep(zoom: number): number {
  const fine = GRID_SPACING * 2 ** gridLevel(zoom)
  return (fine * zoom) / GRID_LEAST_PX >= 1.5 ? fine : fine * 2
}
