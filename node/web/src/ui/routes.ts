/** The addresses of the app. */

export type Route =
  | { readonly page: 'start'; readonly view: 'boards' | 'trash' }
  | { readonly page: 'board'; readonly board: string }
  | { readonly page: 'lost' }

export const paths = {
  boards: '/',
  trash: '/?view=trash',
  board: (id: string) => `/b/${id}`,
} as const

export function parseRoute(pathname: string, search: string): Route {
  if (pathname === '/') {
    const view = new URLSearchParams(search).get('view')
    return { page: 'start', view: view === 'trash' ? 'trash' : 'boards' }
  }
  const board = /^\/b\/([A-Za-z0-9_-]{1,64})\/?$/.exec(pathname)?.[1]
  return board === undefined ? { page: 'lost' } : { page: 'board', board }
}
