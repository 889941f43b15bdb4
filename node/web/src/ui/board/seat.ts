/** Who sits at a board in this tab: by their account, as a guest by a share link, or as anybody. */

import { useEffect, useMemo } from 'react'
import { account } from '../../api/browser-session'
import type { Visit } from '../../api/visit'
import { ownerOfVisit, visitOf, visitStore } from '../../api/visit'
import { visitBearer } from '../../api/visit-token'
import { personColor } from '../../core/person-color'
import type { Credential } from '../../sync/session'
import { noteVisit } from '../../sync/visits'
import type { Profile } from '../profile'
import { useProfile } from '../profile'
import { useStore } from '../use-store'
import { ownerOf } from '../who'

const VISIT_CHECK_EVERY_MS = 30_000

export interface Seat {
  /** Whom what this browser keeps belongs to; empty where there are no accounts. */
  readonly owner: string
  readonly user: Profile
  readonly named: 'here' | 'account' | 'guest'
  readonly visit: Visit | null
}

export function useSeat(board: string): Seat {
  const standing = useStore(account.standing, (value) => value)
  const profile = useProfile()
  const visit = useMemo(() => visitOf(board), [board])
  return useMemo(() => {
    if (visit !== null) {
      const name = visit.name ?? profile.name
      return { owner: ownerOfVisit(visit.id), user: { ...profile, name }, named: 'guest', visit }
    }
    const owner = ownerOf(standing)
    const name = standing.at === 'in' ? standing.me.name : profile.name
    const color = personColor({ id: owner === '' ? null : owner, color: profile.color })
    return { owner, user: { name, color }, named: owner === '' ? 'here' : 'account', visit: null }
  }, [standing, profile, visit])
}

/** What speaks for them to the server; undefined where nobody is asked. */
export function credentialOf({ owner, visit }: Seat): Credential | undefined {
  if (visit !== null) {
    noteVisit(visit.id, Date.now())
    const store = visitStore(visit.board)
    return {
      held: { get: () => store.get()?.token ?? null, subscribe: store.subscribe },
      token: () => visitBearer(store.get() ?? visit),
    }
  }
  return owner === '' ? undefined : credentialOfUser(owner)
}

/** Never another person's token: what waits in this tab to be sent is the owner's. */
function credentialOfUser(owner: string): Credential {
  const isTheirs = () => ownerOf(account.standing.get()) === owner
  return {
    held: { get: () => (isTheirs() ? account.token.get() : null), subscribe: account.token.subscribe },
    async token() {
      const token = await account.bearer()
      if (token === null || !isTheirs()) throw new Error('signed out')
      return token
    },
  }
}

/** A page that nobody looks at asks the server nothing by itself, and its visit is not to end for that. */
export function useVisitKept({ visit }: Seat): void {
  useEffect(() => {
    if (visit === null) return
    const store = visitStore(visit.board)
    const keep = () => void visitBearer(store.get() ?? visit).catch(() => undefined)
    const timer = setInterval(keep, VISIT_CHECK_EVERY_MS)
    return () => clearInterval(timer)
  }, [visit])
}
