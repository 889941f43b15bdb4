/**
 * The bytes on the wire: y-websocket's messages, and message 100 of `easel.v1`.
 *
 * Reading never throws: what cannot be understood is `null`, and the caller decides what that means.
 */

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { Role } from '../api/role'
import { readRole } from '../api/role'

export type { Role } from '../api/role'

/** What the server says in message 100. Unknown kinds are `ignored`, so that it can learn new ones. */
export type Control =
  | { readonly says: 'hello'; readonly role: Role; readonly minClient: number }
  /** Where the board can be had as well. */
  | { readonly says: 'nodes'; readonly urls: readonly string[] }
  | { readonly says: 'saved'; readonly frames: number }
  | { readonly says: 'role'; readonly role: Role }
  /** This node has lost touch with the others: nothing is saved and nothing shown. Another may be in touch. */
  | { readonly says: 'out_of_touch' }
  | { readonly says: 'in_touch' }
  | { readonly says: 'draining'; readonly retryAfterMs: number }
  | { readonly says: 'set_aside'; readonly code: string; readonly reason: string }
  | { readonly says: 'ignored' }

export type Incoming =
  /** The server's state vector: it asks for what it lacks. */
  | { readonly is: 'step_one'; readonly vector: Uint8Array }
  /** What we lacked; with it the document is complete. */
  | { readonly is: 'step_two'; readonly update: Uint8Array }
  | { readonly is: 'update'; readonly update: Uint8Array }
  | { readonly is: 'awareness'; readonly update: Uint8Array }
  | { readonly is: 'awareness_query' }
  | { readonly is: 'control'; readonly control: Control }
  | { readonly is: 'ignored' }

const SYNC = 0
const AWARENESS = 1
const AWARENESS_QUERY = 3
const CONTROL = 100

const STEP_ONE = 0
const STEP_TWO = 1
const UPDATE = 2

export function readMessage(bytes: Uint8Array): Incoming | null {
  try {
    const decoder = decoding.createDecoder(bytes)
    switch (decoding.readVarUint(decoder)) {
      case SYNC:
        return readSync(decoder)
      case AWARENESS:
        return { is: 'awareness', update: decoding.readVarUint8Array(decoder) }
      case AWARENESS_QUERY:
        return { is: 'awareness_query' }
      case CONTROL:
        return { is: 'control', control: readControl(decoding.readVarString(decoder)) }
      default:
        return { is: 'ignored' }
    }
  } catch {
    return null
  }
}

function readSync(decoder: decoding.Decoder): Incoming | null {
  const kind = decoding.readVarUint(decoder)
  const payload = decoding.readVarUint8Array(decoder)
  switch (kind) {
    case STEP_ONE:
      return { is: 'step_one', vector: payload }
    case STEP_TWO:
      return { is: 'step_two', update: payload }
    case UPDATE:
      return { is: 'update', update: payload }
    default:
      return null
  }
}

export function readControl(json: string): Control {
  const said: unknown = JSON.parse(json)
  if (!isRecord(said)) return { says: 'ignored' }
  switch (said['t']) {
    case 'hello':
      return { says: 'hello', role: readRole(said['role']), minClient: countOf(said['min_client']) }
    case 'nodes':
      return { says: 'nodes', urls: textsOf(said['urls']) }
    case 'saved':
      return { says: 'saved', frames: countOf(said['frames']) }
    case 'role':
      return { says: 'role', role: readRole(said['role']) }
    case 'out_of_touch':
    case 'in_touch':
      return { says: said['t'] }
    case 'draining':
      return { says: 'draining', retryAfterMs: countOf(said['retry_after_ms']) }
    case 'set_aside':
      return { says: 'set_aside', code: textOf(said['code']), reason: textOf(said['reason']) }
    default:
      return { says: 'ignored' }
  }
}

export function writeStepOne(vector: Uint8Array): Uint8Array {
  return writeSync(STEP_ONE, vector)
}

export function writeStepTwo(update: Uint8Array): Uint8Array {
  return writeSync(STEP_TWO, update)
}

export function writeUpdate(update: Uint8Array): Uint8Array {
  return writeSync(UPDATE, update)
}

export function writeAwareness(update: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, AWARENESS)
    encoding.writeVarUint8Array(encoder, update)
  })
}

export function writeAwarenessQuery(): Uint8Array {
  return encoding.encode((encoder) => encoding.writeVarUint(encoder, AWARENESS_QUERY))
}

/** Of these a client sends `token`, `has_body` and `stays`; the others are the server's, and here for the tests' server. */
export function writeControl(said: Readonly<Record<string, unknown>>): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, CONTROL)
    encoding.writeVarString(encoder, JSON.stringify(said))
  })
}

function writeSync(kind: number, payload: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, SYNC)
    encoding.writeVarUint(encoder, kind)
    encoding.writeVarUint8Array(encoder, payload)
  })
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
