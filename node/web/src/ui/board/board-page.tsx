/** One board, open: its session with the server, and around the canvas everything that is not drawn on it. */

import { useEffect, useState } from 'react'
import { earlyWebSocket } from '../../api/early'
import { openSession } from '../../sync/session'
import { LostPage } from '../lost-page'
import { TrashArt } from '../parts/art'
import { Notice } from '../parts/notice'
import { getProfile, useProfile } from '../profile'
import { strings } from '../strings'
import { useOwned } from '../use-owned'
import { useStore } from '../use-store'
import { HomeLink } from './banner'
import type { BoardViewProps } from './board-view'
import { BoardView } from './board-view'
import { useBoard } from './use-board'

/** So long the server may take to say what a board is before it is opened from what this browser keeps. */
const PATIENCE_MS = 300

export default function BoardPage({ board }: { board: string }) {
  const known = useBoard(board)
  const { info } = known
  const patient = usePatience(info.at === 'loading')
  const trashed = info.at === 'known' && info.board.trashedAt !== null
  const [entered, setEntered] = useState(false)
  const [attempt, setAttempt] = useState(0)

  const title = titleOf(info)
  useEffect(() => {
    document.title = `${title} · ${strings.app}`
  }, [title])

  if (!entered && !patient && !trashed && info.at !== 'missing') setEntered(true)

  const restoreAndOpen = async () => {
    if (await known.restore()) setAttempt(attempt + 1)
  }
  const restore = () => void restoreAndOpen()
  if (info.at === 'missing') {
    return <LostPage title={strings.board.missingTitle} text={strings.board.missingText} />
  }
  // A board that is deleted while it is open stays on screen, with a banner.
  if (!entered) return trashed ? <Trashed restore={restore} /> : null
  return <OpenBoard key={attempt} board={board} title={title} rename={known.rename} restore={restore} />
}

function titleOf(info: ReturnType<typeof useBoard>['info']): string {
  switch (info.at) {
    case 'known':
      return info.board.title
    case 'unreachable':
      return info.title ?? strings.untitled
    case 'loading':
    case 'missing':
      return strings.app
  }
}

/** True for a moment, as long as it is waited for. */
function usePatience(waiting: boolean): boolean {
  const [lost, setLost] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLost(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [])
  return waiting && !lost
}

function OpenBoard({ board, ...view }: { readonly board: string } & Omit<BoardViewProps, 'session'>) {
  const session = useOwned(
    () =>
      openSession({
        board,
        url: `/sync/${board}`,
        user: getProfile(),
        platform: { WebSocket: earlyWebSocket() },
      }),
    (opened) => opened.destroy(),
  )
  const generation = useStore(session.generation, (value) => value)
  const me = useProfile()
  useEffect(() => session.setUser(me), [session, me])

  // A document that the server did not accept is replaced: everything that held the old one goes.
  return <BoardView key={generation} session={session} {...view} />
}

function Trashed({ restore }: { restore: () => void }) {
  return (
    <main className="full">
      <Notice
        of="page"
        art={<TrashArt />}
        title={strings.board.trashedTitle}
        text={strings.board.trashedText}
        testId="trashed"
      >
        <HomeLink />
        <button
          type="button"
          className="button button--primary"
          data-testid="restore-board"
          onClick={restore}
        >
          {strings.status.banner.restore}
        </button>
      </Notice>
    </main>
  )
}
