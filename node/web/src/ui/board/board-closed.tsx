/** A board that somebody had open and may not see any more: why, what becomes of their work, and what they can do. */

import type { BoardSession } from '../../sync/session'
import { AskForAccess } from '../ask-access'
import { LostArt } from '../parts/art'
import { Link } from '../parts/link'
import { Notice } from '../parts/notice'
import { paths } from '../routes'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { DownloadButton, HomeLink } from './banner'
import type { Seat } from './seat'

export interface BoardClosedProps {
  readonly board: string
  readonly session: BoardSession
  readonly seat: Seat
  /** The visit is over, rather than the access. */
  readonly ended: boolean
}

export function BoardClosed({ board, session, seat, ended }: BoardClosedProps) {
  const work = useStore(session.setAside, (all) => all.length > 0)
  const words = strings.access
  const text = ended ? strings.visit.endedText : work ? words.lostWithWork : words.lostText
  return (
    <main className="full">
      <Notice
        of="page"
        role="alert"
        art={<LostArt />}
        title={ended ? strings.visit.endedTitle : words.lostTitle}
        text={text}
        testId="board-closed"
      >
        {work && <DownloadButton onClick={() => session.downloadSetAside()} />}
        {seat.visit !== null ? (
          <Link to={paths.visit(seat.visit.link)} className="button button--secondary">
            {strings.visit.again}
          </Link>
        ) : (
          <HomeLink />
        )}
        {seat.named === 'account' && <AskForAccess board={board} role="viewer" />}
      </Notice>
    </main>
  )
}
