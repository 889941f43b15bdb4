/** What people did on a board, as REST tells it. */

import type { Unread } from './read'
import { dataOf, isRecord, nextCursorOf, optionalText, recordOf, text, time } from './read'
import { send } from './request'
import type * as Wire from './schema.gen'

export interface Actor {
  readonly kind: Wire.DoerKind
  readonly id: string | null
  readonly name: string | null
}

export interface ActivityLine {
  readonly id: string
  readonly board: string
  /** Null on the board's own page, and where one does not see the board any more. */
  readonly boardTitle: string | null
  readonly at: number
  readonly actor: Actor
  /** As `board.renamed`; a newer server may say others. */
  readonly type: string
  /** What belongs to some types, as said. */
  readonly title: string | null
  readonly role: string | null
  readonly user: string | null
}

export interface ActivityPage {
  readonly lines: readonly ActivityLine[]
  readonly nextCursor: string | null
}

export async function listActivity(
  board: string,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<ActivityPage> {
  const params = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`
  const path = `/boards/${encodeURIComponent(board)}/activity${params}`
  return readActivityPage((await send({ method: 'GET', path, signal })).body)
}

export function readActivityPage(body: unknown): ActivityPage {
  return { lines: dataOf(body, 'what people did', readLine), nextCursor: nextCursorOf(body) }
}

function readLine(value: unknown): ActivityLine {
  const from = recordOf<Wire.ActivityLine>(value, 'what somebody did')
  return {
    id: text(from, 'id'),
    board: text(from, 'board'),
    boardTitle: optionalText(from, 'board_title'),
    at: time(from, 'at'),
    actor: readActor(from['actor']),
    type: text(from, 'type'),
    title: optionalText(from, 'title'),
    role: optionalText(from, 'role'),
    user: optionalText(from, 'user'),
  }
}

function readActor(value: unknown): Actor {
  const from: Unread<Wire.Doer> = isRecord(value) ? value : {}
  const { kind } = from
  return {
    kind: kind === 'local' || kind === 'user' || kind === 'guest' ? kind : 'system',
    id: optionalText(from, 'id'),
    name: optionalText(from, 'name'),
  }
}
