/**
 * The server's boards over REST.
 *
 * Every function takes one step and answers what is now true, or throws: `ApiError` when the server
 * refused or did not answer, `MalformedAnswer` when it spoke another language.
 */

import type { Board, BoardPage } from './board'
import { parseBoard, parseBoardPage } from './board'
import { ApiError } from './problem'
import { send } from './request'

export type { Board, BoardPage } from './board'
export { MalformedAnswer } from './board'
export { ApiError } from './problem'
export type { Problem } from './problem'

export type BoardSort = '-updated_at' | 'title'

export interface BoardQuery {
  readonly trashed: boolean
  readonly sort: BoardSort
  /** Part of a title; empty for all. */
  readonly query: string
  readonly limit: number
  readonly cursor: string | null
}

export async function listBoards(query: BoardQuery, signal?: AbortSignal): Promise<BoardPage> {
  const params = new URLSearchParams({ sort: query.sort, limit: String(query.limit) })
  if (query.trashed) params.set('trashed', 'true')
  if (query.query !== '') params.set('q', query.query)
  if (query.cursor !== null) params.set('cursor', query.cursor)
  const answer = await send({ method: 'GET', path: `/boards?${params.toString()}`, signal })
  return parseBoardPage(answer.body)
}

export async function createBoard(title: string, signal?: AbortSignal): Promise<Board> {
  const answer = await send({ method: 'POST', path: '/boards', body: { title }, signal })
  return parseBoard(answer.body)
}

export async function getBoard(id: string, signal?: AbortSignal): Promise<Board> {
  const answer = await send({ method: 'GET', path: boardPath(id), signal })
  return parseBoard(answer.body)
}

/** The last one to name a board wins: whoever types a title has seen the one before. */
export async function renameBoard(id: string, title: string, signal?: AbortSignal): Promise<Board> {
  const answer = await send({ method: 'PATCH', path: boardPath(id), body: { title }, ifMatch: '*', signal })
  return parseBoard(answer.body)
}

/** Into the trash; `restoreBoard` brings it back. */
export async function trashBoard(id: string, signal?: AbortSignal): Promise<void> {
  await send({ method: 'DELETE', path: boardPath(id), ifMatch: '*', signal })
}

export async function restoreBoard(id: string, signal?: AbortSignal): Promise<Board> {
  const answer = await send({ method: 'POST', path: `${boardPath(id)}/restore`, signal })
  return answer.body === null ? getBoard(id, signal) : parseBoard(answer.body)
}

/** Whether a board can be opened; `unknown` when the server does not say. */
export async function findBoard(
  id: string,
  signal?: AbortSignal,
): Promise<'open' | 'trashed' | 'missing' | 'unknown'> {
  try {
    const board = await getBoard(id, signal)
    return board.trashedAt === null ? 'open' : 'trashed'
  } catch (failure) {
    return failure instanceof ApiError && failure.status === 404 ? 'missing' : 'unknown'
  }
}

function boardPath(id: string): string {
  return `/boards/${encodeURIComponent(id)}`
}
