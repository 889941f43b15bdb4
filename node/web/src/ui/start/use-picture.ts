/** A board's picture as an address for `<img>`: its own where nobody is asked who they are, else what was fetched. */

import { useEffect, useState } from 'react'
import { account } from '../../api/browser-session'
import { getPreview } from '../../api/client'
import { useStanding } from '../who'

/** Scrolling back shows what was there, without asking again; the oldest go. */
const PICTURES_MAX = 200

const fetched = new Map<string, string>()

/** `failed` when there is none; null while it is on its way. */
export function usePicture(url: string, wanted: boolean): string | 'failed' | null {
  const open = useStanding().at === 'open'
  const [state, setState] = useState<{ readonly of: string; readonly is: string } | null>(null)
  useEffect(() => {
    if (open || !wanted || fetched.has(url)) return
    const over = new AbortController()
    getPreview(url, over.signal).then(
      (picture) => !over.signal.aborted && setState({ of: url, is: keep(url, picture) }),
      () => !over.signal.aborted && setState({ of: url, is: 'failed' }),
    )
    return () => over.abort()
  }, [url, wanted, open])

  if (!wanted) return null
  if (open) return url
  return fetched.get(url) ?? (state?.of === url ? state.is : null)
}

/** Nobody else may see what one person's boards look like. */
account.standing.subscribe(() => {
  if (account.standing.get().at === 'in') return
  for (const address of fetched.values()) URL.revokeObjectURL(address)
  fetched.clear()
})

function keep(url: string, picture: Blob): string {
  const address = URL.createObjectURL(picture)
  fetched.set(url, address)
  for (const [oldest, its] of fetched) {
    if (fetched.size <= PICTURES_MAX) break
    fetched.delete(oldest)
    URL.revokeObjectURL(its)
  }
  return address
}
