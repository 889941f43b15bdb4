import { useEffect } from 'react'
import { visitOf } from '../api/visit'
import { ConfirmLayer } from './confirm'
import type { LazyPage } from './lazy-page'
import { lazyPage } from './lazy-page'
import { LostPage } from './lost-page'
import { PageBoundary } from './page-boundary'
import { TipLayer } from './parts/tip'
import { ToastLayer } from './parts/toasts'
import { useRoute } from './router'
import type { Route } from './routes'
import { SignOutLayer } from './sign-out'
import { strings } from './strings'
import { ownerOf, useStanding } from './who'

const board = lazyPage(() => import('./board/board-page').then((part) => part.default), strings.board.loading)
const entry = <P extends object>(load: () => Promise<{ default: React.ComponentType<P> }>): LazyPage<P> =>
  lazyPage(() => load().then((part) => part.default), strings.account.loading)
const start = lazyPage(() => import('./start/start-page').then((part) => part.default), strings.start.loading)
const account = entry(() => import('./account/account-page'))
const admin = entry(() => import('./admin/admin-page'))
const signIn = entry(() => import('./entry/sign-in-page'))
const signUp = entry(() => import('./entry/sign-up-page'))
const setup = entry(() => import('./entry/setup-page'))
const reset = entry(() => import('./entry/reset-page'))
const invite = entry(() => import('./entry/invite-page'))
const visit = entry(() => import('./entry/visit-page'))

export function App() {
  const route = useRoute()
  const standing = useStanding()

  // Fetched in a quiet moment, so that opening a board does not wait for it.
  useEffect(() => {
    const timer = setTimeout(() => void board.preload().catch(() => undefined), 1_500)
    return () => clearTimeout(timer)
  }, [])

  // Another person begins with a page of their own: nothing of the one before is left in it.
  const owner = isPersonal(route) ? ownerOf(standing) : ''
  const key = `${route.page === 'board' ? route.board : route.page} ${owner}`
  return (
    <>
      <PageBoundary key={key}>
        {standing.at === 'out' && asksWho(route) ? (
          <signIn.Page {...(route.page === 'board' && { reason: strings.signIn.board })} />
        ) : (
          <Page route={route} />
        )}
      </PageBoundary>
      <ConfirmLayer />
      <SignOutLayer />
      <ToastLayer aboveTools={route.page === 'board'} />
      <TipLayer />
    </>
  )
}

const PERSONAL: ReadonlySet<Route['page']> = new Set(['start', 'account', 'admin', 'board'])

function isPersonal(route: Route): boolean {
  return PERSONAL.has(route.page)
}

/** Who has come by a share link needs no account. */
function asksWho(route: Route): boolean {
  return isPersonal(route) && !(route.page === 'board' && visitOf(route.board) !== null)
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'start':
      return <start.Page section={route.section} />
    case 'board':
      return <board.Page board={route.board} />
    case 'setup':
      return <setup.Page />
    case 'reset':
      return <reset.Page />
    case 'sign-in':
      return <signIn.Page back={route.back} />
    case 'sign-up':
      return <signUp.Page back={route.back} />
    case 'invite':
      return <invite.Page token={route.token} />
    case 'visit':
      return <visit.Page token={route.token} />
    case 'account':
      return <account.Page />
    case 'admin':
      return <admin.Page />
    case 'lost':
      return <LostPage />
  }
}
