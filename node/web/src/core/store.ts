/**
 * A value that can be read at any time and tells its readers when it was replaced.
 *
 * The whole client shares this one notion of observable state; React reads it through
 * `useSyncExternalStore` in `ui/`. Listeners are called synchronously after `set`, and only when
 * the value is another one (`Object.is`).
 */
export interface Store<T> {
  get(): T
  /** Calls `listener` after every change; the answer ends the subscription. */
  subscribe(listener: () => void): () => void
}

export interface WritableStore<T> extends Store<T> {
  set(value: T): void
}

export function createStore<T>(initial: T): WritableStore<T> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      // A copy, so that a listener may unsubscribe itself or others while being called.
      for (const listener of [...listeners]) listener()
    },
    subscribe(listener) {
      // Wrapped, so that the same function subscribed twice counts twice.
      const own = () => listener()
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    },
  }
}
