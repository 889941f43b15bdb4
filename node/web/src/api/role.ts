/** What somebody is on a board. Each may do what the ones before may. */

import type { Role } from './schema.gen'

export type { Role }

export const ROLES: readonly Role[] = ['viewer', 'commenter', 'editor', 'owner']

/** A role this client does not know may look and not touch. */
export function readRole(value: unknown): Role {
  return ROLES.find((role) => role === value) ?? 'viewer'
}

export function isAtLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}
