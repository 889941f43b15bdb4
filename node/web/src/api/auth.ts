/** Making an account, signing in and out, and the other places where one is signed in. */

import { account } from './browser-session'
import { exchange } from './exchange'
import { countOf, dataOf, isRecord, optionalText, recordOf, text, time } from './read'
import { send } from './request'
import type { Role } from './role'
import { readRole } from './role'
import type * as Wire from './schema.gen'

export interface AuthConfig {
  readonly accounts: boolean
  readonly registration: Wire.WhoMayRegister
  readonly passwordCharsMin: number
  /** What this installation is called; may be empty. */
  readonly name: string
}

export interface Credentials {
  readonly email: string
  readonly password: string
}

export interface NewAccount extends Credentials {
  readonly name: string
}

export interface SignedInPlace {
  readonly id: string
  readonly current: boolean
  readonly agent: string
  readonly network: string
  readonly createdAt: number
  readonly lastSeenAt: number
}

export async function getAuthConfig(signal?: AbortSignal): Promise<AuthConfig> {
  const { body } = await exchange({ method: 'GET', path: '/auth/config', signal }, null)
  const from = recordOf(body, 'how one signs in')
  const { registration, password } = from
  return {
    accounts: from['accounts'] === true,
    registration: registration === 'open' || registration === 'invite' ? registration : 'closed',
    passwordCharsMin: isRecord(password) ? countOf(password, 'min_length') : 8,
    name: optionalText(from, 'name') ?? '',
  }
}

export async function setUp(token: string, made: NewAccount): Promise<void> {
  const { email, password, name } = made
  account.begin(await post('/auth/setup', { token, email, password, display_name: name }))
}

export async function register(made: NewAccount, invite: string | null): Promise<void> {
  const { email, password, name } = made
  const body = { email, password, display_name: name, ...(invite !== null && { invite }) }
  account.begin(await post('/auth/register', body))
}

export async function signIn({ email, password }: Credentials): Promise<void> {
  account.begin(await post('/auth/login', { email, password }))
}

/** For whoever has the address that an administrator passed on; it works once. */
export async function resetPassword(token: string, password: string): Promise<void> {
  await post('/auth/password/reset', { token, password })
}

/** Before what only the person themselves may do. */
export async function confirmPassword(password: string): Promise<void> {
  await send({ method: 'POST', path: '/auth/reauth', body: { password } })
}

export async function listSessions(signal?: AbortSignal): Promise<readonly SignedInPlace[]> {
  const { body } = await send({ method: 'GET', path: '/auth/sessions', signal })
  return dataOf(body, 'a list of sessions', (one) => {
    const from = recordOf<Wire.OwnSession>(one, 'a session')
    return {
      id: text(from, 'id'),
      current: from['current'] === true,
      agent: optionalText(from, 'agent') ?? '',
      network: optionalText(from, 'network') ?? '',
      createdAt: time(from, 'created_at'),
      lastSeenAt: time(from, 'last_seen_at'),
    }
  })
}

export async function endSession(id: string): Promise<void> {
  await send({ method: 'DELETE', path: `/auth/sessions/${encodeURIComponent(id)}` })
}

export async function endOtherSessions(): Promise<void> {
  await send({ method: 'DELETE', path: '/auth/sessions' })
}

export interface OpenedLink {
  readonly board: string
  readonly role: Role
  readonly token: string
  readonly endsAtMs: number
}

export async function openShareLink(link: string, password: string | null): Promise<OpenedLink> {
  const path = `/share/${encodeURIComponent(link)}/open`
  const body = await post(path, password === null ? {} : { password })
  const from = recordOf<Wire.Visit>(body, 'a visit')
  return {
    board: text(from, 'board'),
    role: readRole(from['role']),
    token: text(from, 'access_token'),
    endsAtMs: Date.now() + countOf(from, 'expires_in') * 1_000,
  }
}

export async function nameGuest(token: string, name: string): Promise<void> {
  await exchange({ method: 'POST', path: '/auth/guest', body: { display_name: name } }, token)
}

async function post(path: string, body: unknown): Promise<unknown> {
  return (await exchange({ method: 'POST', path, body }, null)).body
}
