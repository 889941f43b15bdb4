/** Who may do what on a board: members, everybody, share links, invitations, and who asks to be let in. */

import { address } from '../base'
import type { Unread } from './read'
import type * as Wire from './schema.gen'
import {
  countOf,
  dataOf,
  optionalCount,
  optionalText,
  optionalTime,
  ownPath,
  recordOf,
  text,
  time,
} from './read'
import { send } from './request'
import type { Role } from './role'
import { readRole } from './role'

export interface Person {
  readonly id: string
  readonly name: string
  readonly disabled: boolean
  readonly avatarUrl: string | null
  /** Only told to who asked for this very address. */
  readonly email: string | null
}

export interface Member {
  readonly user: Person
  readonly role: Role
  readonly since: number
}

/** What everybody with an account may do; null for nothing. */
export type Everybody = Exclude<Role, 'owner'> | null

export interface ShareLink {
  readonly id: string
  readonly role: Role
  readonly label: string | null
  readonly hasPassword: boolean
  readonly expiresAt: number | null
  readonly usesMax: number | null
  readonly uses: number
  readonly createdAt: number
  readonly revokedAt: number | null
}

export interface NewShareLink {
  readonly role: Role
  readonly label: string
  /** Empty for none. */
  readonly password: string
  readonly expiresAt: number | null
  readonly usesMax: number | null
}

export interface Invitation {
  readonly id: string
  readonly email: string | null
  readonly role: Role
  readonly message: string | null
  readonly expiresAt: number
  readonly state: string
}

export interface NewInvitation {
  readonly role: Role
  /** Empty for whoever has the link. */
  readonly email: string
  readonly message: string
}

/** Who invites to what, for whoever has the link. */
export interface OpenInvitation {
  readonly board: { readonly id: string; readonly title: string }
  readonly role: Role
  readonly by: string | null
  readonly email: string | null
  readonly message: string | null
}

export interface AccessRequest {
  readonly id: string
  readonly user: Person
  readonly role: Role
  readonly message: string | null
  readonly askedAt: number
}

export async function findPeople(query: string, signal?: AbortSignal): Promise<readonly Person[]> {
  const params = new URLSearchParams({ q: query })
  const { body } = await send({ method: 'GET', path: `/users?${params.toString()}`, signal })
  return dataOf(body, 'a list of people', readPerson)
}

// ---- members

export async function listMembers(board: string, signal?: AbortSignal): Promise<readonly Member[]> {
  const { body } = await send({ method: 'GET', path: of(board, 'members'), signal })
  return dataOf(body, 'a list of members', readMember)
}

export async function setMember(board: string, user: string, role: Role): Promise<Member> {
  const path = `${of(board, 'members')}/${encodeURIComponent(user)}`
  return readMember((await send({ method: 'PUT', path, body: { role } })).body)
}

export async function removeMember(board: string, user: string): Promise<void> {
  await send({ method: 'DELETE', path: `${of(board, 'members')}/${encodeURIComponent(user)}` })
}

/** Takes a password that was given a moment ago. */
export async function transferBoard(board: string, owner: string): Promise<void> {
  await send({ method: 'POST', path: of(board, 'transfer'), body: { owner } })
}

// ---- everybody

export async function getEverybody(board: string, signal?: AbortSignal): Promise<Everybody> {
  return everybodyOf((await send({ method: 'GET', path: of(board, 'sharing'), signal })).body)
}

export async function setEverybody(board: string, everybody: Everybody): Promise<Everybody> {
  const body = everybody === null ? { access: 'private' } : { access: 'workspace', workspace_role: everybody }
  const answer = await send({ method: 'PATCH', path: of(board, 'sharing'), body, ifMatch: '*' })
  return everybodyOf(answer.body)
}

function everybodyOf(value: unknown): Everybody {
  const from = recordOf<Wire.Policy>(value, 'who may do what')
  if (from['access'] !== 'workspace') return null
  const role = readRole(from['workspace_role'])
  return role === 'owner' ? 'editor' : role
}

// ---- share links

export async function listShareLinks(board: string, signal?: AbortSignal): Promise<readonly ShareLink[]> {
  const { body } = await send({ method: 'GET', path: of(board, 'share-links'), signal })
  return dataOf(body, 'a list of share links', readLink)
}

/** The address is in this answer and in no other. */
export async function createShareLink(
  board: string,
  made: NewShareLink,
): Promise<{ link: ShareLink; url: string }> {
  const body = {
    role: made.role,
    ...(made.label !== '' && { label: made.label }),
    ...(made.password !== '' && { password: made.password }),
    ...(made.expiresAt !== null && { expires_at: new Date(made.expiresAt).toISOString() }),
    ...(made.usesMax !== null && { max_uses: made.usesMax }),
  }
  const answer = await send({ method: 'POST', path: of(board, 'share-links'), body })
  const from = recordOf<Wire.NewLinkMade>(answer.body, 'a share link')
  return { link: readLink(from), url: addressOf(from, '/s/') }
}

export async function revokeShareLink(board: string, link: string): Promise<void> {
  await send({ method: 'DELETE', path: `${of(board, 'share-links')}/${encodeURIComponent(link)}` })
}

// ---- invitations

