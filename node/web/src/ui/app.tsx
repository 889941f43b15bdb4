import { lazy, Suspense, useEffect } from 'react'
import { LostPage } from './lost-page'
import { PageBoundary } from './page-boundary'
import { TipLayer } from './parts/tip'
import { ToastLayer } from './parts/toasts'
import { useRoute } from './router'
import { StartPage } from './start/start-page'
import { strings } from './strings'

/** The editor is the larger half of the client; the list of boards does without it. */
const loadBoardPage = () => import('./board/board-page')
const BoardPage = lazy(loadBoardPage)

export function App() {
  const route = useRoute()

  // Fetched in a quiet moment, so that opening a board does not wait for it.
  useEffect(() => {
    const timer = setTimeout(() => void loadBoardPage().catch(() => undefined), 1_500)
    return () => clearTimeout(timer)
  }, [])

  return (
    <>
      <PageBoundary key={route.page === 'board' ? route.board : route.page}>
        {route.page === 'start' && <StartPage view={route.view} />}
        {route.page === 'board' && (
          <Suspense fallback={<p className="full sr-only">{strings.board.loading}</p>}>
            <BoardPage board={route.board} />
          </Suspense>
        )}
        {route.page === 'lost' && <LostPage />}
      </PageBoundary>
      <ToastLayer aboveTools={route.page === 'board'} />
      <TipLayer />
    </>
  )
}
