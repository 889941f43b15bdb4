/**
 * Pages that are fetched when they are needed: the editor is the larger half of the client, and the list of boards
 * does without it.
 *
 * Not `React.lazy`: React keeps a Suspense fallback for at least 300 ms once it was shown, so that every board would
 * open that much later than its code is there.
 */

import type { ComponentType, ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { Opening } from './parts/opening'
import { fetchWhenQuiet } from './quiet'

export interface LazyPage<P> {
  readonly Page: ComponentType<P>
  /** Asking again after a failure tries again. */
  readonly preload: () => Promise<unknown>
}

const RETRY_MS = 2_000

type Loading<P> =
  | { readonly at: 'loading' }
  | { readonly at: 'ready'; readonly Loaded: ComponentType<P> }
  | { readonly at: 'failed'; readonly failure: unknown }

/** A part of a page that its first view does without. Where there is time, it is fetched before it is asked for. */
export function lazyPart<P extends object>(
  load: () => Promise<ComponentType<P>>,
  waiting: string,
): ComponentType<P> {
  const { Page, preload } = lazy(load, waiting === '' ? null : <p className="sr-only">{waiting}</p>, true)
  fetchWhenQuiet(preload)
  return Page
}

/** `waiting` is said to who listens while it comes. */
export function lazyPage<P extends object>(
  load: () => Promise<ComponentType<P>>,
  waiting: string,
): LazyPage<P> {
  return lazy(load, <Opening label={waiting} />)
}

function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  waiting: ReactNode,
  patient = false,
): LazyPage<P> {
  let loaded: ComponentType<P> | null = null
  let loading: Promise<ComponentType<P>> | null = null

  function preload(): Promise<ComponentType<P>> {
    loading ??= load().then(
      (Loaded) => (loaded = Loaded),
      (failure: unknown) => {
        loading = null
        throw failure
      },
    )
    return loading
  }

  function Page(props: P) {
    const [state, setState] = useState<Loading<P>>(() =>
      loaded === null ? { at: 'loading' } : { at: 'ready', Loaded: loaded },
    )
    useEffect(() => {
      if (state.at !== 'loading') return
      preload().then(
        (Loaded) => setState({ at: 'ready', Loaded }),
        (failure: unknown) => setState({ at: 'failed', failure }),
      )
    }, [state.at])

    useEffect(() => {
      if (state.at !== 'failed' || !patient) return
      const timer = setTimeout(() => setState({ at: 'loading' }), RETRY_MS)
      return () => clearTimeout(timer)
    }, [state.at])

    switch (state.at) {
      case 'loading':
        return waiting
      case 'ready':
        return <state.Loaded {...props} />
      case 'failed':
        // A part that cannot be had now, since the server is away, takes nothing else with it.
        if (patient) return waiting
        // For the boundary around the page.
        throw state.failure
    }
  }

  return { Page, preload }
}
