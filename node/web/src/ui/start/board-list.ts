/**
 * The boards on the start page: pages of them as far as they were scrolled to, kept fresh by asking
 * again. What a person does shows at once and is put back if the server refuses.
 */

import type { Board, BoardPage, BoardSort, Section } from '../../api/client'
import type { Store } from '../../core/store'
import { createStore } from '../../core/store'

export interface ListView {
  readonly section: Section
  readonly sort: BoardSort
  readonly query: string
}

export interface ListState {
  readonly view: ListView
  /** `switching`: what is shown belongs to the view before. */
  readonly phase: 'loading' | 'switching' | 'ready' | 'failed'
  readonly boards: readonly Board[]
  readonly more: boolean
  /** The last request failed; what is shown, if anything, may be old. */
  readonly failure: unknown
}

export interface BoardList {
  readonly state: Store<ListState>
  setView(view: ListView): void
  loadMore(): void
  refresh(): void
  /** Takes what a write answered, or what it is expected to answer. */
  put(board: Board): void
  remove(id: string): void
  destroy(): void
}

export type FetchBoards = (
  view: ListView & { limit: number; cursor: string | null },
  signal: AbortSignal,
) => Promise<BoardPage>

const PAGE_BOARDS = 60
/** Once someone scrolls, fewer and larger pages. */
const MORE_BOARDS = 200

export function createBoardList(fetchBoards: FetchBoards, first: ListView): BoardList {
  const state = createStore<ListState>({
    view: first,
    phase: 'loading',
    boards: [],
    more: false,
    failure: null,
  })
  let cursor: string | null = null
  // Asked for while something else was on its way: whoever stands at the end does not ask again by itself.
  let moreWanted = false
  let inFlight: { readonly kind: 'first' | 'more' | 'refresh'; readonly abort: AbortController } | null = null

  const patch = (next: Partial<ListState>) => state.set({ ...state.get(), ...next })

  async function request(kind: 'first' | 'more' | 'refresh'): Promise<void> {
    inFlight?.abort.abort()
    const abort = new AbortController()
    inFlight = { kind, abort }
    const { view } = state.get()
    try {
      const page = await fetchBoards(
        {
          ...view,
          limit: kind === 'more' ? MORE_BOARDS : PAGE_BOARDS,
          cursor: kind === 'more' ? cursor : null,
        },
        abort.signal,
      )
      if (abort.signal.aborted) return
      inFlight = null
      accept(kind, page)
      takeTurn()
    } catch (failure) {
      if (abort.signal.aborted) return
      inFlight = null
      moreWanted = false
      patch({ failure, phase: state.get().phase === 'ready' ? 'ready' : 'failed' })
    }
  }

  function takeTurn(): void {
    if (inFlight !== null) return
    const wanted = moreWanted
    moreWanted = false
    if (wanted && state.get().more) void request('more')
  }

  function accept(kind: 'first' | 'more' | 'refresh', page: BoardPage): void {
    const { boards, phase } = state.get()
    if (kind === 'more') {
      cursor = page.nextCursor
      patch({ boards: mergeMore(boards, page.boards), more: cursor !== null, failure: null })
      return
    }
    const deep =
      kind === 'refresh' && phase === 'ready' && boards.length > PAGE_BOARDS && page.nextCursor !== null
    if (!deep) cursor = page.nextCursor
    patch({
      phase: 'ready',
      boards: deep ? mergeFirst(boards, page.boards) : page.boards,
      more: cursor !== null,
      failure: null,
    })
  }

  void request('first')

  return {
    state,
    setView(view) {
      const now = state.get()
      const sameSection = now.view.section === view.section
      if (sameSection && now.view.sort === view.sort && now.view.query === view.query) return
      const boardsFit = sameSection && now.phase !== 'loading' && now.phase !== 'failed'
      state.set({
        ...now,
        view,
        phase: boardsFit ? 'switching' : 'loading',
        boards: boardsFit ? now.boards : [],
        more: false,
      })
      moreWanted = false
      void request('first')
    },
    loadMore() {
      if (inFlight?.kind === 'more') return
      moreWanted = true
      takeTurn()
    },
    refresh() {
      if (inFlight === null) void request(state.get().phase === 'ready' ? 'refresh' : 'first')
    },
    put(board) {
      dropStaleAnswer()
      const { boards } = state.get()
      const at = boards.findIndex((known) => known.id === board.id)
      patch({ boards: at < 0 ? [board, ...boards] : boards.with(at, board) })
    },
    remove(id) {
      dropStaleAnswer()
      patch({ boards: state.get().boards.filter((board) => board.id !== id) })
    },
    destroy() {
      inFlight?.abort.abort()
      inFlight = null
    },
  }

  /** An answer asked for before a write would show the list as it was before it. */
  function dropStaleAnswer(): void {
    if (inFlight?.kind !== 'refresh') return
    inFlight.abort.abort()
    inFlight = null
    takeTurn()
  }
}

function mergeMore(boards: readonly Board[], page: readonly Board[]): readonly Board[] {
  // A board that changed while paging may come twice: where it was first is where it is now.
  const known = new Set(boards.map((board) => board.id))
  return [...boards, ...page.filter((board) => !known.has(board.id))]
}

/** The first page anew, then what was loaded beyond it. Boards gone from the first page are gone. */
function mergeFirst(boards: readonly Board[], page: readonly Board[]): readonly Board[] {
  const fresh = new Set(page.map((board) => board.id))
  const last = page[page.length - 1]
  const lastBefore = boards.findIndex((board) => board.id === last?.id)
  const beyond = boards.slice(lastBefore < 0 ? page.length : lastBefore + 1)
  return [...page, ...beyond.filter((board) => !fresh.has(board.id))]
}
