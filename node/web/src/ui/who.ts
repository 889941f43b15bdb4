/** Who uses this page, for React. */

import { account } from '../api/browser-session'
import type { Me, Standing } from '../api/session'
import { useStore } from './use-store'

export function useStanding(): Standing {
  return useStore(account.standing, (standing) => standing)
}

/** Null as long as nobody is known to be signed in. */
export function useMe(): Me | null {
  return useStore(account.standing, (standing) => (standing.at === 'in' ? standing.me : null))
}

/** Whom what this browser keeps belongs to; empty where there are no accounts. */
export function ownerOf(standing: Standing): string {
  switch (standing.at) {
    case 'in':
      return standing.me.id
    case 'returning':
      return standing.user
    case 'open':
    case 'out':
      return ''
  }
}
