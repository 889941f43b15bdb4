/** What a failed request says: the server's problem document, or that there was no answer. */

import type { Members } from './read'
import { isRecord } from './read'

export interface Problem {
  readonly status: number
  /** Stable and machine-readable, as `board-not-found`. */
  readonly code: string
  readonly title: string
  readonly detail: string | null
  readonly requestId: string | null
  /** Asking again is of no use before; in seconds. */
  readonly retryAfterS: number | null
  /** Fields that were refused, for 422. */
  readonly errors: readonly { readonly field: string; readonly message: string }[]
}

/** Why there is no answer to look at. */
export type Silence = 'unreachable' | 'timed_out'

/** `problem` is null when no answer came; `silence` is null when one did. */
export class ApiError extends Error {
  readonly problem: Problem | null
  readonly silence: Silence | null

  private constructor(message: string, problem: Problem | null, silence: Silence | null) {
    super(message)
    this.name = 'ApiError'
    this.problem = problem
    this.silence = silence
  }

  static answered(problem: Problem): ApiError {
    return new ApiError(problem.detail ?? problem.title, problem, null)
  }

  static silent(silence: Silence): ApiError {
    const message =
      silence === 'timed_out' ? 'The server did not answer in time.' : 'The server cannot be reached.'
    return new ApiError(message, null, silence)
  }

  get status(): number | null {
    return this.problem?.status ?? null
  }

  get code(): string | null {
    return this.problem?.code ?? null
  }
}

/** Reads problem+json; anything else in the body is described by its status alone. */
export function problemOf(
  status: number,
  statusText: string,
  body: unknown,
  retryAfter: string | null = null,
): Problem {
  const from: Members = isRecord(body) ? body : {}
  const seconds = Number(retryAfter ?? Number.NaN)
  const title = text(from['title']) ?? (statusText === '' ? `Error ${status}` : statusText)
  return {
    status,
    code: text(from['code']) ?? `http-${status}`,
    title,
    detail: text(from['detail']),
    requestId: text(from['request_id']),
    retryAfterS: Number.isFinite(seconds) ? seconds : null,
    errors: Array.isArray(from['errors']) ? from['errors'].flatMap(fieldError) : [],
  }
}

function fieldError(value: unknown): { field: string; message: string }[] {
  if (!isRecord(value)) return []
  const field = text(value['field']) ?? text(value['pointer']) ?? ''
  const message = text(value['message']) ?? text(value['detail'])
  return message === null ? [] : [{ field, message }]
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
