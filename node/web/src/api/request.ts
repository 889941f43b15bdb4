/** Requests on behalf of whoever uses this page: the account that is signed in, or a visit by a share link. */

import { account } from './browser-session'
import type { Answer, Request } from './exchange'
import { exchange } from './exchange'
import { ApiError } from './problem'
import { boardOfPath, visitOf } from './visit'
import { visitBearer } from './visit-token'

/** As `exchange`. A token that the server does not take is replaced once. */
export async function send(request: Request): Promise<Answer> {
  const board = boardOfPath(request.path)
  const visit = board === null ? null : visitOf(board)
  if (visit !== null) return exchange(request, await visitBearer(visit))
  const bearer = await account.bearer()
  try {
    return await exchange(request, bearer)
  } catch (failure) {
    if (!(failure instanceof ApiError) || failure.status !== 401 || !isOfTheToken(failure, bearer))
      throw failure
    const next = await account.challenged(bearer)
    if (next === null) throw failure
    return exchange(request, next)
  }
}

/** And not of a password that somebody has just typed. */
function isOfTheToken({ code }: ApiError, bearer: string | null): boolean {
  return code === 'invalid-token' || (code === 'unauthenticated' && bearer === null) || code === 'http-401'
}
