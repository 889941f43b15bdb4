import { expect, test } from 'vitest'
import type { Board, BoardPage } from '../../api/client'
import type { FetchBoards, ListView } from './board-list'
import { createBoardList } from './board-list'

const RECENT: ListView = { section: 'boards', sort: '-updated_at', query: '' }

interface Asked {
  readonly view: ListView & { cursor: string | null }
  readonly signal: AbortSignal
  answer(ids: string, nextCursor?: string): Promise<void>
  fail(): Promise<void>
}

function server(): { fetchBoards: FetchBoards; asked: Asked[] } {
  const asked: Asked[] = []
  const fetchBoards: FetchBoards = (view, signal) =>
    new Promise<BoardPage>((resolve, reject) => {
      asked.push({
        view,
        signal,
        async answer(ids, nextCursor) {
          resolve({ boards: ids.split(' ').filter(Boolean).map(board), nextCursor: nextCursor ?? null })
          await Promise.resolve()
        },
        async fail() {
          reject(new Error('no'))
          await Promise.resolve()
          await Promise.resolve()
        },
      })
    })
  return { fetchBoards, asked }
}

function board(id: string): Board {
  return {
    id,
    title: id,
    createdAt: 0,
    updatedAt: 0,
    trashedAt: null,
    archivedAt: null,
    seq: 0,
    role: 'owner',
    may: { edit: true, comment: true, share: true, copy: true, own: true },
    starred: false,
    owner: null,
    present: 0,
    syncUrl: '',
    previewUrl: '',
  }
}

function setUp() {
  const { fetchBoards, asked } = server()
  const list = createBoardList(fetchBoards, RECENT)
  const last = () => {
    const one = asked.at(-1)
    if (one === undefined) throw new Error('nothing was asked')
    return one
  }
  const shown = () => {
    const { phase, boards, more } = list.state.get()
    return `${phase}: ${boards.map((one) => one.id).join(' ')}${more ? ' …' : ''}`
  }
  return { list, asked, last, shown }
}

test('pages are appended, and a board that comes twice stands once', async () => {
  const { list, last, shown } = setUp()
  expect(shown()).toBe('loading: ')
  await last().answer('a b', 'c1')
  expect(shown()).toBe('ready: a b …')
  list.loadMore()
  expect(last().view.cursor).toBe('c1')
  await last().answer('b c')
  expect(shown()).toBe('ready: a b c')
})

test('more that is wanted while the list is refreshed comes after it', async () => {
  const { list, asked, last, shown } = setUp()
  await last().answer('a b', 'c1')
  list.refresh()
  list.loadMore()
  expect(asked).toHaveLength(2)
  await last().answer('a b', 'c1')
  expect(last().view.cursor).toBe('c1')
  await last().answer('c')
  expect(shown()).toBe('ready: a b c')
  expect(asked).toHaveLength(3)
})

test('more that was wanted of one view is not asked of the next', async () => {
  const { list, asked, last } = setUp()
  await last().answer('a b', 'c1')
  list.refresh()
  list.loadMore()
  list.setView({ ...RECENT, query: 'x' })
  await last().answer('x1', 'c2')
  expect(asked).toHaveLength(3)
})

test('the end is not asked for again', async () => {
  const { list, asked, last } = setUp()
  await last().answer('a')
  list.loadMore()
  expect(asked).toHaveLength(1)
})

test('a view that is left does not answer later', async () => {
  const { list, asked, last, shown } = setUp()
  await last().answer('a b')
  list.setView({ ...RECENT, query: 'x' })
  list.setView({ ...RECENT, query: 'xy' })
  expect(shown()).toBe('switching: a b')
  expect(asked[1]?.signal.aborted).toBe(true)
  await asked[1]?.answer('old')
  await last().answer('xy1')
  expect(shown()).toBe('ready: xy1')
})

test('the trash never shows boards that are not in it', async () => {
  const { list, last, shown } = setUp()
  await last().answer('a b')
  list.setView({ ...RECENT, section: 'trash' })
  expect(shown()).toBe('loading: ')
})

test('a refresh that was asked for before a board was removed does not bring it back', async () => {
  const { list, asked, last, shown } = setUp()
  await last().answer('a b')
  list.refresh()
  list.remove('a')
  await asked[1]?.answer('a b')
  expect(shown()).toBe('ready: b')
})

test('a refresh keeps what was loaded beyond the first page, in order', async () => {
  const { list, last, shown } = setUp()
  const many = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => String(from + at).padStart(3, '0')).join(' ')
  await last().answer(many(0, 60), 'c1')
  list.loadMore()
  await last().answer(many(60, 120), 'c2')
  list.refresh()
  // 070 was edited, so it leads; 005 was deleted.
  await last().answer(`070 ${many(0, 5)} ${many(6, 60)}`, 'c3')
  expect(shown()).toBe(`ready: 070 ${many(0, 5)} ${many(6, 70)} ${many(71, 120)} …`)
})

test('a failure keeps what is shown, and the next answer clears it', async () => {
  const { list, last, shown } = setUp()
  await last().answer('a')
  list.refresh()
  await last().fail()
  expect(shown()).toBe('ready: a')
  expect(list.state.get().failure).toBeInstanceOf(Error)
  list.refresh()
  await last().answer('a b')
  expect(list.state.get().failure).toBeNull()
})

test('with nothing to show a failure is all there is, until it can be asked again', async () => {
  const { list, last, shown } = setUp()
  await last().fail()
  expect(shown()).toBe('failed: ')
  list.refresh()
  await last().answer('a')
  expect(shown()).toBe('ready: a')
})
