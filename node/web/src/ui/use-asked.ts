import { useCallback, useEffect, useRef, useState } from 'react'

export type Asked<T> =
  | { readonly at: 'waiting' }
  | { readonly at: 'known'; readonly value: T }
  | { readonly at: 'failed'; readonly failure: unknown }

export interface UseAsked<T> {
  readonly state: Asked<T>
  readonly again: () => void
  /** Takes what a write answered. */
  readonly put: (value: T) => void
}

/** Asks when it is first shown. Another question takes another `key`; `ask` is one that stays the same. */
export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>): UseAsked<T> {
  const [state, setState] = useState<Asked<T>>({ at: 'waiting' })
  const current = useRef(new AbortController())
  const again = useCallback(() => {
    current.current.abort()
    const over = new AbortController()
    current.current = over
    ask(over.signal).then(
      (value) => !over.signal.aborted && setState({ at: 'known', value }),
      (failure: unknown) => !over.signal.aborted && setState({ at: 'failed', failure }),
    )
  }, [ask])
  useEffect(() => {
    again()
    return () => current.current.abort()
  }, [again])
  const put = useCallback((value: T) => {
    // What was asked for before a write would show things as they were before it.
    current.current.abort()
    setState({ at: 'known', value })
  }, [])
  return { state, again, put }
}
