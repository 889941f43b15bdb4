/** What is copied: elements with every key they have, as JSON text that any board can read. */
import type { ClipboardPayload } from './editor-api'
import { isAssetId } from './elements/image'
import { readBox } from './elements/read'
import type { ElementSnapshot, Json } from './ports'
import { ELEMENTS_MAX } from './schema.gen'

const FORMAT = 'easel/elements'
const VERSION = 1
/** Longer text is somebody else's, and not worth parsing. */
const TEXT_LENGTH_MAX = 64_000_000
export const FILES_MAX = 20
const BOARD_ID = /^brd_[0-9a-z]{26}$/
const DATA_URL = /^data:image\/(png|jpeg|gif|webp);base64,/

export function clipboardText(payload: ClipboardPayload): string {
  return JSON.stringify(payload)
}

/** Null when the text is not elements of ours: it is then pasted as text. */
export function parseClipboard(text: string): ClipboardPayload | null {
  if (text.length > TEXT_LENGTH_MAX || !text.trimStart().startsWith('{')) return null
  const value = parseJson(text)
  if (!isRecord(value) || value['format'] !== FORMAT || value['version'] !== VERSION) return null
  const list = value['elements']
  if (!Array.isArray(list) || list.length > ELEMENTS_MAX) return null
  const elements = list.flatMap(readOne)
  if (elements.length === 0) return null
  const { board } = value
  const files = readFiles(value['files'])
  return {
    format: FORMAT,
    version: VERSION,
    ...(typeof board === 'string' && BOARD_ID.test(board) && { board }),
    ...(files && { files }),
    elements,
  }
}

function readFiles(value: unknown): Record<string, string> | null {
  if (!isRecord(value)) return null
  const entries = Object.entries(value)
    .slice(0, FILES_MAX)
    .flatMap(([asset, file]): [string, string][] =>
      isAssetId(asset) && typeof file === 'string' && DATA_URL.test(file.slice(0, 64)) ? [[asset, file]] : [],
    )
  return entries.length === 0 ? null : Object.fromEntries(entries)
}

function readOne(value: unknown): ClipboardPayload['elements'][number][] {
  if (!isRecord(value) || typeof value['id'] !== 'string') return []
  const box = readBox(value['box'])
  const snapshot = value['snapshot']
  if (!box || !isRecord(snapshot) || !isRecord(snapshot['keys'])) return []
  // Made by `JSON.parse`, so it is JSON all the way down.
  const keys = snapshot['keys'] as ElementSnapshot['keys']
  return [{ id: value['id'], box: [box.x, box.y, box.w, box.h, box.angle], snapshot: { keys } }]
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
