import { expect, test } from 'vitest'
import { parseRoute, paths } from './routes'

test.each([
  ['/', '', { page: 'start', view: 'boards' }],
  ['/', '?view=trash', { page: 'start', view: 'trash' }],
  ['/', '?view=other', { page: 'start', view: 'boards' }],
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
  expect(parseRoute(trash.pathname, trash.search)).toEqual({ page: 'start', view: 'trash' })
})
