/** What the status pill says: a pure reading of what sync reports, never better than the truth. */

import type { Role } from '../../api/role'
import { isAtLeast } from '../../api/role'
import type { SyncStatus } from '../../sync/session'
import { strings } from '../strings'

export type Tone = 'calm' | 'busy' | 'warn' | 'bad'

export interface StatusWords {
  readonly tone: Tone
  readonly text: string
  readonly hint: string
  /** Worth telling someone who listens instead of looking; saving comes and goes with every stroke. */
  readonly announce: boolean
}

export function statusWords(status: SyncStatus, role: Role): StatusWords {
  const words = wordsOf(status, role)
  return status.slow ? { ...words, hint: `${words.hint} ${strings.status.hint.slow}` } : words
}

function wordsOf(status: SyncStatus, role: Role): StatusWords {
  const s = strings.status
  const { unsaved } = status
  const diskFull = status.detail?.startsWith('disk-full') === true
  switch (status.phase) {
    case 'loading':
      return { tone: 'busy', text: s.loading, hint: s.hint.loading, announce: false }
    case 'connecting':
      return { tone: 'busy', text: s.connecting, hint: s.hint.connecting, announce: false }
    case 'saved':
      return !isAtLeast(role, 'editor')
        ? { tone: 'calm', text: s.readOnly, hint: s.hint.readOnly, announce: true }
        : { tone: 'calm', text: s.saved, hint: s.hint.saved, announce: false }
    case 'saving':
      return {
        tone: 'busy',
        text: s.saving,
        hint: diskFull ? s.hint.diskFull : s.hint.saving,
        announce: false,
      }
    case 'offline': {
      const text = unsaved > 0 ? s.offlineWaiting(unsaved) : s.offline
      return { tone: 'warn', text, hint: status.kept ? s.hint.offline : s.hint.offlineUnkept, announce: true }
    }
    case 'reconnecting': {
      const text = unsaved > 0 ? s.reconnectingWaiting(unsaved) : s.reconnecting
      return diskFull
        ? { tone: 'bad', text: s.diskFull, hint: s.hint.diskFull, announce: true }
        : { tone: 'warn', text, hint: s.hint.reconnecting, announce: true }
    }
    case 'gone':
      return { tone: 'bad', text: s.gone, hint: s.banner.goneText, announce: true }
    case 'refused':
      return { tone: 'bad', text: s.refused, hint: status.detail ?? s.banner.refusedTitle, announce: true }
    case 'shut_out':
      return { tone: 'bad', text: s.shutOut, hint: strings.access.lostTitle, announce: true }
    case 'set_aside':
      return { tone: 'bad', text: s.setAside, hint: s.banner.setAsideText, announce: true }
    case 'outdated':
      return { tone: 'bad', text: s.outdated, hint: s.banner.outdatedText, announce: true }
  }
}
