/** Copied elements brought to another board: their pictures' files have to lie there too. */
import { getAsset, uploadAsset } from '../../../api/assets'
import { bytesFromBase64 } from '../../../core/base64'
import type { ClipboardPayload } from '../../../core/editor-api'
import { isAssetId } from '../../../core/elements/image'
import type { Json } from '../../../core/ports'

const PATIENCE_MS = 60_000

export interface Adopted {
  readonly payload: ClipboardPayload
  /** Pictures whose files could not be had: they are pasted all the same, and shown as missing. */
  readonly missing: number
}

export function needsAdoption(payload: ClipboardPayload, board: string): boolean {
  return payload.board !== board && assetsOf(payload).size > 0
}

export async function adopt(payload: ClipboardPayload, board: string): Promise<Adopted> {
  const names = new Map<string, string>()
  const signal = AbortSignal.timeout(PATIENCE_MS)
  let missing = 0
  for (const asset of assetsOf(payload)) {
    try {
      const file = await fileOf(payload, asset, signal)
      const made = await uploadAsset({ board, file, onProgress: () => undefined, signal })
      names.set(asset, made.id)
    } catch {
      missing += 1
    }
  }
  return { payload: { ...payload, elements: payload.elements.map((one) => renamed(one, names)) }, missing }
}

/** From the board itself, as it was sent; or else what was copied along. */
async function fileOf(payload: ClipboardPayload, asset: string, signal: AbortSignal): Promise<Blob> {
  const held = payload.files?.[asset]
  try {
    if (payload.board === undefined) throw new Error('nobody knows where it lies')
    return await getAsset(payload.board, asset, 'full', signal)
  } catch (failure) {
    const file = held === undefined ? null : blobOf(held)
    if (file === null) throw failure
    return file
  }
}

/** The content of a `data:` address; null when it is none in base64. */
export function blobOf(dataUrl: string): Blob | null {
  const [, type, base64] = /^data:([a-z]+\/[a-z0-9.+-]+);base64,(.*)$/is.exec(dataUrl) ?? []
  const bytes = base64 === undefined ? null : bytesFromBase64(base64)
  return bytes && new Blob([bytes as Uint8Array<ArrayBuffer>], { type: type ?? '' })
}

type Copy = ClipboardPayload['elements'][number]

function assetOf({ snapshot: { keys } }: Copy): string | null {
  const { type, data } = keys
  if (type !== 'image' || typeof data !== 'object' || data === null || !('asset' in data)) return null
  return isAssetId(data.asset) ? data.asset : null
}

function assetsOf(payload: ClipboardPayload): Set<string> {
  return new Set(payload.elements.flatMap((one) => assetOf(one) ?? []))
}

function renamed(one: Copy, names: ReadonlyMap<string, string>): Copy {
  const asset = names.get(assetOf(one) ?? '')
  if (asset === undefined) return one
  const { keys } = one.snapshot
  const data = keys['data'] as { readonly [key: string]: Json }
  return { ...one, snapshot: { keys: { ...keys, data: { ...data, asset } } } }
}
