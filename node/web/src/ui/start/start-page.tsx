/** The boards of this node: find one, make one, name it, throw it away, bring it back. */

import { ArrowDownUp, ChevronLeft, Plus, Search, Trash2, X } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import * as api from '../../api/client'
import { EmptyArt, OfflineArt, TrashArt } from '../parts/art'
import { Glyph } from '../parts/glyph'
import { IconButton } from '../parts/icon-button'
import { Link } from '../parts/link'
import { Mark } from '../parts/mark'
import { Menu } from '../parts/menu'
import { Notice } from '../parts/notice'
import { ThemeButton } from '../parts/theme-button'
import { showToast } from '../parts/toasts'
import { pageIsComplete } from '../../shell/register'
import { isUnreachable, problemText } from '../problem'
import { navigate } from '../router'
import { paths } from '../routes'
import { strings } from '../strings'
import { useTheme } from '../theme'
import { useStore } from '../use-store'
import type { CardActions } from './board-card'
import { BoardCard } from './board-card'
import type { BoardList, ListState, ListView } from './board-list'
import { createBoardList } from './board-list'
import { VirtualGrid } from './virtual-grid'

const REFRESH_EVERY_MS = 5_000
const SEARCH_AFTER_MS = 180
const SORT_KEY = 'easel.sort'
const SORTS: readonly api.BoardSort[] = ['-updated_at', 'title']
const SORT_NAMES: Readonly<Record<api.BoardSort, string>> = {
  '-updated_at': strings.start.sortRecent,
  title: strings.start.sortTitle,
}

export function StartPage({ view }: { view: 'boards' | 'trash' }) {
  const trashed = view === 'trash'
  const [query, setQuery] = useState('')
  const [sort, setSort] = useState(readSort)
  const list = useBoardList({ trashed, sort, query: useDebounced(query, SEARCH_AFTER_MS) })
  const { create, creating } = useCreate()
  const search = useRef<HTMLInputElement>(null)
  useStartKeys(create, search)

  useEffect(() => {
    document.title = trashed ? `${strings.start.trashTitle} · ${strings.app}` : strings.app
  }, [trashed])

  return (
    <div className="start">
      <header className="start__bar">
        <div className="start__bar-inner">
          <Link to={paths.boards} className="brand" aria-label={strings.app}>
            <Mark />
            <span className="brand__name">{strings.app}</span>
          </Link>
          <SearchField query={query} onChange={setQuery} inputRef={search} />
          <div className="start__bar-end">
            <ThemeButton />
            <button
              type="button"
              className="button button--primary"
              data-testid="new-board"
              data-tip={strings.start.newBoard}
              data-tip-key={strings.start.newBoardKey}
              disabled={creating}
              onClick={create}
            >
              {creating ? <span className="spinner" aria-hidden="true" /> : <Glyph icon={Plus} />}
              <span className="start__new-label">{strings.start.newBoard}</span>
            </button>
          </div>
        </div>
      </header>
      <main className="start__main">
        <div className="start__head">
          <h1 className="start__title">{trashed ? strings.start.trashTitle : strings.start.title}</h1>
          <nav className="start__nav">
            {trashed ? (
              <Link to={paths.boards} className="button button--ghost" data-testid="nav-boards">
                <Glyph icon={ChevronLeft} size={16} />
                {strings.home}
              </Link>
            ) : (
              <Link to={paths.trash} className="button button--ghost" data-testid="nav-trash">
                <Glyph icon={Trash2} size={16} />
                {strings.start.trash}
              </Link>
            )}
          </nav>
          <SortButton
            sort={sort}
            onChoose={(next) => {
              keepSort(next)
              setSort(next)
            }}
          />
        </div>
        {trashed && <p className="start__hint">{strings.start.trashHint}</p>}
        <Boards list={list} create={create} creating={creating} clearSearch={() => setQuery('')} />
      </main>
    </div>
  )
}

