/** Backups in the place that the installation has for them, for an admin. */

import { countOf, dataOf, optionalCount, optionalText, recordOf, text, time } from './read'
import { send } from './request'
import type {
  Backup,
  BackupContent,
  BackupDoing,
  BackupJob,
  BackupJobState,
  BackupList,
  BackupProgress,
  BackupWork,
} from './schema.gen'

export interface BackupSeen {
  readonly id: string
  /** Null while it is made, and when it cannot be read. */
  readonly content: {
    readonly madeAt: number
    readonly boards: number
    readonly pictures: number
    readonly picturesMissing: number
    readonly bytes: number
    readonly hasMasterKey: boolean
  } | null
  /** Why it cannot be read. */
  readonly error: string | null
}

export interface JobSeen {
  readonly work: BackupWork
  readonly backup: string
  readonly state: BackupJobState
  readonly progress: { readonly doing: BackupDoing; readonly done: number; readonly of: number | null } | null
  /** What was found wrong. */
  readonly troubles: readonly string[]
  readonly error: string | null
}

export interface BackupsSeen {
  /** The newest first. */
  readonly backups: readonly BackupSeen[]
  /** A folder, or a part of a bucket; null when none is configured. */
  readonly place: string | null
  /** What the node that answers is doing, or did last. */
  readonly job: JobSeen | null
}

/** A bucket may be slow to list. */
const LIST_TIMEOUT_MS = 30_000
const DOING: readonly BackupDoing[] = ['state', 'pictures', 'boards']
const STATES: readonly BackupJobState[] = ['running', 'done', 'failed']

export async function listBackups(signal?: AbortSignal): Promise<BackupsSeen> {
  const path = '/admin/backups'
  const { body } = await send({ method: 'GET', path, signal, timeoutMs: LIST_TIMEOUT_MS })
  const list = recordOf<BackupList>(body, 'a list of backups')
  return {
    backups: dataOf(body, 'a list of backups', readBackup),
    place: optionalText(list, 'place'),
    job: list.job === null || list.job === undefined ? null : readJob(list.job),
  }
}

export async function createBackup(): Promise<void> {
  await send({ method: 'POST', path: '/admin/backups' })
}

export async function verifyBackup(id: string): Promise<void> {
  await send({ method: 'POST', path: `/admin/backups/${encodeURIComponent(id)}/verify` })
}

function readBackup(value: unknown): BackupSeen {
  const backup = recordOf<Backup>(value, 'a backup')
  const content = backup.content
  return {
    id: text(backup, 'id'),
    content: content === null || content === undefined ? null : readContent(content),
    error: optionalText(backup, 'error'),
  }
}

function readContent(value: unknown): BackupSeen['content'] {
  const content = recordOf<BackupContent>(value, 'what is in a backup')
  return {
    madeAt: time(content, 'made_at'),
    boards: countOf(content, 'boards'),
    pictures: countOf(content, 'pictures'),
    picturesMissing: countOf(content, 'pictures_missing'),
    bytes: countOf(content, 'bytes'),
    hasMasterKey: content.has_master_key === true,
  }
}

function readJob(value: unknown): JobSeen {
  const job = recordOf<BackupJob>(value, 'what is being done about backups')
  return {
    work: job.work === 'verify' ? 'verify' : 'create',
    backup: text(job, 'backup'),
    state: STATES.find((state) => state === job.state) ?? 'failed',
    progress: job.progress === null || job.progress === undefined ? null : readProgress(job.progress),
    troubles: dataOf({ data: job.troubles }, 'a list of troubles', String),
    error: optionalText(job, 'error'),
  }
}

function readProgress(value: unknown): JobSeen['progress'] {
  const progress = recordOf<BackupProgress>(value, 'how far it has come')
  return {
    doing: DOING.find((doing) => doing === progress.doing) ?? 'state',
    done: countOf(progress, 'done'),
    of: optionalCount(progress, 'of'),
  }
}
