/** Elements of a Y.Doc as JSON and back, every key of them: for copies, whatever made the original. */
import * as Y from 'yjs'
import { base64FromBytes, bytesFromBase64 } from '../core/base64'
import type { ElementSnapshot, Json } from '../core/ports'

/** A value nested deeper than this is left out of a copy; nothing we know nests half as deep. */
const DEPTH_MAX = 16

export function snapshotOf(map: Y.Map<unknown>): ElementSnapshot {
  return { keys: entriesToJson(map.entries(), -1) }
}

/** The value to store for a snapshot's key. */
export function valueFrom(json: Json): unknown {
  return fromJson(json, 0)
}

function toJson(value: unknown, depth: number): Json | undefined {
  if (depth > DEPTH_MAX) return undefined
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (value instanceof Uint8Array) return { $bytes: base64FromBytes(value) }
  if (value instanceof Y.Text) return { $text: listToJson(value.toDelta() as unknown[], depth) }
  if (value instanceof Y.Array) return { $array: listToJson(value.toArray(), depth) }
  if (value instanceof Y.Map) return { $map: entriesToJson(value.entries(), depth) }
  if (Array.isArray(value)) return listToJson(value, depth)
  if (typeof value !== 'object') return undefined
  const entries = entriesToJson(Object.entries(value), depth)
  return tagOf(entries) === undefined ? entries : { $json: entries }
}

function listToJson(values: readonly unknown[], depth: number): Json[] {
  // A hole would move what follows; null keeps the place.
  return values.map((value) => toJson(value, depth + 1) ?? null)
}

function entriesToJson(entries: Iterable<[string, unknown]>, depth: number): Record<string, Json> {
  const out: [string, Json][] = []
  for (const [key, value] of entries) {
    const json = toJson(value, depth + 1)
    if (json !== undefined) out.push([key, json])
  }
  // Not by assignment: `__proto__` is a key like any other here.
  return Object.fromEntries(out)
}

function fromJson(json: Json, depth: number): unknown {
  if (json === null || typeof json !== 'object' || depth > DEPTH_MAX)
    return typeof json === 'object' ? null : json
  if (isList(json)) return json.map((value) => fromJson(value, depth + 1))
  const [tag, held] = Object.entries(json)[0] ?? []
  switch (tagOf(json) === undefined ? undefined : tag) {
    case '$bytes':
      return typeof held === 'string' ? bytesFromBase64(held) : null
    case '$text': {
      const text = new Y.Text()
      if (isList(held)) text.applyDelta(held.flatMap((op) => deltaOp(op, depth)))
      return text
    }
    case '$array': {
      const list = new Y.Array<unknown>()
      if (isList(held)) list.push(held.map((value) => fromJson(value, depth + 1)))
      return list
    }
    case '$map': {
      const map = new Y.Map<unknown>()
      if (isObject(held))
        for (const [key, value] of Object.entries(held)) map.set(key, fromJson(value, depth + 1))
      return map
    }
    case '$json':
      return isObject(held) ? plainObject(held, depth) : null
    default:
      return plainObject(json, depth)
  }
}

function plainObject(json: { readonly [key: string]: Json }, depth: number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, fromJson(value, depth + 1)]))
}

function deltaOp(
  op: Json,
  depth: number,
): { insert: string | object; attributes?: Record<string, unknown> }[] {
  if (!isObject(op)) return []
  const insert = fromJson(op['insert'] ?? null, depth + 1)
  if (insert === null || (typeof insert !== 'string' && typeof insert !== 'object')) return []
  const attributes = op['attributes']
  return [isObject(attributes) ? { insert, attributes: plainObject(attributes, depth) } : { insert }]
}

/** The `$` key of an object that has no other key. */
function tagOf(json: object): string | undefined {
  const keys = Object.keys(json)
  const [only] = keys
  return keys.length === 1 && only?.startsWith('$') ? only : undefined
}

function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json)
}

function isObject(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
