/** The addresses of the app. */

import type { Section } from '../api/client'

export type Route =
  | { readonly page: 'start'; readonly section: Section }
  | { readonly page: 'board'; readonly board: string }
  /** The secret stands behind `#`, which no server and no log gets to see. */
  | { readonly page: 'setup' }
  | { readonly page: 'reset' }
  | { readonly page: 'sign-in'; readonly back: string }
  | { readonly page: 'sign-up'; readonly back: string }
  | { readonly page: 'invite'; readonly token: string }
  | { readonly page: 'visit'; readonly token: string }
  | { readonly page: 'account' }
  | { readonly page: 'admin' }
  | { readonly page: 'lost' }

const SECTIONS: readonly Section[] = ['boards', 'starred', 'recent', 'shared', 'archive', 'trash']

export const paths = {
  boards: '/',
  trash: '/?view=trash',
  section: (section: Section) => (section === 'boards' ? '/' : `/?view=${section}`),
  board: (id: string) => `/b/${id}`,
  signIn: (back = '/') => `/signin${toBack(back)}`,
  signUp: (back = '/') => `/signup${toBack(back)}`,
  visit: (token: string) => `/s/${token}`,
  account: '/account',
  admin: '/admin',
} as const

export function parseRoute(pathname: string, search: string): Route {
  const params = new URLSearchParams(search)
  switch (pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname) {
    case '/': {
      const view = params.get('view')
      return { page: 'start', section: SECTIONS.find((one) => one === view) ?? 'boards' }
    }
    case '/setup':
      return { page: 'setup' }
    case '/reset':
      return { page: 'reset' }
    case '/signin':
      return { page: 'sign-in', back: backOf(params) }
    case '/signup':
      return { page: 'sign-up', back: backOf(params) }
    case '/account':
      return { page: 'account' }
    case '/admin':
      return { page: 'admin' }
  }
  const [, place, name] = /^\/(b|s|invite)\/([A-Za-z0-9_-]{1,128})\/?$/.exec(pathname) ?? []
  if (place === undefined || name === undefined) return { page: 'lost' }
  if (place === 's') return { page: 'visit', token: name }
  if (place === 'invite') return { page: 'invite', token: name }
  return name.length <= 64 ? { page: 'board', board: name } : { page: 'lost' }
}

function toBack(back: string): string {
  return back === '/' ? '' : `?to=${encodeURIComponent(back)}`
}

/** Only a path of this app: a link must not lead somebody who has just signed in elsewhere. */
function backOf(params: URLSearchParams): string {
  const to = params.get('to') ?? '/'
  return /^\/(?![/\\])/.test(to) ? to : '/'
}
