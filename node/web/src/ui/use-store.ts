/** React's way into the client's one notion of observable state. */

import { useRef, useSyncExternalStore } from 'react'
import type { Store } from '../core/store'

/** Renders again only when what `select` picks is another value; `same` widens what counts as the same. */
export function useStore<T, S>(
  store: Store<T>,
  select: (value: T) => S,
  same: (a: S, b: S) => boolean = Object.is,
): S {
  const last = useRef<{ value: S } | null>(null)
  const read = (): S => {
    const next = select(store.get())
    // React compares by identity, so the earlier value is handed out again while it is the same.
    if (last.current !== null && same(last.current.value, next)) return last.current.value
    last.current = { value: next }
    return next
  }
  return useSyncExternalStore(store.subscribe, read)
}

/** For selectors that make a new object: the same when every member is. */
export function shallowSame<T extends object>(a: T, b: T): boolean {
  const keys = Object.keys(a) as (keyof T)[]
  return keys.length === Object.keys(b).length && keys.every((key) => Object.is(a[key], b[key]))
}
