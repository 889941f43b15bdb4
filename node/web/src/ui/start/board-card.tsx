import { ExternalLink, Link2, MoreHorizontal, PencilLine, RotateCcw, Trash2 } from 'lucide-react'
import { memo, useEffect, useRef, useState } from 'react'
import type { Board } from '../../api/client'
import { InlineEdit } from '../parts/inline-edit'
import { Link } from '../parts/link'
import { Mark } from '../parts/mark'
import type { MenuEntry } from '../parts/menu'
import { MenuButton } from '../parts/menu-button'
import { showToast } from '../parts/toasts'
import { relativeTime } from '../relative-time'
import { navigate } from '../router'
import { paths } from '../routes'
import { strings } from '../strings'
import type { Theme } from '../theme'

export const TITLE_CHARS_MAX = 200
/** A click on the title waits this long for a second one, which renames instead of opening. */
const DOUBLE_CLICK_MS = 260
const PICTURE_AFTER_MS = 120

export interface CardActions {
  readonly rename: (board: Board, title: string) => void
  readonly trash: (board: Board) => void
  readonly restore: (board: Board) => void
}

export interface BoardCardProps {
  readonly board: Board
  readonly theme: Theme
  readonly nowMs: number
  readonly actions: CardActions
}

export const BoardCard = memo(function BoardCard({ board, theme, nowMs, actions }: BoardCardProps) {
  const [renaming, setRenaming] = useState(false)
  const trashed = board.trashedAt !== null
  const path = paths.board(board.id)
  const startRenaming = () => setRenaming(true)
  const title = useTitleClicks(() => navigate(path), startRenaming)

  return (
    <article
      className={`card${trashed ? ' card--trashed' : ''}`}
      data-testid="board-card"
      data-board={board.id}
      onKeyDown={(event) => {
        if (event.key === 'F2' && !trashed) startRenaming()
      }}
    >
      <Preview board={board} theme={theme} />
      {!trashed && (
        <Link className="card__link" to={path} aria-label={strings.start.open(board.title)}>
          {null}
        </Link>
      )}
      <div className="card__foot">
        <div className="card__words">
          <h2 className="card__title" onClick={trashed || renaming ? undefined : title.onClick}>
            <InlineEdit
              value={board.title}
              editing={renaming}
              label={strings.start.renameLabel}
              charsMax={TITLE_CHARS_MAX}
              testId="card-title"
              onDone={(next) => {
                setRenaming(false)
                if (next !== null) actions.rename(board, next)
              }}
            />
          </h2>
          <p className="card__meta">
            {board.present > 0 && (
              <span className="card__here" data-testid="card-here">
                <span className="dot dot--here" aria-hidden="true" />
                {strings.start.here(board.present)}
              </span>
            )}
            {board.present === 0 && (
              <time dateTime={new Date(board.trashedAt ?? board.updatedAt).toISOString()}>
                {when(board, nowMs)}
              </time>
            )}
          </p>
        </div>
        <MenuButton
          icon={MoreHorizontal}
          label={strings.start.actions(board.title)}
          placement="below-end"
          size="small"
          className="card__menu"
          testId="card-menu"
          entries={() => (trashed ? trashedEntries(board, actions) : entries(board, actions, startRenaming))}
        />
      </div>
    </article>
  )
})

function when(board: Board, nowMs: number): string {
  return board.trashedAt === null
    ? strings.start.changed(relativeTime(board.updatedAt, nowMs))
    : strings.start.deleted(relativeTime(board.trashedAt, nowMs))
}

function entries(board: Board, actions: CardActions, rename: () => void): readonly MenuEntry[] {
  const path = paths.board(board.id)
  return [
    { kind: 'item', icon: PencilLine, label: strings.start.rename, testId: 'card-rename', run: rename },
    {
      kind: 'item',
      icon: ExternalLink,
      label: strings.start.openInTab,
      run: () => void window.open(path, '_blank', 'noopener'),
    },
    { kind: 'item', icon: Link2, label: strings.start.copyLink, run: () => void copyLink(path) },
    { kind: 'line' },
    {
      kind: 'item',
      icon: Trash2,
      label: strings.start.remove,
      danger: true,
      testId: 'card-trash',
      run: () => actions.trash(board),
    },
  ]
}

function trashedEntries(board: Board, actions: CardActions): readonly MenuEntry[] {
  return [
    {
      kind: 'item',
      icon: RotateCcw,
      label: strings.start.restore,
      testId: 'card-restore',
      run: () => actions.restore(board),
    },
  ]
}

async function copyLink(path: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(new URL(path, location.href).href)
    showToast({ text: strings.start.linkCopied })
  } catch {
    // The browser forbids it without a secure origin; the address bar still has the link.
    navigate(path)
  }
}

/** The picture is asked for again when the board's content moved on, by its sequence number. */
function Preview({ board, theme }: { board: Board; theme: Theme }) {
  const url = `${board.previewUrl}?theme=${theme}&seq=${board.seq}`
  const [failed, setFailed] = useState<string | null>(null)
  const settled = useSettled()
  return (
    <div className="card__preview">
      {failed === url && <Mark size={32} />}
      {failed !== url && settled && (
        <img
          src={url}
          alt=""
          loading="lazy"
          decoding="async"
          draggable={false}
          onError={() => setFailed(url)}
        />
      )}
    </div>
  )
}

/** Cards that fly by while someone scrolls through thousands ask for no pictures. */
function useSettled(): boolean {
  const [settled, setSettled] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), PICTURE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  return settled
}

function useTitleClicks(open: () => void, rename: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return {
    onClick: (event: { readonly detail: number }) => {
      clearTimeout(timer.current)
      if (event.detail >= 2) rename()
      else timer.current = setTimeout(open, DOUBLE_CLICK_MS)
    },
  }
}
