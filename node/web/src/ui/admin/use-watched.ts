import { useEffect } from 'react'
import type { UseAsked } from '../use-asked'
import { useAsked } from '../use-asked'

/** Asks again and again while the page is seen: what it shows changes by itself. */
export function useWatched<T>(ask: (signal: AbortSignal) => Promise<T>, everyMs: number): UseAsked<T> {
  const asked = useAsked(ask)
  const { state, again } = asked
  useEffect(() => {
    if (state.at === 'waiting') return
    const look = () => {
      if (!document.hidden) again()
    }
    const timer = setInterval(look, everyMs)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [state, again, everyMs])
  return asked
}
