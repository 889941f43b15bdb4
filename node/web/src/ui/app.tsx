import { useEffect } from 'react'
import { LazyBoard, loadBoardPage } from './lazy-board'
import { LostPage } from './lost-page'
import { PageBoundary } from './page-boundary'
import { TipLayer } from './parts/tip'
import { ToastLayer } from './parts/toasts'
import { useRoute } from './router'
import { StartPage } from './start/start-page'

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
        {route.page === 'board' && <LazyBoard board={route.board} />}
        {route.page === 'lost' && <LostPage />}
      </PageBoundary>
      <ToastLayer aboveTools={route.page === 'board'} />
      <TipLayer />
    </>
  )
}
