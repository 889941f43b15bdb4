/** What people did, by day, as far back as one asks for. */

import { useCallback, useEffect, useRef, useState } from 'react'
import type { ActivityLine, ActivityPage } from '../../api/activity'
import { activityWords, actorWords, byDay, clockOf } from '../activity-words'
import { problemText } from '../problem'
import { paths } from '../routes'
import { strings } from '../strings'
import { useNow } from '../use-now'
import { useMe } from '../who'
import { Link } from './link'

export interface ActivityListProps {
  /** One that stays the same. */
  readonly ask: (cursor: string | null, signal: AbortSignal) => Promise<ActivityPage>
  /** Lines of several boards lead there. */
  readonly ofMany?: boolean
}

interface Lines {
  readonly lines: readonly ActivityLine[]
  readonly cursor: string | null
}

export function ActivityList({ ask, ofMany = false }: ActivityListProps) {
  const [held, setHeld] = useState<Lines | null>(null)
  const [failure, setFailure] = useState<unknown>(null)
  const [busy, setBusy] = useState(true)
  const nowMs = useNow()
  const over = useRef(new AbortController())
  const me = useMe()

  const load = useCallback(
    async (before: Lines | null) => {
      const { signal } = over.current
      try {
        const page = await ask(before?.cursor ?? null, signal)
        if (signal.aborted) return
        setHeld({ lines: [...(before?.lines ?? []), ...page.lines], cursor: page.nextCursor })
      } catch (thrown) {
        if (!signal.aborted) setFailure(thrown)
      }
      setBusy(false)
    },
    [ask],
  )
  useEffect(() => {
    const ours = new AbortController()
    over.current = ours
    void load(null)
    return () => ours.abort()
  }, [load])

  const loadMore = () => {
    setBusy(true)
    setFailure(null)
    void load(held)
  }
  const words = strings.activity
  return (
    <div className="activity" data-testid="activity" aria-busy={busy}>
      {held !== null && held.lines.length === 0 && <p className="muted">{words.none}</p>}
      {byDay(held?.lines ?? [], nowMs).map((day) => (
        <section key={day.key} className="activity__day">
          <h3 className="activity__date">{day.title}</h3>
          <ul>
            {day.lines.map((line) => (
              <li key={line.id} className="activity__line" data-type={line.type}>
                <span>
                  <b>{actorWords(line.actor, me?.id ?? null)}</b> {activityWords(line)}
                  {ofMany && <WhichBoard line={line} />}
                </span>
                <time className="activity__time" dateTime={new Date(line.at).toISOString()}>
                  {clockOf(line.at)}
                </time>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {failure !== null && (
        <p className="form__failure" role="alert">
          <span>{problemText(failure)}</span>
          <button type="button" className="link" onClick={loadMore}>
            {strings.retry}
          </button>
        </p>
      )}
      {held?.cursor !== undefined && held.cursor !== null && failure === null && (
        <button
          type="button"
          className="button button--ghost"
          disabled={busy}
          data-testid="activity-more"
          onClick={loadMore}
        >
          {words.more}
        </button>
      )}
      {held === null && failure === null && <p className="muted">{words.loading}</p>}
    </div>
  )
}

/** Whoever does not see a board any more is not led to it. */
function WhichBoard({ line }: { line: ActivityLine }) {
  const words = strings.activity
  if (line.boardTitle === null) return <span className="muted">{` · ${words.unseenBoard}`}</span>
  return (
    <>
      {' · '}
      <Link to={paths.board(line.board)} className="link">
        {line.boardTitle}
      </Link>
    </>
  )
}
