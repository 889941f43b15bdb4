/** The boards of this node: find one, make one, name it, throw it away, bring it back. */

import type { LucideIcon } from 'lucide-react'
import {
  Archive,
  ArrowDownUp,
  ChevronLeft,
  Clock,
  LayoutGrid,
  Plus,
  Search,
  Star,
  Trash2,
  Users,
  X,
} from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { account } from '../../api/browser-session'
import { watchBoards } from '../../api/board-events'
import * as api from '../../api/client'
import { EmptyArt, OfflineArt, TrashArt } from '../parts/art'
import { Glyph } from '../parts/glyph'
import { IconButton } from '../parts/icon-button'
import { Link } from '../parts/link'
import { Menu } from '../parts/menu'
import { Notice } from '../parts/notice'
import { PageBar } from '../parts/page-bar'
import { showToast } from '../parts/toasts'
import { pageIsComplete } from '../../shell/register'
import { isUnreachable, problemText } from '../problem'
import { pageIsQuiet } from '../quiet'
import { navigate } from '../router'
import { paths } from '../routes'
import { choose, useSort } from '../settings'
import { strings } from '../strings'
import { useTheme } from '../theme'
import { useNow } from '../use-now'
import { useStore } from '../use-store'
import { LazyShareDialog } from '../share/lazy-share'
import { ownerOf, useStanding } from '../who'
import { BoardCard } from './board-card'
import type { BoardList, ListState, ListView } from './board-list'
import { createBoardList } from './board-list'
import { cardActions } from './card-actions'
import { VirtualGrid } from './virtual-grid'

const REFRESH_EVERY_MS = 5_000
const SEARCH_AFTER_MS = 180
const SORTS: readonly api.BoardSort[] = ['-updated_at', 'title']
const SORTS_OF_ACCOUNTS: readonly api.BoardSort[] = ['-updated_at', '-created_at', 'title']
const SORT_NAMES: Readonly<Record<api.BoardSort, string>> = {
  '-updated_at': strings.start.sortRecent,
  '-created_at': strings.start.sortCreated,
  title: strings.start.sortTitle,
}
const SECTIONS: readonly { readonly id: api.Section; readonly icon: LucideIcon }[] = [
  { id: 'boards', icon: LayoutGrid },
  { id: 'starred', icon: Star },
  { id: 'recent', icon: Clock },
  { id: 'shared', icon: Users },
  { id: 'archive', icon: Archive },
  { id: 'trash', icon: Trash2 },
]

export default function StartPage({ section: asked }: { section: api.Section }) {
  const standing = useStanding()
  const accounts = standing.at !== 'open'
  const section = accounts || asked === 'trash' ? asked : 'boards'
  const title = strings.start.sections[section]
  const [query, setQuery] = useState('')
  const sort = useSort()
  const list = useBoardList({ section, sort, query: useDebounced(query, SEARCH_AFTER_MS) })
  const { create, creating } = useCreate()
  const search = useRef<HTMLInputElement>(null)
  useStartKeys(create, search)

  useEffect(() => {
    document.title = section === 'boards' ? strings.app : `${title} · ${strings.app}`
  }, [section, title])

  return (
    <div className="start">
      <PageBar
        middle={<SearchField query={query} onChange={setQuery} inputRef={search} />}
        end={
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
        }
      />
      <main className="start__main">
        {accounts && <Sections section={section} />}
        <div className="start__head">
          <h1 className="start__title">{title}</h1>
          {!accounts && <TrashLink inTrash={section === 'trash'} />}
          {section !== 'recent' && (
            <SortButton
              sort={sort}
              sorts={accounts ? SORTS_OF_ACCOUNTS : SORTS}
              onChoose={(next) => {
                choose({ sort: next })
              }}
            />
          )}
        </div>
        {section === 'trash' && <p className="start__hint">{strings.start.trashHint}</p>}
        {section === 'archive' && <p className="start__hint">{strings.start.archiveHint}</p>}
        <Boards list={list} create={create} creating={creating} clearSearch={() => setQuery('')} />
        {!accounts && <p className="start__accounts">{strings.start.noAccounts}</p>}
      </main>
    </div>
  )
}

function Sections({ section }: { section: api.Section }) {
  return (
    <nav className="sections" aria-label={strings.start.sectionsLabel}>
      {SECTIONS.map(({ id, icon }) => (
        <Link
          key={id}
          to={paths.section(id)}
          className="button button--ghost"
          aria-current={id === section ? 'page' : undefined}
          data-testid={`nav-${id}`}
        >
          <Glyph icon={icon} size={16} />
          {strings.start.sections[id]}
        </Link>
      ))}
    </nav>
  )
}

/** Where there are no accounts there are two places. */
function TrashLink({ inTrash }: { inTrash: boolean }) {
  return (
    <nav className="start__nav">
      {inTrash ? (
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

interface SortButtonProps {
  readonly sort: api.BoardSort
  readonly sorts: readonly api.BoardSort[]
  readonly onChoose: (sort: api.BoardSort) => void
}

function SortButton({ sort: kept, sorts, onChoose }: SortButtonProps) {
  const sort = sorts.includes(kept) ? kept : '-updated_at'
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
          entries={sorts.map((one) => ({
            kind: 'item',
            label: SORT_NAMES[one],
            checked: sort === one,
            testId: SORT_IDS[one],
            run: () => onChoose(one),
          }))}
          onClose={close}
        />
      )}
    </>
  )
}

const SORT_IDS: Readonly<Record<api.BoardSort, string>> = {
  '-updated_at': 'sort-recent',
  '-created_at': 'sort-created',
  title: 'sort-title',
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
  const me = useStore(account.standing, ownerOf)
  const [shared, setShared] = useState<api.Board | null>(null)
  const actions = useMemo(() => cardActions(list, me === '' ? null : me, setShared), [list, me])
  const shown = state.phase === 'ready'
  useEffect(() => {
    if (!shown) return
    pageIsComplete()
    pageIsQuiet()
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
        label={strings.start.sections[state.view.section]}
        keyOf={(board) => board.id}
        render={(board) => (
          <BoardCard board={board} theme={theme} nowMs={nowMs} me={me === '' ? null : me} actions={actions} />
        )}
        onNearEnd={list.loadMore}
      />
      {shared !== null && (
        <LazyShareDialog
          board={shared}
          onClose={() => setShared(null)}
          onLeft={() => {
            list.remove(shared.id)
            setShared(null)
          }}
          onChanged={list.refresh}
        />
      )}
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
  const { query, section } = state.view
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
  if (section === 'trash') {
    return (
      <Notice art={<TrashArt />} title={strings.start.emptyTrashTitle} text={strings.start.emptyTrashText} />
    )
  }
  if (section !== 'boards') {
    const [title, text] = strings.start.emptySections[section]
    return <Notice art={<EmptyArt />} title={title} text={text} testId={`empty-${section}`} />
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

function useBoardList(view: ListView): BoardList {
  const { section, sort, query } = view
  // Made once; later views are told to it.
  const [list] = useState(() => createBoardList(api.listBoards, view))

  useEffect(() => list.setView({ section, sort, query }), [list, section, sort, query])

  useEffect(() => {
    const refresh = () => {
      if (document.visibilityState === 'visible') list.refresh()
    }
    const timer = setInterval(refresh, REFRESH_EVERY_MS)
    window.addEventListener('focus', refresh)
    window.addEventListener('online', refresh)
    const unwatch = watchBoards(refresh)
    return () => {
      unwatch()
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
