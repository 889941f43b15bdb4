/**
 * What Excalidraw puts on the clipboard and into its files, as elements of ours. Anybody may have written it: what cannot
 * be read is left out, and every count and number is bounded.
 */
import { base64FromBytes } from '../base64'
import type { ClipboardPayload } from '../editor-api'
import { readCrop } from '../elements/image'
import { inkBetween } from '../elements/pen'
import { readNumber } from '../elements/read'
import type { Crop } from '../elements/types'
import { rectOfBox, unionRect, EMPTY_RECT, boxOfRect, type Box, type Point } from '../geometry/box'
import type { Json } from '../ports'
import { ELEMENTS_MAX, TEXT_LENGTH_MAX } from '../schema.gen'
import { arrowOf, isLine } from './excalidraw-arrows'
import {
  common,
  colorOf,
  isRecord,
  pointsOf,
  saidIn,
  strokeOf,
  within,
  wordsOf,
  type Old,
} from './excalidraw-parts'
import { payloadFrom, textJson, type Foreign } from './payload'

export interface ForeignPicture {
  /** `data:image/…;base64,…` */
  readonly dataUrl: string
  readonly box: Box
  readonly crop: Crop
  readonly flipX: boolean
  readonly flipY: boolean
}

export interface Excalidraw {
  readonly payload: ClipboardPayload | null
  readonly pictures: readonly ForeignPicture[]
  /** Elements of kinds that we have nothing for, and those that are more than a board holds. */
  readonly leftOut: number
  /** Texts that are longer than ours, and end where ours end. */
  readonly shortened: number
}

const TEXT_MAX = 48_000_000
/** A stroke is drawn about this many times as wide as its width says. */
const INK_WIDTH = 2.5

