import { expect, test } from 'vitest'
import { parseRoute, paths } from './routes'

test.each([
  ['/', '', { page: 'start', section: 'boards' }],
  ['/', '?view=trash', { page: 'start', section: 'trash' }],
  ['/', '?view=shared', { page: 'start', section: 'shared' }],
  ['/', '?view=other', { page: 'start', section: 'boards' }],
  ['/setup', '', { page: 'setup' }],
  ['/reset', '', { page: 'reset' }],
  ['/account/', '', { page: 'account' }],
  ['/admin', '', { page: 'admin' }],
  ['/signin', '', { page: 'sign-in', back: '/' }],
  ['/signin', '?to=%2Fb%2Fbrd_01h', { page: 'sign-in', back: '/b/brd_01h' }],
  ['/signin', '?to=%2F%2Felsewhere', { page: 'sign-in', back: '/' }],
  ['/signin', '?to=https%3A%2F%2Felsewhere', { page: 'sign-in', back: '/' }],
  ['/signup', '?to=%2F%5Celsewhere', { page: 'sign-up', back: '/' }],
  ['/invite/aZ09', '', { page: 'invite', token: 'aZ09' }],
  ['/s/aZ09', '', { page: 'visit', token: 'aZ09' }],
  ['/s/', '', { page: 'lost' }],
  ['/b/brd_01h', '', { page: 'board', board: 'brd_01h' }],
  ['/b/brd_01h/', '', { page: 'board', board: 'brd_01h' }],
  ['/b/', '', { page: 'lost' }],
  ['/b/a%2Fb', '', { page: 'lost' }],
  ['/b/a/b', '', { page: 'lost' }],
  ['/boards', '', { page: 'lost' }],
])('%s%s', (pathname, search, route) => {
  expect(parseRoute(pathname, search)).toEqual(route)
})

test('a path that is made is understood', () => {
  expect(parseRoute(paths.board('brd_01h'), '')).toEqual({ page: 'board', board: 'brd_01h' })
  const trash = new URL(paths.trash, 'http://localhost')
  expect(parseRoute(trash.pathname, trash.search)).toEqual({ page: 'start', section: 'trash' })
  const back = new URL(paths.signIn('/b/brd_01h?x=1'), 'http://localhost')
  expect(parseRoute(back.pathname, back.search)).toEqual({ page: 'sign-in', back: '/b/brd_01h?x=1' })
})
