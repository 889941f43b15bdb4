/** A file on its way to the server, with how much of it has left: `fetch` does not tell that. */

import { address } from '../base'
import { placed } from '../nodes'
import { account } from './browser-session'
import { ApiError, problemOf } from './problem'

/** Longer than the server waits, so that it is the one to say so. */
const TIMEOUT_MS = 6 * 60_000

export interface Upload {
  /** Below `/api/v1`. */
  readonly path: string
  readonly method: 'POST' | 'PUT'
  readonly file: Blob
  /** Who brings it; left out, the account that is signed in. */
  readonly bearer?: () => Promise<string | null>
  /** From 0 to 1. */
  readonly onProgress: (share: number) => void
  readonly signal: AbortSignal
}

/** What the server answers. Throws `ApiError`, or the abort reason of `signal`. */
export async function upload(request: Upload): Promise<unknown> {
  // One that lasts a little while: a body is read before a token is looked at again.
  const bearer = await (request.bearer ?? account.bearer)()
  request.signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open(request.method, placed(address(`/api/v1${request.path}`)))
    xhr.timeout = TIMEOUT_MS
    xhr.setRequestHeader('accept', 'application/json, application/problem+json')
    if (bearer !== null) xhr.setRequestHeader('authorization', `Bearer ${bearer}`)
    xhr.setRequestHeader('content-type', request.file.type || 'application/octet-stream')
    xhr.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable && event.total > 0) request.onProgress(event.loaded / event.total)
    })
    xhr.addEventListener('load', () => {
      const body = parsed(xhr.responseText)
      if (xhr.status >= 200 && xhr.status < 300) resolve(body)
      else {
        const retryAfter = xhr.getResponseHeader('retry-after')
        reject(ApiError.answered(problemOf(xhr.status, xhr.statusText, body, retryAfter)))
      }
    })
    xhr.addEventListener('error', () => reject(ApiError.silent('unreachable')))
    xhr.addEventListener('timeout', () => reject(ApiError.silent('timed_out')))
    const abort = () => {
      xhr.abort()
      reject(request.signal.reason)
    }
    request.signal.addEventListener('abort', abort, { once: true })
    xhr.addEventListener('loadend', () => request.signal.removeEventListener('abort', abort))
    xhr.send(request.file)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