/** Null when it is nothing of Excalidraw's. */
export function readExcalidraw(text: string): Excalidraw | null {
  const head = text.slice(0, 200)
  if (text.length > TEXT_MAX || !/^\s*\{/.test(head) || !text.includes('excalidraw')) return null
  const scene = parsed(text)
  if (!isRecord(scene)) return null
  const type = scene['type']
  if (type !== 'excalidraw/clipboard' && type !== 'excalidraw') return null
  const list = Array.isArray(scene['elements']) ? scene['elements'] : []
  const files = isRecord(scene['files']) ? scene['files'] : {}
  const converted = convert(list.slice(0, ELEMENTS_MAX).flatMap(readOne), files)
  return { ...converted, leftOut: converted.leftOut + Math.max(0, list.length - ELEMENTS_MAX) }
}

function readOne(value: unknown): Old[] {
  if (!isRecord(value) || value['isDeleted'] === true) return []
  const { id, type } = value
  const [x, y] = [readNumber(value['x']), readNumber(value['y'])]
  if (typeof id !== 'string' || typeof type !== 'string' || x === undefined || y === undefined) return []
  const w = Math.max(0, readNumber(value['width']) ?? 0)
  const h = Math.max(0, readNumber(value['height']) ?? 0)
  return [{ id, type, box: { x, y, w, h, angle: readNumber(value['angle']) ?? 0 }, from: value }]
}

function convert(all: readonly Old[], files: Readonly<Record<string, unknown>>): Excalidraw {
  const labels = new Map<string, Old>()
  const idsOf = (types: readonly string[]) =>
    new Set(all.filter((one) => types.includes(one.type)).map((one) => one.id))
  const bindable = idsOf(BINDABLE)
  const holders = idsOf(HOLDERS)
  for (const one of all) {
    const holder = one.from['containerId']
    if (one.type === 'text' && typeof holder === 'string' && holders.has(holder)) labels.set(holder, one)
  }
  const inside = new Set([...labels.values()])
  const made: Foreign[] = []
  const pictures: ForeignPicture[] = []
  let leftOut = 0
  for (const one of all) {
    if (inside.has(one)) continue
    if (one.type === 'image') {
      const picture = pictureOf(one, files)
      if (picture) pictures.push(picture)
      else leftOut += 1
      continue
    }
    const element = elementOf(one, labels.get(one.id), bindable)
    if (element) made.push({ ...element, id: one.id, keys: { ...element.keys, ...parentOf(one) } })
    else leftOut += 1
  }
  // Below what they hold.
  const groups = groupsOf(all, new Set(made.map((one) => one.id)))
  const shortened = all.filter(
    (one) => one.type === 'text' && saidIn(one.from).length > TEXT_LENGTH_MAX,
  ).length
  return { payload: payloadFrom([...groups, ...made]), pictures, leftOut, shortened }
}

/** What arrows are bound to, and what a text can be part of. */
const BINDABLE = ['rectangle', 'ellipse', 'diamond', 'text', 'frame', 'magicframe']
const HOLDERS = ['rectangle', 'ellipse', 'diamond', 'arrow']

function elementOf(one: Old, label: Old | undefined, there: ReadonlySet<string>): Foreign | null {
  const { box, from } = one
  switch (one.type) {
    case 'rectangle':
    case 'ellipse':
    case 'diamond': {
      const isRound = one.type === 'rectangle' && isRecord(from['roundness'])
      const kind = isRound ? 'rounded' : one.type
      const words = label ? wordsOf(label) : { text: textJson('') }
      const fill = colorOf(from['backgroundColor'])
      return {
        box,
        keys: { type: 'shape', kind, ...(fill && { fill }), ...strokeOf(from), ...common(from), ...words },
      }
    }
    case 'text':
      return { box, keys: { type: 'text', ...wordsOf(one), ...common(from), ...wrapsOf(from) } }
    case 'line':
      return lineOf(one)
    case 'arrow':
      return arrowOf(one, label, there)
    case 'freedraw':
      return penOf(one)
    case 'frame':
    case 'magicframe': {
      const name = typeof from['name'] === 'string' ? from['name'].slice(0, TEXT_LENGTH_MAX) : ''
      return { box, keys: { type: 'frame', text: textJson(name) } }
    }
    default:
      return null
  }
}

function wrapsOf(from: Old['from']): { [key: string]: Json } {
  return from['autoResize'] === false ? { auto_width: false } : {}
}

/** A round line keeps its course as a stroke. */
function lineOf(one: Old): Foreign | null {
  const points = pointsOf(one)
  const isOurs = points.length < 2 || isLine(one, points)
  return isOurs ? arrowOf(one, undefined, new Set()) : inkOf(one, points, null, 1)
}

function penOf(one: Old): Foreign | null {
  const points = pointsOf(one)
  const list = one.from['pressures']
  const pressures =
    one.from['simulatePressure'] === false && Array.isArray(list) && list.length === points.length
      ? list.map((p) => Math.max(0, Math.min(1, readNumber(p) ?? 0.5)))
      : null
  return points.length === 0 ? null : inkOf(one, points, pressures, INK_WIDTH)
}

function inkOf(
  one: Old,
  points: readonly Point[],
  pressures: readonly number[] | null,
  wide: number,
): Foreign {
  const { box, data } = inkBetween(points, pressures)
  const width = within('stroke_width', (readNumber(one.from['strokeWidth']) ?? 1) * wide)
  const { dash: _, ...stroke } = strokeOf(one.from)
  return {
    box: { ...box, angle: one.box.angle },
    keys: {
      type: 'pen',
      data: { $bytes: base64FromBytes(data) },
      ...stroke,
      ...(width !== undefined && { stroke_width: width }),
      ...common(one.from),
    },
  }
}

function pictureOf({ box, from }: Old, files: Readonly<Record<string, unknown>>): ForeignPicture | null {
  const file = typeof from['fileId'] === 'string' ? files[from['fileId']] : undefined
  const dataUrl = isRecord(file) ? file['dataURL'] : undefined
  if (typeof dataUrl !== 'string' || !/^data:image\/[a-z+.-]+;base64,/i.test(dataUrl.slice(0, 64)))
    return null
  const scale = Array.isArray(from['scale']) ? from['scale'] : [1, 1]
  return { dataUrl, box, crop: cropOf(from['crop']), flipX: scale[0] === -1, flipY: scale[1] === -1 }
}

/** In pixels of the picture there, in fractions here. */
function cropOf(value: unknown): Crop {
  if (!isRecord(value)) return [0, 0, 1, 1]
  const n = (key: string) => readNumber(value[key]) ?? Number.NaN
  const [w, h] = [n('naturalWidth'), n('naturalHeight')]
  return readCrop([n('x') / w, n('y') / h, n('width') / w, n('height') / h]) ?? [0, 0, 1, 1]
}

/** The innermost group, or the frame. */
function parentOf(one: Old): { [key: string]: Json } {
  const [inner] = groupIdsOf(one)
  const frame = one.from['frameId']
  const parent = inner === undefined ? frame : groupName(inner)
  return typeof parent === 'string' ? { parent } : {}
}

const NESTING_MAX = 16

/** Innermost first. */
function groupIdsOf({ from }: Old): string[] {
  const ids = from['groupIds']
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').slice(0, NESTING_MAX) : []
}

function groupName(id: string): string {
  return `group ${id}`
}

function groupsOf(all: readonly Old[], made: ReadonlySet<string | undefined>): Foreign[] {
  const groups = new Map<string, { box: Box; parent: string | null }>()
  for (const one of all) {
    if (!made.has(one.id)) continue
    const ids = groupIdsOf(one)
    const frame = typeof one.from['frameId'] === 'string' ? one.from['frameId'] : null
    for (const [i, id] of ids.entries()) {
      const outer = ids[i + 1]
      const rect = unionRect(
        groups.has(id) ? rectOfBox(groups.get(id)?.box ?? one.box) : EMPTY_RECT,
        rectOfBox(one.box),
      )
      groups.set(id, { box: boxOfRect(rect), parent: outer === undefined ? frame : groupName(outer) })
    }
  }
  return [...groups].map(([id, { box, parent }]) => ({
    id: groupName(id),
    box,
    keys: { type: 'group', ...(parent !== null && { parent }) },
  }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
