import { useEffect, useState } from 'react'

const EVERY_MS = 20_000

/** The time, often enough for “5 minutes ago” to stay true. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return nowMs
}
