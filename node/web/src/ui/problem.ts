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

export function problemText(failure: unknown): string {
  if (isUnreachable(failure)) return strings.toast.unreachable
  return failure instanceof Error ? failure.message : String(failure)
}
