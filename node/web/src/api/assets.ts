/** Files on boards: pictures, put there and had again. */

import { address } from '../base'
import { placed } from '../nodes'
import { account } from './browser-session'
import { ApiError, problemOf } from './problem'
import { countOf, optionalText, recordOf, text } from './read'
import type * as Wire from './schema.gen'
import { upload } from './upload'
import { visitOf } from './visit'
import { visitBearer } from './visit-token'

export interface Asset {
  readonly id: string
  readonly w: number
  readonly h: number
  readonly blurhash: string | null
}

/** What can be had of a picture: for the page, or all of it. */
export type AssetForm = 'web' | 'full'

export interface AssetUpload {
  readonly board: string
  readonly file: Blob
  /** From 0 to 1. */
  readonly onProgress: (share: number) => void
  readonly signal: AbortSignal
}

/** Throws as `upload`. */
export async function uploadAsset({ board, file, onProgress, signal }: AssetUpload): Promise<Asset> {
  const path = `/boards/${encodeURIComponent(board)}/assets`
  const bearer = () => bearerOn(board)
  const answer = await upload({ path, method: 'POST', file, bearer, onProgress, signal })
  const made = recordOf<Wire.Asset>(answer, 'a file')
  return {
    id: text(made, 'id'),
    w: countOf(made, 'w'),
    h: countOf(made, 'h'),
    blurhash: optionalText(made, 'blurhash'),
  }
}

/** The file itself. What the browser keeps of it is asked for again only by its tag, and used as it is away from the server. */
export async function getAsset(
  board: string,
  asset: string,
  form: AssetForm,
  signal: AbortSignal,
): Promise<Blob> {
  const path = placed(address(`/api/v1/assets/${encodeURIComponent(asset)}/${form}`))
  const bearer = await bearerOn(board)
  let response = await asked(path, bearer, signal)
  if (response.status === 401 && visitOf(board) === null) {
    const next = await account.challenged(bearer)
    if (next !== null) response = await asked(path, next, signal)
  }
  if (!response.ok) {
    throw ApiError.answered(problemOf(response.status, response.statusText, null))
  }
  return response.blob()
}

async function asked(path: string, bearer: string | null, signal: AbortSignal): Promise<Response> {
  const headers: HeadersInit = bearer === null ? {} : { authorization: `Bearer ${bearer}` }
  const request: RequestInit = { headers, credentials: 'same-origin', signal }
  try {
    return await fetch(path, request)
  } catch (failure) {
    if (signal.aborted) throw failure
    return fetch(path, { ...request, cache: 'force-cache' })
  }
}

async function bearerOn(board: string): Promise<string | null> {
  const visit = visitOf(board)
  return visit === null ? account.bearer() : visitBearer(visit)
}
