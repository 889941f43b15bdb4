/** What a visit's requests carry: its token, replaced while it still holds. */

import { exchange } from './exchange'
import { countOf, recordOf, text } from './read'
import type { Visit } from './visit'
import { keepVisit, visitOf } from './visit'

/** The next token is asked for when so much is left. */
const AHEAD_MS = 4 * 60_000

const renewing = new Map<string, Promise<Visit>>()

/** Throws as `exchange` when the visit is over, or the server does not answer. */
export async function visitBearer(visit: Visit): Promise<string> {
  const leftMs = visit.endsAtMs - Date.now()
  if (leftMs > AHEAD_MS) return visit.token
  const next = renewing.get(visit.board) ?? renew(visit)
  renewing.set(visit.board, next)
  try {
    return (await next).token
  } catch (failure) {
    // There is time to try again.
    if (leftMs > 0) return visit.token
    throw failure
  } finally {
    renewing.delete(visit.board)
  }
}

async function renew(visit: Visit): Promise<Visit> {
  const { body } = await exchange({ method: 'POST', path: '/auth/refresh', body: {} }, visit.token)
  const from = recordOf(body, 'a visit')
  const now = visitOf(visit.board) ?? visit
  const next = {
    ...now,
    token: text(from, 'access_token'),
    endsAtMs: Date.now() + countOf(from, 'expires_in') * 1_000,
  }
  keepVisit(next)
  return next
}
