import { useEffect, useState } from 'react'
import { account } from '../api/browser-session'
import { useStanding } from './who'

/**
 * Whether it is known by now that this server has no accounts. A browser in which nobody ever signed in takes that for
 * granted, and nothing on a page that asks for nothing else would find out.
 */
export function useNoAccounts(): boolean {
  const open = useStanding().at === 'open'
  const [asked, setAsked] = useState(false)
  useEffect(() => {
    if (!open) return
    const over = new AbortController()
    void (async () => {
      await account.challenged(null).catch(() => null)
      if (!over.signal.aborted) setAsked(true)
    })()
    return () => over.abort()
  }, [open])
  return open && asked
}
