/** One's own account: profile, password, tokens for programs, what one did. */

import type { ActivityPage } from './activity'
import { readActivityPage } from './activity'
import { account } from './browser-session'
import { dataOf, optionalText, recordOf, text, time } from './read'
import { send } from './request'
import type { NewTokenMade, Scope, Token } from './schema.gen'
import { readMe } from './session'
import { upload } from './upload'

export type { Scope }

export const SCOPES: readonly Scope[] = [
  'boards:read',
  'boards:write',
  'elements:read',
  'elements:write',
  'assets:write',
  'members:write',
  'raw:join',
]

export interface ApiToken {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly board: string | null
  readonly createdAt: number
  readonly expiresAt: number
}

export interface NewApiToken {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: number
}

export async function changeName(name: string): Promise<void> {
  const { body } = await send({ method: 'PATCH', path: '/me', body: { name }, ifMatch: '*' })
  account.know(readMe(body))
}

/** What becomes of it is square and small; `onProgress` tells how much of the file has left, from 0 to 1. */
export async function setPicture(
  file: Blob,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  account.know(readMe(await upload({ method: 'PUT', path: '/me/avatar', file, onProgress, signal })))
}

export async function removePicture(): Promise<void> {
  await send({ method: 'DELETE', path: '/me/avatar' })
  account.know(readMe((await send({ method: 'GET', path: '/me' })).body))
}

export async function changePassword(current: string, next: string, endOthers: boolean): Promise<void> {
  await send({
    method: 'POST',
    path: '/me/password',
    body: { current, new: next, end_others: endOthers },
  })
}

/** What only this person owns goes to `heir`, or into the trash. */
export async function deleteAccount(heir: string | null): Promise<void> {
  await send({ method: 'DELETE', path: '/me', body: heir === null ? {} : { transfer_to: heir } })
}

export async function listTokens(signal?: AbortSignal): Promise<readonly ApiToken[]> {
  const { body } = await send({ method: 'GET', path: '/me/tokens', signal })
  return dataOf(body, 'a list of tokens', readToken)
}

/** The secret is in this answer and in no other. */
export async function createToken(made: NewApiToken): Promise<{ token: ApiToken; secret: string }> {
  const { body } = await send({
    method: 'POST',
    path: '/me/tokens',
    body: { name: made.name, scopes: made.scopes, expires_at: new Date(made.expiresAt).toISOString() },
  })
  return { token: readToken(body), secret: text(recordOf<NewTokenMade>(body, 'a token'), 'token') }
}

export async function revokeToken(id: string): Promise<void> {
  await send({ method: 'DELETE', path: `/me/tokens/${encodeURIComponent(id)}` })
}

export async function listMyActivity(cursor: string | null, signal?: AbortSignal): Promise<ActivityPage> {
  const params = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`
  return readActivityPage((await send({ method: 'GET', path: `/me/activity${params}`, signal })).body)
}

function readToken(value: unknown): ApiToken {
  const from = recordOf<Token>(value, 'a token')
  const scopes = from['scopes']
  return {
    id: text(from, 'id'),
    name: text(from, 'name'),
    scopes: Array.isArray(scopes) ? scopes.filter((one) => typeof one === 'string') : [],
    board: optionalText(from, 'board'),
    createdAt: time(from, 'created_at'),
    expiresAt: time(from, 'expires_at'),
  }
}
