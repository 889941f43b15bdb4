/** One board, open: its session with the server, and around the canvas everything that is not drawn on it. */

import { useEffect, useRef, useState } from 'react'
import { earlyWebSocket } from '../../api/early'
import { dropVisit } from '../../api/visit'
import { address } from '../../base'
import { openSession } from '../../sync/session'
import { AskForAccess } from '../ask-access'
import { LostPage } from '../lost-page'
import { LostArt, TrashArt } from '../parts/art'
import { Link } from '../parts/link'
import { Notice } from '../parts/notice'
import { Opening } from '../parts/opening'
import { paths } from '../routes'
import { strings } from '../strings'
import { useOwned } from '../use-owned'
import { useStore } from '../use-store'
import { useMe } from '../who'
import { HomeLink } from './banner'
import { BoardClosed } from './board-closed'
import { BoardView } from './board-view'
import type { Seat } from './seat'
import { credentialOf, useSeat, useVisitKept } from './seat'
import type { BoardInfo, UseBoard } from './use-board'
import { useBoard } from './use-board'

/** For signing out, which would otherwise have Yjs in the half of the client that does without it. */
export * as unsent from '../../sync/unsent'

/** So long the server may take to say what a board is before it is opened from what this browser keeps. */
const PATIENCE_MS = 300

export default function BoardPage({ board }: { board: string }) {
  const seat = useSeat(board)
  useVisitKept(seat)
  const known = useBoard(board, seat.owner)
  const { info } = known
  const patient = usePatience(info.at === 'loading')
  const trashed = info.at === 'known' && info.board.trashedAt !== null
  const closed = info.at === 'missing' || info.at === 'ended'
  const [entered, setEntered] = useState(false)
  const [attempt, setAttempt] = useState(0)
  const [lost, setLost] = useState(false)

  const title = titleOf(info)
  useEffect(() => {
    document.title = `${title} · ${strings.app}`
  }, [title])

  if (!entered && !patient && !trashed && !closed) setEntered(true)
  // Somebody let us in again: the session before has ended, so another one begins.
  if (closed && !lost) setLost(true)
  if (lost && info.at === 'known') {
    setLost(false)
    setAttempt(attempt + 1)
  }

  const restoreAndOpen = async () => {
    if (await known.restore()) setAttempt(attempt + 1)
  }
  const restore = () => void restoreAndOpen()
  // A board that is deleted or taken away while it is open stays on screen until that is dealt with.
  if (!entered) {
    if (info.at === 'ended') return <VisitEnded seat={seat} />
    if (info.at === 'missing') return <Missing board={board} />
    return trashed ? <Trashed restore={restore} /> : <Opening label={strings.board.loading} />
  }
  return (
    <OpenBoard
      key={`${attempt} ${seat.owner}`}
      board={board}
      title={title}
      seat={seat}
      known={known}
      restore={restore}
    />
  )
}

function titleOf(info: BoardInfo): string {
  switch (info.at) {
    case 'known':
      return info.board.title
    case 'unreachable':
      return info.title ?? strings.untitled
    case 'loading':
    case 'missing':
    case 'ended':
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

interface OpenBoardProps {
  readonly board: string
  readonly title: string
  readonly seat: Seat
  readonly known: UseBoard
  readonly restore: () => void
}

function OpenBoard({ board, title, seat, known, restore }: OpenBoardProps) {
  const session = useOwned(
    () => {
      const credential = credentialOf(seat)
      return openSession({
        board,
        url: address(`/sync/${board}`),
        user: seat.user,
        owner: seat.owner,
        ...(credential !== undefined && { credential }),
        platform: { WebSocket: earlyWebSocket() },
      })
    },
    (opened) => opened.destroy(),
  )
  const generation = useStore(session.generation, (value) => value)
  const isShutOut = useStore(session.status, ({ phase }) => phase === 'shut_out')
  const role = useStore(session.role, (value) => value)
  const { user } = seat
  useEffect(() => session.setUser(user), [session, user])
  const { info, refresh } = known
  const roleBefore = useRef(role)
  useEffect(() => {
    // What one may do besides is REST's to say.
    if (role !== roleBefore.current) refresh()
    roleBefore.current = role
  }, [role, refresh])

  if (isShutOut || info.at === 'missing' || info.at === 'ended') {
    return <BoardClosed board={board} session={session} seat={seat} ended={info.at === 'ended'} />
  }
  // A document that the server did not accept is replaced: everything that held the old one goes.
  return (
    <BoardView
      key={generation}
      session={session}
      title={title}
      seat={seat}
      info={info}
      rename={known.rename}
      learn={known.learn}
      refresh={refresh}
      restore={restore}
    />
  )
}

/** For who is signed in, a board that they may not see and one that is not there look the same. */
function Missing({ board }: { board: string }) {
  const me = useMe()
  if (me === null) {
    return <LostPage title={strings.board.missingTitle} text={strings.board.missingText} />
  }
  return (
    <main className="full">
      <Notice
        of="page"
        art={<LostArt />}
        title={strings.access.title}
        text={strings.access.text}
        testId="no-access"
      >
        <AskForAccess board={board} role="viewer" />
        <HomeLink />
      </Notice>
    </main>
  )
}

function VisitEnded({ seat }: { seat: Seat }) {
  const { visit } = seat
  const words = strings.visit
  return (
    <main className="full">
      <Notice
        of="page"
        art={<LostArt />}
        title={words.endedTitle}
        text={words.endedText}
        testId="visit-ended"
      >
        {visit !== null && (
          <>
            <Link to={paths.visit(visit.link)} className="button button--primary">
              {words.again}
            </Link>
            <button
              type="button"
              className="button button--ghost"
              onClick={() => {
                dropVisit(visit.board)
                location.reload()
              }}
            >
              {strings.signIn.action}
            </button>
          </>
        )}
      </Notice>
    </main>
  )
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