function SearchField(props: {
  readonly query: string
  readonly onChange: (query: string) => void
  readonly inputRef: React.RefObject<HTMLInputElement | null>
}) {
  const { query, onChange, inputRef } = props
  return (
    <div className="search" role="search">
      <Glyph icon={Search} size={16} className="search__icon" />
      <input
        ref={inputRef}
        type="text"
        className="search__input"
        data-testid="search"
        placeholder={strings.start.search}
        aria-label={strings.start.search}
        value={query}
        spellCheck={false}
        autoComplete="off"
        enterKeyHint="search"
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          if (query === '') event.currentTarget.blur()
          else onChange('')
        }}
      />
      {query === '' ? (
        <kbd className="search__key" aria-hidden="true">
          /
        </kbd>
      ) : (
        <IconButton icon={X} size="small" label={strings.start.clearSearch} onClick={() => onChange('')} />
      )}
    </div>
  )
}

function SortButton({ sort, onChoose }: { sort: api.BoardSort; onChoose: (sort: api.BoardSort) => void }) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="button button--ghost"
        data-testid="sort"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={`${strings.start.sort}: ${SORT_NAMES[sort]}`}
        onClick={() => setOpen(!open)}
      >
        <Glyph icon={ArrowDownUp} size={16} />
        <span className="start__sort-label">{SORT_NAMES[sort]}</span>
      </button>
      {open && (
        <Menu
          anchor={anchor}
          placement="below-end"
          label={strings.start.sort}
          entries={SORTS.map((one) => ({
            kind: 'item',
            label: SORT_NAMES[one],
            checked: sort === one,
            testId: one === 'title' ? 'sort-title' : 'sort-recent',
            run: () => onChoose(one),
          }))}
          onClose={close}
        />
      )}
    </>
  )
}

interface BoardsProps {
  readonly list: BoardList
  readonly create: () => void
  readonly creating: boolean
  readonly clearSearch: () => void
}

function Boards(props: BoardsProps) {
  const { list } = props
  const state = useStore(list.state, (all) => all)
  const theme = useTheme()
  const nowMs = useNow()
  const actions = useMemo(() => cardActions(list), [list])
  const shown = state.phase === 'ready'
  useEffect(() => {
    if (shown) pageIsComplete()
  }, [shown])

  if (state.phase === 'loading') return <Skeletons />
  if (state.phase === 'failed') return <Failed failure={state.failure} retry={list.refresh} />
  if (state.boards.length === 0) return <Empty {...props} state={state} />
  return (
    <>
      {state.failure !== null && (
        <p className="start__stale" role="status">
          {strings.start.stale}
        </p>
      )}
      <VirtualGrid
        items={state.boards}
        label={state.view.trashed ? strings.start.trashTitle : strings.start.title}
        keyOf={(board) => board.id}
        render={(board) => <BoardCard board={board} theme={theme} nowMs={nowMs} actions={actions} />}
        onNearEnd={list.loadMore}
      />
    </>
  )
}

function Skeletons() {
  return (
    <div className="grid grid--skeleton" role="status" aria-label={strings.start.loading}>
      {['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => (
        <div key={key} className="card card--skeleton">
          <div className="card__preview" />
          <div className="card__foot">
            <div className="card__words">
              <span className="bone bone--title" />
              <span className="bone bone--meta" />
            </div>
          </div>
        </div>
      ))}
    </div>
  )
}

function Failed({ failure, retry }: { failure: unknown; retry: () => void }) {
  const unreachable = isUnreachable(failure)
  return (
    <Notice
      art={<OfflineArt />}
      role="alert"
      testId="unreachable"
      title={unreachable ? strings.start.unreachableTitle : strings.start.failedTitle}
      text={unreachable ? strings.start.unreachableText : problemText(failure)}
    >
      <button type="button" className="button button--secondary" data-testid="retry" onClick={retry}>
        {strings.retry}
      </button>
    </Notice>
  )
}

function Empty({ state, create, creating, clearSearch }: BoardsProps & { state: ListState }) {
  const { query, trashed } = state.view
  if (query !== '') {
    return (
      <Notice
        art={null}
        title={strings.start.noMatchTitle(query)}
        text={strings.start.noMatchText}
        testId="no-match"
      >
        <button type="button" className="button button--secondary" onClick={clearSearch}>
          {strings.start.clearSearch}
        </button>
      </Notice>
    )
  }
  if (trashed) {
    return (
      <Notice art={<TrashArt />} title={strings.start.emptyTrashTitle} text={strings.start.emptyTrashText} />
    )
  }
  return (
    <Notice art={<EmptyArt />} title={strings.start.emptyTitle} text={strings.start.emptyText} testId="empty">
      <button type="button" className="button button--primary" disabled={creating} onClick={create}>
        <Glyph icon={Plus} />
        {strings.start.emptyAction}
      </button>
    </Notice>
  )
}

