/**
 * Live previews as JSON, for awareness. What comes in was written by any client that may join, so it
 * is read as strictly as the document: whatever is not understood is dropped.
 */
import { elementFromRaw, rawOfElement } from './elements/raw'
import type { Box } from './geometry/box'
import type { Element, ElementId } from './elements/types'
import { readBox, readNumber } from './elements/read'
import type { Json, LivePreview } from './ports'
import { base64FromBytes, bytesFromBase64 } from './base64'

/** More than this many moving boxes are not shown live; the finished gesture shows them all. */
const LIVE_BOXES_MAX = 200
const LIVE_DRAFTS_MAX = 50
const LIVE_IDS_MAX = 50

export function encodeLive(live: LivePreview): Json {
  const out: { boxes?: Json; drafts?: Json; carry?: Json; into?: Json } = {}
  if (live.boxes && live.boxes.length > 0) {
    out.boxes = live.boxes.slice(0, LIVE_BOXES_MAX).map(([id, b]) => [id, b.x, b.y, b.w, b.h, b.angle])
  }
  if (live.drafts && live.drafts.length > 0) {
    out.drafts = live.drafts.slice(0, LIVE_DRAFTS_MAX).map(encodeDraft)
  }
  if (live.carry) out.carry = [live.carry.dx, live.carry.dy, ...live.carry.ids.slice(0, LIVE_IDS_MAX)]
  if (live.into) out.into = [live.into.parent, ...live.into.ids.slice(0, LIVE_IDS_MAX)]
  return out
}

export function decodeLive(value: unknown): LivePreview | null {
  if (!isRecord(value)) return null
  const boxes = Array.isArray(value['boxes'])
    ? value['boxes'].slice(0, LIVE_BOXES_MAX).flatMap(decodeBox)
    : []
  const drafts = Array.isArray(value['drafts'])
    ? value['drafts'].slice(0, LIVE_DRAFTS_MAX).flatMap(decodeDraft)
    : []
  if (boxes.length === 0 && drafts.length === 0) return null
  const carry = decodeCarry(value['carry'])
  const into = decodeInto(value['into'])
  return { boxes, drafts, ...(carry && { carry }), ...(into && { into }) }
}

function decodeCarry(value: unknown): LivePreview['carry'] {
  if (!Array.isArray(value)) return undefined
  const [dx, dy] = [readNumber(value[0]), readNumber(value[1])]
  const ids = value.slice(2, 2 + LIVE_IDS_MAX).filter(isText)
  return dx === undefined || dy === undefined ? undefined : { ids, dx, dy }
}

function decodeInto(value: unknown): LivePreview['into'] {
  if (!Array.isArray(value)) return undefined
  const [parent, ...ids]: unknown[] = value
  if (parent !== null && !isText(parent)) return undefined
  return { parent, ids: ids.slice(0, LIVE_IDS_MAX).filter(isText) }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function decodeBox(value: unknown): (readonly [ElementId, Box])[] {
  if (!Array.isArray(value) || typeof value[0] !== 'string') return []
  const box = readBox(value.slice(1))
  return box ? [[value[0], box]] : []
}

function encodeDraft(element: Element): Json {
  const raw = rawOfElement(element)
  const keys: Record<string, Json> = { id: element.id }
  for (const [key, value] of raw)
    keys[key] = value instanceof Uint8Array ? { $bytes: base64FromBytes(value) } : value
  return keys
}

function decodeDraft(value: unknown): Element[] {
  if (!isRecord(value) || typeof value['id'] !== 'string') return []
  const element = elementFromRaw(value['id'], (key) => {
    const raw = value[key]
    if (!isRecord(raw) || typeof raw['$bytes'] !== 'string') return raw
    return bytesFromBase64(raw['$bytes'])
  })
  return element ? [element] : []
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
