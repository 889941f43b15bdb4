/** A board as REST speaks of it, read strictly in what is used and blind to the rest. */

import { address } from '../base'
import type { Unread } from './read'
import {
  countOf,
  dataOf,
  isRecord,
  nextCursorOf,
  optionalText,
  optionalTime,
  ownPath,
  recordOf,
  text,
  time,
} from './read'
import type { Role } from './role'
import { isAtLeast, readRole } from './role'
import type * as Wire from './schema.gen'

/** What the one who asked may do there. */
export interface May {
  readonly edit: boolean
  readonly comment: boolean
  readonly share: boolean
  readonly copy: boolean
  readonly own: boolean
}

export interface Board {
  readonly id: string
  readonly title: string
  /** Milliseconds since 1970, as are the others. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly trashedAt: number | null
  readonly archivedAt: number | null
  /** Rises with every stored change to the content. */
  readonly seq: number
  readonly role: Role
  readonly may: May
  readonly starred: boolean
  /** Null where there are no accounts, and where it was not asked for. */
  readonly owner: { readonly id: string; readonly name: string } | null
  /** How many have the board open now. */
  readonly present: number
  readonly syncUrl: string
  readonly previewUrl: string
}

export interface BoardPage {
  readonly boards: readonly Board[]
  readonly nextCursor: string | null
}

export function parseBoard(value: unknown): Board {
  const from = recordOf<Wire.Board | Wire.Card>(value, 'a board')
  const id = text(from, 'id')
  // A node without accounts lets everybody do everything.
  const role = from['role'] === undefined ? 'owner' : readRole(from['role'])
  const archivedAt = optionalTime(from, 'archived_at')
  return {
    id,
    title: text(from, 'title'),
    createdAt: time(from, 'created_at'),
    updatedAt: time(from, 'updated_at'),
    trashedAt: optionalTime(from, 'trashed_at'),
    archivedAt,
    seq: countOf(from, 'seq'),
    role,
    may: mayOf(from['may'], role, archivedAt !== null),
    starred: from['starred'] === true,
    owner: ownerOf(from['owner']),
    present: countOf(from, 'present'),
    syncUrl: ownPath(from['sync_url']) ?? address(`/sync/${id}`),
    previewUrl: ownPath(from['preview_url']) ?? address(`/api/v1/boards/${id}/preview.svg`),
  }
}

export function parseBoardPage(value: unknown): BoardPage {
  return { boards: dataOf(value, 'a list of boards', parseBoard), nextCursor: nextCursorOf(value) }
}

/** Cards come without it: then it is what the role alone gives, and the server has the last word. */
function mayOf(value: unknown, role: Role, archived: boolean): May {
  const said: Unread<Wire.May> = isRecord(value) ? value : {}
  const word = (key: keyof Wire.May, byRole: boolean) => (typeof said[key] === 'boolean' ? said[key] : byRole)
  return {
    edit: word('edit', isAtLeast(role, 'editor') && !archived),
    comment: word('comment', isAtLeast(role, 'commenter') && !archived),
    share: word('share', role === 'owner'),
    copy: word('copy', true),
    own: word('own', role === 'owner'),
  }
}

function ownerOf(value: unknown): Board['owner'] {
  if (!isRecord(value)) return null
  const id = optionalText(value, 'id')
  const name = optionalText(value, 'name')
  return id === null || name === null ? null : { id, name }
}
