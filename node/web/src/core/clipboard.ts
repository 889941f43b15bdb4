/** What is copied: elements with every key they have, as JSON text that any board can read. */
import type { ClipboardPayload } from './editor-api'
import { readBox } from './elements/read'
import type { ElementSnapshot, Json } from './ports'

const FORMAT = 'easel/elements'
const VERSION = 1
/** Longer text is somebody else's, and not worth parsing. */
const TEXT_LENGTH_MAX = 16_000_000
const ELEMENTS_MAX = 5_000

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
  return elements.length === 0 ? null : { format: FORMAT, version: VERSION, elements }
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
