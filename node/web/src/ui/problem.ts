/** Failures of the server's API in words for a person. */

import { ApiError } from '../api/client'
import { strings } from './strings'

/** No answer from the node itself, as opposed to one that says no. */
export function isUnreachable(failure: unknown): boolean {
  if (!(failure instanceof ApiError)) return false
  return failure.silence !== null || failure.status === 502 || failure.status === 504
}

export function isNotFound(failure: unknown): boolean {
  return failure instanceof ApiError && failure.status === 404
}

export function isUnauthorized(failure: unknown): boolean {
  return failure instanceof ApiError && failure.status === 401
}

export function hasCode(failure: unknown, code: string): boolean {
  return failure instanceof ApiError && failure.code === code
}

const WORDS: Readonly<Record<string, string>> = strings.problems

export function problemText(failure: unknown): string {
  if (isUnreachable(failure)) return strings.toast.unreachable
  if (failure instanceof ApiError) {
    const seconds = failure.problem?.retryAfterS ?? null
    if (failure.status === 429) return strings.tooMany(seconds)
    const words = WORDS[failure.code ?? '']
    if (words !== undefined) return words
  }
  return failure instanceof Error ? failure.message : String(failure)
}

/** What the server has against one field, by the name it has there. */
export function fieldComplaint(failure: unknown, field: string): string | null {
  if (!(failure instanceof ApiError)) return null
  const found = failure.problem?.errors.find((error) => error.field === field || error.field === `/${field}`)
  if (found !== undefined) return found.message
  return FIELD_OF_CODE[failure.code ?? ''] === field ? problemText(failure) : null
}

const FIELD_OF_CODE: Readonly<Record<string, string>> = {
  'email-in-use': 'email',
  'weak-password': 'password',
}
