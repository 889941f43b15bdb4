/** Frames: where they are taken hold of, what comes to hang below them, and their order when a board is presented. */
import type { Camera } from './editor-api'
import { frameOf } from './elements'
import { boxHasPoint } from './elements/solid'
import type { ElementId, FrameElement } from './elements/types'
import { boxCentre, rectContains, rectOfBox, type Box, type Point } from './geometry/box'
import { keysBetween } from './order'
import type { Intent } from './ports'
import { isSeenAt, type Scene } from './scene'
import { NESTING_MAX } from './schema.gen'
import { layoutText } from './text'

/** Sizes to choose from, in world units; null is drawn freely. */
export const FRAME_SIZES = {
  wide: { w: 960, h: 540 },
  classic: { w: 800, h: 600 },
  paper: { w: 794, h: 1123 },
  phone: { w: 390, h: 844 },
  free: null,
} as const
export type FrameSize = keyof typeof FRAME_SIZES

/** Letters of a name, and the strip above the frame that it stands in; on screen. */
export const NAME_FONT_PX = 13
export const NAME_STRIP_PX = 24
export const NAME_BASELINE_PX = 8

type Frames = Pick<Scene, 'frames' | 'family'>

/** What the name is as wide as on screen, when there is room for all of it. */
export function nameWidth(name: string): number {
  const known = widths.get(name)
  if (known !== undefined) return known
  if (widths.size >= WIDTHS_MAX) widths.clear()
  const width = measured(name)
  widths.set(name, width)
  return width
}

const widths = new Map<string, number>()
const WIDTHS_MAX = 2000

function measured(name: string): number {
  if (name === '') return 0
  const holder = 'auto_text'
  return layoutText({
    text: name,
    holder,
    w: 0,
    h: 0,
    fontSize: NAME_FONT_PX,
    align: 'left',
    valign: 'top',
  }).w
}

/** The strip in which a frame's name stands, in the world and turned with the frame. */
export function nameBox(frame: FrameElement, zoom: number): Box {
  const { x, y, w, h, angle } = frame.box
  const width = Math.min(w, Math.max(nameWidth(frame.text), NAME_STRIP_PX) / zoom)
  const strip = { x, y: y - NAME_STRIP_PX / zoom, w: width, h: NAME_STRIP_PX / zoom }
  // Turned about the middle of the frame, not about its own.
  const centre = boxCentre({ x, y, w, h, angle })
  const own = { x: strip.x + strip.w / 2, y: strip.y + strip.h / 2 }
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const dx = own.x - centre.x
  const dy = own.y - centre.y
  const at = { x: centre.x + dx * cos - dy * sin, y: centre.y + dx * sin + dy * cos }
  return { ...strip, x: at.x - strip.w / 2, y: at.y - strip.h / 2, angle }
}

/** The topmost frame whose name is there. */
export function frameNamedAt(scene: Frames, p: Point, camera: Camera): FrameElement | undefined {
  return scene.frames().findLast(({ element }) => {
    return element.type === 'frame' && boxHasPoint(nameBox(element, camera.zoom), p, 0)
  })?.element as FrameElement | undefined
}

/** The topmost frame that something let go at this point comes to hang below. */
export function frameAt(scene: Frames, p: Point, except: ReadonlySet<ElementId>): FrameElement | undefined {
  return scene.frames().findLast((entry) => {
    const { element } = entry
    if (except.has(element.id) || !boxHasPoint(element.box, p, 0) || !isSeenAt(entry, p)) return false
    if (scene.family.above(element.id).some((above) => except.has(above))) return false
    return !scene.family.isLocked(element.id) && scene.family.above(element.id).length < NESTING_MAX - 1
  })?.element as FrameElement | undefined
}

/** New elements come to hang below the frame that they are made in. */
export function homed(intents: readonly Intent[], scene: Frames): readonly Intent[] {
  if (scene.frames().length === 0) return intents
  return intents.map((intent): Intent => {
    switch (intent.do) {
      case 'create': {
        const { element } = intent
        if ((element.parent ?? null) !== null || element.type === 'group') return intent
        const parent = homeOf(element.box, element.type, scene)
        return parent === null ? intent : { do: 'create', element: { ...element, parent } }
      }
      case 'insert': {
        if (intent.parent !== null) return intent
        const type = intent.snapshot.keys['type']
        return { ...intent, parent: homeOf(intent.box, type, scene) }
      }
      default:
        return intent
    }
  })
}

function homeOf(box: Box, type: unknown, scene: Frames): ElementId | null {
  const frame = frameAt(scene, boxCentre(box), new Set())
  if (!frame) return null
  // A frame around others is not in them.
  return type === 'frame' && !rectContains(rectOfBox(frame.box), rectOfBox(box)) ? null : frame.id
}

/** What a new frame takes in: what lies wholly in it and beside which it stands. */
export function takenInto(frame: Pick<FrameElement, 'id' | 'box'>, scene: Scene): Intent[] {
  const rect = rectOfBox(frame.box)
  const home = homeOf(frame.box, 'frame', scene)
  return scene.order().flatMap(({ id }): Intent[] => {
    const element = scene.get(id)?.element
    if (!element || scene.family.parentOf(id) !== home || scene.family.isLocked(id)) return []
    if (!rectContains(rect, rectOfBox(frameOf(element)))) return []
    return [{ do: 'setParent', id, parent: frame.id }]
  })
}

/** The frames in the order in which a board is presented: as somebody put them, then as they are read. */
export function presentingOrder(frames: readonly FrameElement[]): FrameElement[] {
  const placed = frames.filter((frame) => frame.order !== null)
  const rest = frames.filter((frame) => frame.order === null)
  return [...placed.sort(byOrder), ...inReadingOrder(rest)]
}

function byOrder(a: FrameElement, b: FrameElement): number {
  const [x, y] = [a.order ?? '', b.order ?? '']
  if (x !== y) return x < y ? -1 : 1
  return a.id < b.id ? -1 : 1
}

/** Row by row: what has its middle within the height of the row's first stands in that row. */
function inReadingOrder(frames: readonly FrameElement[]): FrameElement[] {
  const rest = [...frames].sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x)
  const read: FrameElement[] = []
  for (let first = rest[0]; first; first = rest[0]) {
    const end = first.box.y + first.box.h
    const row = rest.filter((one) => one === first || one.box.y + one.box.h / 2 <= end)
    for (const one of row) rest.splice(rest.indexOf(one), 1)
    read.push(...row.sort((a, b) => a.box.x - b.box.x || a.box.y - b.box.y))
  }
  return read
}

/** Puts a frame at another place of the order. All get a key once one has been moved, so that none moves by itself. */
export function reorder(frames: readonly FrameElement[], id: ElementId, to: number): Intent[] {
  const moved = frames.find((frame) => frame.id === id)
  const others = frames.filter((frame) => frame.id !== id)
  if (!moved || frames.indexOf(moved) === to) return []
  if (frames.some((frame) => frame.order === null)) {
    const keys = keysBetween(null, null, frames.length)
    const all = [...others.slice(0, to), moved, ...others.slice(to)]
    return all.flatMap((frame, at): Intent[] => {
      const order = keys[at]
      return order === undefined ? [] : [{ do: 'setOrder', id: frame.id, order }]
    })
  }
  const [order] = keysBetween(others[to - 1]?.order ?? null, others[to]?.order ?? null, 1)
  return order === undefined ? [] : [{ do: 'setOrder', id, order }]
}
