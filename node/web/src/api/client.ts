/**
 * The server's boards over REST.
 *
 * Every function takes one step and answers what is now true, or throws: `ApiError` when the server
 * refused or did not answer, `MalformedAnswer` when it spoke another language.
 */

import { placed } from '../nodes'
import type { Board, BoardPage } from './board'
import { parseBoard, parseBoardPage } from './board'
import { account } from './browser-session'
import { ApiError } from './problem'
import { MalformedAnswer } from './read'
import { send } from './request'
import { visitOf } from './visit'

export type { Board, BoardPage, May } from './board'
export { MalformedAnswer } from './read'
export { ApiError } from './problem'
export type { Problem } from './problem'

export type BoardSort = '-updated_at' | '-created_at' | 'title'

/** The parts that one's boards are shown in. A node without accounts has the first and the last. */
export type Section = 'boards' | 'starred' | 'recent' | 'shared' | 'archive' | 'trash'

export interface BoardQuery {
  readonly section: Section
  readonly sort: BoardSort
  /** Part of a title; empty for all. */
  readonly query: string
  readonly limit: number
  readonly cursor: string | null
}

const FILTERS: Readonly<Record<Section, Readonly<Record<string, string>>>> = {
  boards: {},
  starred: { starred: 'true', archived: 'any' },
  recent: { mine: 'opened' },
  shared: { mine: 'shared' },
  archive: { archived: 'true' },
  trash: { trashed: 'true' },
}

export async function listBoards(query: BoardQuery, signal?: AbortSignal): Promise<BoardPage> {
  const sort = query.section === 'recent' ? '-opened_at' : query.sort
  const params = new URLSearchParams({ sort, limit: String(query.limit), ...FILTERS[query.section] })
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

/** Out of the trash for good. Takes a password that was given a moment ago. */
export async function purgeBoard(id: string): Promise<void> {
  await send({ method: 'DELETE', path: `${boardPath(id)}?purge=true`, ifMatch: '*' })
}

export async function archiveBoard(id: string): Promise<Board> {
  return parseBoard((await send({ method: 'POST', path: `${boardPath(id)}/archive` })).body)
}

export async function unarchiveBoard(id: string): Promise<Board> {
  return parseBoard((await send({ method: 'POST', path: `${boardPath(id)}/unarchive` })).body)
}

export async function copyBoard(id: string): Promise<Board> {
  return parseBoard((await send({ method: 'POST', path: `${boardPath(id)}/copies`, body: {} })).body)
}

export async function starBoard(id: string): Promise<void> {
  await send({ method: 'PUT', path: `/me/favourites/${encodeURIComponent(id)}` })
}

export async function unstarBoard(id: string): Promise<void> {
  await send({ method: 'DELETE', path: `/me/favourites/${encodeURIComponent(id)}` })
}

/** The picture of a board, as an address for `<img>`, which cannot say by itself who asks. */
export async function getPreview(path: string, signal: AbortSignal): Promise<Blob> {
  const bearer = await account.bearer()
  const response = await fetch(placed(path), {
    headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` },
    credentials: 'same-origin',
    signal,
  })
  if (!response.ok) throw new MalformedAnswer('a picture')
  return response.blob()
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
    if (!(failure instanceof ApiError)) return 'unknown'
    // A visit that is over does not come back by itself.
    const isOver = failure.status === 401 && visitOf(id) !== null
    return failure.status === 404 || isOver ? 'missing' : 'unknown'
  }
}

function boardPath(id: string): string {
  return `/boards/${encodeURIComponent(id)}`
}
