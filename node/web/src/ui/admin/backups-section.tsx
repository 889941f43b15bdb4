/** The backups there are, making one, and having one looked at. */

import { Archive } from 'lucide-react'
import type { BackupSeen, JobSeen } from '../../api/backups'
import { createBackup, listBackups, verifyBackup } from '../../api/backups'
import { Glyph } from '../parts/glyph'
import { showToast } from '../parts/toasts'
import { problemText } from '../problem'
import { relativeTime } from '../relative-time'
import { strings } from '../strings'
import { useNow } from '../use-now'
import { AskFailed } from './ask-failed'
import { sizeWords } from './size-words'
import { useWatched } from './use-watched'

const LOOK_EVERY_MS = 2_000

export function BackupsSection() {
  const { state, again } = useWatched(listBackups, LOOK_EVERY_MS)
  const words = strings.admin
  if (state.at === 'waiting') return <p className="muted">{strings.account.loading}</p>
  if (state.at === 'failed') return <AskFailed failure={state.failure} again={again} />
  const { backups, place, job } = state.value
  if (place === null) return <p className="muted">{words.noPlace}</p>
  const busy = job?.state === 'running'
  const act = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (failure) {
      showToast({ text: problemText(failure) })
    }
    again()
  }
  return (
    <>
      <p className="muted">{words.backupsTo(place)}</p>
      {job !== null && <Job job={job} />}
      {backups.length === 0 && <p className="muted">{words.noBackups}</p>}
      {backups.length > 0 && (
        <ul className="rows" data-testid="backups">
          {backups.map((backup) => (
            <BackupRow
              key={backup.id}
              backup={backup}
              busy={busy}
              check={() => void act(() => verifyBackup(backup.id))}
            />
          ))}
        </ul>
      )}
      <div className="form__foot">
        <button
          type="button"
          className="button button--secondary"
          data-testid="backup-now"
          disabled={busy}
          onClick={() => void act(createBackup)}
        >
          <Glyph icon={Archive} size={16} />
          {words.backUp}
        </button>
      </div>
    </>
  )
}

interface BackupRowProps {
  readonly backup: BackupSeen
  readonly busy: boolean
  readonly check: () => void
}

function BackupRow({ backup: { id, content, error }, busy, check }: BackupRowProps) {
  const nowMs = useNow()
  const words = strings.admin
  return (
    <li className="row" data-testid="backup" data-backup={id}>
      <div className="row__words">
        <span className="row__title">
          {id}
          {content?.hasMasterKey === true && <span className="chip">{words.withKey}</span>}
          {content === null && <span className="chip">{words.unfinished}</span>}
        </span>
        <span className="row__text">
          {content === null
            ? error
            : words.about(
                relativeTime(content.madeAt, nowMs),
                content.boards,
                content.pictures,
                sizeWords(content.bytes),
              )}
        </span>
        {content !== null && content.picturesMissing > 0 && (
          <span className="field__wrong">{words.picturesMissing(content.picturesMissing)}</span>
        )}
      </div>
      {content !== null && (
        <button
          type="button"
          className="button button--ghost"
          aria-label={words.verifyNamed(id)}
          data-testid="backup-verify"
          disabled={busy}
          onClick={check}
        >
          {words.verify}
        </button>
      )}
    </li>
  )
}

/** What is being done, or was done last. */
function Job({ job }: { readonly job: JobSeen }) {
  const words = strings.admin
  if (job.state === 'running') {
    const title = job.work === 'create' ? words.making : words.checking(job.backup)
    return (
      <div role="status" data-testid="backup-job" data-state="running">
        <span>{job.progress === null ? title : `${title}: ${words.doing[job.progress.doing]}`}</span>
        <progress
          className="picture__progress"
          aria-label={title}
          max={job.progress?.of ?? undefined}
          value={job.progress?.of === null ? undefined : job.progress?.done}
        />
      </div>
    )
  }
  const isBad = job.state === 'failed' || job.troubles.length > 0
  const said = job.work === 'create' ? words.made(job.backup) : words.whole(job.backup)
  return (
    <div
      className={isBad ? 'form__failure' : 'muted'}
      role={isBad ? 'alert' : 'status'}
      data-testid="backup-job"
      data-state={job.state}
    >
      {job.state === 'failed' && words.failed(job.error ?? '')}
      {job.state === 'done' && !isBad && said}
      {job.state === 'done' && isBad && (
        <div>
          {words.damaged(job.backup)}
          <ul>
            {job.troubles.map((trouble) => (
              <li key={trouble}>{trouble}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
