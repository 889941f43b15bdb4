/**
 * The board page, fetched when it is needed: the editor is the larger half of the client, and the
 * list of boards does without it.
 *
 * Not `React.lazy`: React keeps a Suspense fallback for at least 300 ms once it was shown, so that
 * every board would open that much later than its code is there.
 */

import { useEffect, useState } from 'react'
import { strings } from './strings'

type BoardPage = (typeof import('./board/board-page'))['default']

let loaded: BoardPage | null = null
let loading: Promise<BoardPage> | null = null

/** Asking again after a failure tries again. */
export function loadBoardPage(): Promise<BoardPage> {
  loading ??= import('./board/board-page').then(
    (module) => {
      loaded = module.default
      return module.default
    },
    (failure: unknown) => {
      loading = null
      throw failure
    },
  )
  return loading
}

type Loading =
  | { readonly at: 'loading' }
  | { readonly at: 'ready'; readonly Page: BoardPage }
  | { readonly at: 'failed'; readonly failure: unknown }

export function LazyBoard({ board }: { board: string }) {
  const [state, setState] = useState<Loading>(() =>
    loaded === null ? { at: 'loading' } : { at: 'ready', Page: loaded },
  )

  useEffect(() => {
    if (state.at !== 'loading') return
    loadBoardPage().then(
      (Page) => setState({ at: 'ready', Page }),
      (failure: unknown) => setState({ at: 'failed', failure }),
    )
  }, [state.at])

  switch (state.at) {
    case 'loading':
      return <p className="full sr-only">{strings.board.loading}</p>
    case 'ready':
      return <state.Page board={board} />
    case 'failed':
      // For the boundary around the page.
      throw state.failure
  }
}
