import type { Role } from '../../api/role'
import { isAtLeast, ROLES } from '../../api/role'
import { strings } from '../strings'

export interface RoleOption<T extends string> {
  readonly value: T
  readonly label: string
}

/** Nobody gives more than they have. */
export function rolesUpTo(mine: Role): readonly RoleOption<Role>[] {
  return ROLES.filter((role) => isAtLeast(mine, role)).map((value) => ({
    value,
    label: strings.roles[value],
  }))
}

/** Nobody comes to own a board by a link. */
export function rolesByLink(mine: Role): readonly RoleOption<Role>[] {
  return rolesUpTo(mine).filter(({ value }) => value !== 'owner')
}
