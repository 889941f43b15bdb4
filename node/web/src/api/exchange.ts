/** One request to the server's REST interface: a deadline, JSON both ways, failures as `ApiError`. */

import { address, BASE } from '../base'
import { currentNode, leaveNode } from '../nodes'
import { takeEarlyAnswer, takeEarlyList, takeEarlyRefresh } from './early'
import { ApiError, problemOf } from './problem'
import { MalformedAnswer } from './read'

const API = address('/api/v1')
const TIMEOUT_MS = 15_000

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`. */
  readonly path: string
  readonly body?: unknown
  /** An ETag, or `*` for whatever is there now. */
  readonly ifMatch?: string
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
}

export interface Answer {
  readonly etag: string | null
  /** Null when there is no content. */
  readonly body: unknown
}

/**
 * On behalf of whoever `bearer` speaks for, or of nobody. Throws `ApiError`, or the caller's own abort reason when
 * `signal` was aborted.
 */
export async function exchange(request: Request, bearer: string | null): Promise<Answer> {
  // Only the page's own node has its cookies.
  const node = request.path.startsWith('/auth/') ? BASE : currentNode()
  try {
    return await exchangeWith(node, request, bearer)
  } catch (failure) {
    if (!isOfTheNode(failure) || node !== currentNode() || !leaveNode(node) || request.method !== 'GET')
      throw failure
    return exchangeWith(currentNode(), request, bearer)
  }
}

/** It is away, or has lost the others: one of them may answer. */
function isOfTheNode(failure: unknown): boolean {
  return failure instanceof ApiError && (failure.silence !== null || failure.code === 'replica-behind')
}

async function exchangeWith(node: string, request: Request, bearer: string | null): Promise<Answer> {
  const deadline = AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS)
  const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline
  try {
    const response = await answerTo(node, request, bearer, signal)
    const body = await readBody(response)
    if (!response.ok) {
      const retryAfter = response.headers.get('retry-after')
      throw ApiError.answered(problemOf(response.status, response.statusText, body, retryAfter))
    }
    return { etag: response.headers.get('etag'), body }
  } catch (failure) {
    if (failure instanceof ApiError || failure instanceof MalformedAnswer) throw failure
    if (request.signal?.aborted) throw request.signal.reason
    throw ApiError.silent(deadline.aborted ? 'timed_out' : 'unreachable')
  }
}

async function answerTo(
  node: string,
  request: Request,
  bearer: string | null,
  signal: AbortSignal,
): Promise<Response> {
  const early = node === BASE ? earlyAnswerTo(request, bearer) : undefined
  // What was asked for early knows of no deadline and no end.
  const found = early && (await Promise.race([early, endOf(signal)]))
  if (found !== undefined) return found
  return fetch(`${node}/api/v1${request.path}`, {
    method: request.method,
    headers: headersOf(request, bearer),
    body: request.body === undefined ? null : JSON.stringify(request.body),
    credentials: 'same-origin',
    cache: 'no-store',
    signal,
  })
}

function endOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

function earlyAnswerTo(
  request: Request,
  bearer: string | null,
): Promise<Response | undefined> | Promise<Response> | undefined {
  if (request.path === '/auth/refresh') return bearer === null ? takeEarlyRefresh() : undefined
  const list = request.method === 'GET' ? takeEarlyList(API + request.path, bearer) : undefined
  if (list !== undefined) return list
  // The other one was asked for on nobody's behalf.
  return request.method === 'GET' && bearer === null ? takeEarlyAnswer(API + request.path) : undefined
}

function headersOf(request: Request, bearer: string | null): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json' }
  if (bearer !== null) headers['authorization'] = `Bearer ${bearer}`
  if (request.body !== undefined) {
    headers['content-type'] = request.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  }
  if (request.ifMatch !== undefined) headers['if-match'] = request.ifMatch
  // No other site's form can send it: what the cookie alone allows is asked for with it.
  if (request.path.startsWith('/auth/')) headers['easel-client'] = 'web'
  // A retry by the browser or a proxy in between must not make a second board.
  else if (request.method === 'POST') headers['idempotency-key'] = `"${crypto.randomUUID()}"`
  return headers
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    // A proxy's error page is described by its status; a success must be JSON.
    if (response.ok) throw new MalformedAnswer('JSON')
    return null
  }
}