function failed(text: string, failure: unknown): void {
  showToast({ text: `${text}: ${problemText(failure)}` })
}

function cardActions(list: BoardList): CardActions {
  async function rename(board: api.Board, title: string): Promise<void> {
    list.put({ ...board, title })
    try {
      list.put(await api.renameBoard(board.id, title))
    } catch (failure) {
      list.put(board)
      failed(strings.toast.renameFailed, failure)
    }
  }
  async function trash(board: api.Board): Promise<void> {
    list.remove(board.id)
    try {
      await api.trashBoard(board.id)
      const undo = { label: strings.undo, testId: 'toast-undo', run: () => void restore(board) }
      showToast({ text: strings.toast.trashed(board.title), action: undo })
    } catch (failure) {
      list.put(board)
      failed(strings.toast.trashFailed(board.title), failure)
    }
  }
  async function restore(board: api.Board): Promise<void> {
    const inTrash = list.state.get().view.trashed
    if (inTrash) list.remove(board.id)
    try {
      const restored = await api.restoreBoard(board.id)
      if (!inTrash) list.put(restored)
      showToast({ text: strings.toast.restored(restored.title) })
      list.refresh()
    } catch (failure) {
      if (inTrash) list.put(board)
      failed(strings.toast.restoreFailed(board.title), failure)
    }
  }
  return {
    rename: (board, title) => void rename(board, title),
    trash: (board) => void trash(board),
    restore: (board) => void restore(board),
  }
}

function useBoardList(view: ListView): BoardList {
  const { trashed, sort, query } = view
  // Made once; later views are told to it.
  const [list] = useState(() => createBoardList(api.listBoards, view))

  useEffect(() => list.setView({ trashed, sort, query }), [list, trashed, sort, query])

  useEffect(() => {
    const refresh = () => {
      if (document.visibilityState === 'visible') list.refresh()
    }
    const timer = setInterval(refresh, REFRESH_EVERY_MS)
    window.addEventListener('focus', refresh)
    window.addEventListener('online', refresh)
    return () => {
      clearInterval(timer)
      window.removeEventListener('focus', refresh)
      window.removeEventListener('online', refresh)
    }
  }, [list])

  return list
}

function useCreate(): { create: () => void; creating: boolean } {
  const [creating, setCreating] = useState(false)
  const create = useCallback(() => {
    setCreating(true)
    api
      .createBoard(strings.untitled)
      .then((board) => navigate(paths.board(board.id)))
      .catch((failure: unknown) => {
        showToast({ text: `${strings.toast.createFailed}: ${problemText(failure)}` })
        setCreating(false)
      })
  }, [])
  return { create, creating }
}

function useStartKeys(create: () => void, search: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
      if (event.target instanceof Element && event.target.closest('input, textarea, dialog') !== null) return
      if (event.key === 'n' || event.key === 'N') {
        event.preventDefault()
        create()
      } else if (event.key === '/') {
        event.preventDefault()
        search.current?.focus()
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [create, search])
}

function useDebounced<T>(value: T, waitMs: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), waitMs)
    return () => clearTimeout(timer)
  }, [value, waitMs])
  return settled
}

/** The time, often enough for “5 minutes ago” to stay true. */
function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 20_000)
    return () => clearInterval(timer)
  }, [])
  return nowMs
}

function readSort(): api.BoardSort {
  try {
    return localStorage.getItem(SORT_KEY) === 'title' ? 'title' : '-updated_at'
  } catch {
    return '-updated_at'
  }
}

function keepSort(sort: api.BoardSort): void {
  try {
    localStorage.setItem(SORT_KEY, sort)
  } catch {
    // Storage is blocked: the order lasts as long as the page.
  }
}
