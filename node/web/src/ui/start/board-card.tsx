import {
  Archive,
  ArchiveRestore,
  Copy,
  DoorOpen,
  ExternalLink,
  Link2,
  MoreHorizontal,
  PencilLine,
  RotateCcw,
  Share2,
  Star,
  Trash2,
  X,
} from 'lucide-react'
import { memo, useEffect, useRef, useState } from 'react'
import type { Board } from '../../api/client'
import { isAtLeast } from '../../api/role'
import { address } from '../../base'
import { IconButton } from '../parts/icon-button'
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
import { TITLE_CHARS_MAX } from '../board/titles'
import type { Theme } from '../theme'
import { usePicture } from './use-picture'

/** A click on the title waits this long for a second one, which renames instead of opening. */
const DOUBLE_CLICK_MS = 260
const PICTURE_AFTER_MS = 120

export interface CardActions {
  readonly rename: (board: Board, title: string) => void
  readonly trash: (board: Board) => void
  readonly restore: (board: Board) => void
  readonly purge: (board: Board) => void
  readonly star: (board: Board, starred: boolean) => void
  readonly copy: (board: Board) => void
  readonly archive: (board: Board, archived: boolean) => void
  readonly share: (board: Board) => void
  readonly leave: (board: Board) => void
}

export interface BoardCardProps {
  readonly board: Board
  readonly theme: Theme
  readonly nowMs: number
  /** Of who is looking; null where there are no accounts. */
  readonly me: string | null
  readonly actions: CardActions
}

export const BoardCard = memo(function BoardCard({ board, theme, nowMs, me, actions }: BoardCardProps) {
  const [renaming, setRenaming] = useState(false)
  const trashed = board.trashedAt !== null
  const mayRename = !trashed && isAtLeast(board.role, 'editor')
  const path = paths.board(board.id)
  const startRenaming = () => {
    if (mayRename) setRenaming(true)
  }
  const title = useTitleClicks(() => navigate(path), startRenaming)

  return (
    <article
      className={`card${trashed ? ' card--trashed' : ''}`}
      data-testid="board-card"
      data-board={board.id}
      onKeyDown={(event) => {
        if (event.key === 'F2') startRenaming()
      }}
    >
      <Preview board={board} theme={theme} />
      {!trashed && (
        <Link className="card__link" to={path} aria-label={strings.start.open(board.title)}>
          {null}
        </Link>
      )}
      {!isAtLeast(board.role, 'editor') && (
        <span className="chip card__role" data-testid="card-role">
          {strings.roleShort[board.role]}
        </span>
      )}
      {me !== null && !trashed && (
        <IconButton
          icon={Star}
          size="small"
          label={board.starred ? strings.start.unstar(board.title) : strings.start.star(board.title)}
          aria-pressed={board.starred}
          className="card__star"
          testId="card-star"
          onClick={() => actions.star(board, !board.starred)}
        />
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
            {me !== null && <Belonging board={board} me={me} />}
          </p>
        </div>
        <MenuButton
          icon={MoreHorizontal}
          label={strings.start.actions(board.title)}
          placement="below-end"
          size="small"
          className="card__menu"
          testId="card-menu"
          entries={() =>
            trashed
              ? trashedEntries(board, me !== null, actions)
              : entries(board, me !== null, actions, startRenaming)
          }
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

/** Whose it is, if not one's own. */
function Belonging({ board, me }: { board: Board; me: string }) {
  if (board.owner === null || board.owner.id === me) return null
  return <span data-testid="card-whose">{` · ${board.owner.name}`}</span>
}

/** `accounts`: there are people to share with. */
function entries(
  board: Board,
  accounts: boolean,
  actions: CardActions,
  rename: () => void,
): readonly MenuEntry[] {
  const path = paths.board(board.id)
  const words = strings.start
  const all: (MenuEntry | false)[] = [
    isAtLeast(board.role, 'editor') && {
      kind: 'item',
      icon: PencilLine,
      label: words.rename,
      testId: 'card-rename',
      run: rename,
    },
    {
      kind: 'item',
      icon: ExternalLink,
      label: words.openInTab,
      run: () => void window.open(path, '_blank', 'noopener'),
    },
    { kind: 'item', icon: Link2, label: words.copyLink, run: () => void copyLink(path) },
    accounts && {
      kind: 'item',
      icon: Share2,
      label: board.may.share ? words.share : words.people,
      testId: 'card-share',
      run: () => actions.share(board),
    },
    accounts && {
      kind: 'item',
      icon: Copy,
      label: words.copyBoard,
      testId: 'card-copy',
      run: () => actions.copy(board),
    },
    { kind: 'line' },
    accounts &&
      board.may.own && {
        kind: 'item',
        icon: board.archivedAt === null ? Archive : ArchiveRestore,
        label: board.archivedAt === null ? words.archiveBoard : words.unarchive,
        testId: 'card-archive',
        run: () => actions.archive(board, board.archivedAt === null),
      },
    board.may.own
      ? {
          kind: 'item',
          icon: Trash2,
          label: words.remove,
          danger: true,
          testId: 'card-trash',
          run: () => actions.trash(board),
        }
      : {
          kind: 'item',
          icon: DoorOpen,
          label: words.leave,
          danger: true,
          testId: 'card-leave',
          run: () => actions.leave(board),
        },
  ]
  return all.filter((entry) => entry !== false)
}

function trashedEntries(board: Board, accounts: boolean, actions: CardActions): readonly MenuEntry[] {
  const restore: MenuEntry = {
    kind: 'item',
    icon: RotateCcw,
    label: strings.start.restore,
    testId: 'card-restore',
    run: () => actions.restore(board),
  }
  if (!accounts) return [restore]
  return [
    restore,
    { kind: 'line' },
    {
      kind: 'item',
      icon: X,
      label: strings.start.purge,
      danger: true,
      testId: 'card-purge',
      run: () => actions.purge(board),
    },
  ]
}

async function copyLink(path: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(new URL(address(path), location.href).href)
    showToast({ text: strings.start.linkCopied })
  } catch {
    // The browser forbids it without a secure origin; the address bar still has the link.
    navigate(path)
  }
}

/** The picture is asked for again when the board's content moved on, by its sequence number. */
function Preview({ board, theme }: { board: Board; theme: Theme }) {
  // Where there are accounts the address carries a pass already.
  const first = board.previewUrl.includes('?') ? '&' : '?'
  const url = `${board.previewUrl}${first}theme=${theme}&seq=${board.seq}`
  const [failed, setFailed] = useState<string | null>(null)
  const settled = useSettled()
  const picture = usePicture(url, settled)
  const none = picture === 'failed' || failed === url
  return (
    <div className="card__preview">
      {none && <Mark size={32} />}
      {!none && picture !== null && (
        <img
          src={picture}
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