export async function listInvitations(board: string, signal?: AbortSignal): Promise<readonly Invitation[]> {
  const { body } = await send({ method: 'GET', path: of(board, 'invitations'), signal })
  return dataOf(body, 'a list of invitations', readInvitation)
}

/** The address is in this answer and in no other. */
export async function createInvitation(
  board: string,
  made: NewInvitation,
): Promise<{ invitation: Invitation; url: string }> {
  const body = {
    role: made.role,
    ...(made.email !== '' && { email: made.email }),
    ...(made.message !== '' && { message: made.message }),
  }
  const answer = await send({ method: 'POST', path: of(board, 'invitations'), body })
  const from = recordOf<Wire.NewInvitationMade>(answer.body, 'an invitation')
  return { invitation: readInvitation(from), url: addressOf(from, '/invite/') }
}

export async function revokeInvitation(board: string, invitation: string): Promise<void> {
  await send({ method: 'DELETE', path: `${of(board, 'invitations')}/${encodeURIComponent(invitation)}` })
}

export async function getInvitation(token: string, signal?: AbortSignal): Promise<OpenInvitation> {
  const { body } = await send({ method: 'GET', path: `/invitations/${encodeURIComponent(token)}`, signal })
  const from = recordOf<Wire.OpenInvitation>(body, 'an invitation')
  const board = recordOf<Wire.InvitedTo>(from['board'], 'a board')
  return {
    board: { id: text(board, 'id'), title: text(board, 'title') },
    role: readRole(from['role']),
    by: optionalText(from, 'by'),
    email: optionalText(from, 'email'),
    message: optionalText(from, 'message'),
  }
}

/** Answers the board. */
export async function acceptInvitation(token: string): Promise<string> {
  const path = `/invitations/${encodeURIComponent(token)}/accept`
  const { body } = await send({ method: 'POST', path })
  return text(recordOf<Wire.Accepted>(body, 'a board'), 'board')
}

export async function declineInvitation(token: string): Promise<void> {
  await send({ method: 'POST', path: `/invitations/${encodeURIComponent(token)}/decline` })
}

// ---- access requests

export async function askForAccess(board: string, role: Role, message: string): Promise<void> {
  const body = { role, ...(message !== '' && { message }) }
  await send({ method: 'POST', path: of(board, 'access-requests'), body })
}

export async function listAccessRequests(
  board: string,
  signal?: AbortSignal,
): Promise<readonly AccessRequest[]> {
  const { body } = await send({ method: 'GET', path: of(board, 'access-requests'), signal })
  return dataOf(body, 'a list of requests', (one) => {
    const from = recordOf<Wire.AccessRequest>(one, 'a request')
    return {
      id: text(from, 'id'),
      user: readPerson(from['user']),
      role: readRole(from['role']),
      message: optionalText(from, 'message'),
      askedAt: time(from, 'asked_at'),
    }
  })
}

export async function approveRequest(board: string, id: string, role: Role): Promise<void> {
  const path = `${of(board, 'access-requests')}/${encodeURIComponent(id)}/approve`
  await send({ method: 'POST', path, body: { role } })
}

export async function denyRequest(board: string, id: string): Promise<void> {
  await send({ method: 'POST', path: `${of(board, 'access-requests')}/${encodeURIComponent(id)}/deny` })
}

// ---- readers

function of(board: string, part: string): string {
  return `/boards/${encodeURIComponent(board)}/${part}`
}

function readPerson(value: unknown): Person {
  const from = recordOf<Wire.Person>(value, 'a person')
  return {
    id: text(from, 'id'),
    name: text(from, 'name'),
    disabled: from['disabled'] === true,
    avatarUrl: ownPath(from['avatar_url']),
    email: optionalText(from, 'email'),
  }
}

function readMember(value: unknown): Member {
  const from = recordOf<Wire.Member>(value, 'a member')
  return { user: readPerson(from['user']), role: readRole(from['role']), since: time(from, 'since') }
}

function readLink(value: unknown): ShareLink {
  const from = recordOf<Wire.ShareLink>(value, 'a share link')
  return {
    id: text(from, 'id'),
    role: readRole(from['role']),
    label: optionalText(from, 'label'),
    hasPassword: from['has_password'] === true,
    expiresAt: optionalTime(from, 'expires_at'),
    usesMax: optionalCount(from, 'max_uses'),
    uses: countOf(from, 'uses'),
    createdAt: time(from, 'created_at'),
    revokedAt: optionalTime(from, 'revoked_at'),
  }
}

function readInvitation(value: unknown): Invitation {
  const from = recordOf<Wire.Invitation>(value, 'an invitation')
  return {
    id: text(from, 'id'),
    email: optionalText(from, 'email'),
    role: readRole(from['role']),
    message: optionalText(from, 'message'),
    expiresAt: time(from, 'expires_at'),
    state: text(from, 'state'),
  }
}

/** As the server is known to the world; it is shown and copied, not followed. */
function addressOf(from: Unread<Wire.NewLinkMade>, path: string): string {
  const url = optionalText(from, 'url')
  return url !== null && /^https?:/.test(url)
    ? url
    : new URL(address(`${path}${text(from, 'token')}`), location.href).href
}
