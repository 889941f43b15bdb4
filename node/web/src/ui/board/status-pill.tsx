import { Check, CloudOff, Eye, LoaderCircle, TriangleAlert } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useEffect, useState } from 'react'
import { isAtLeast } from '../../api/role'
import type { BoardSession, SyncStatus } from '../../sync/session'
import { Glyph } from '../parts/glyph'
import { tipProps } from '../parts/tip'
import { useStore } from '../use-store'
import type { StatusWords, Tone } from './status'
import { statusWords } from './status'

/** “Saved” waits this long, so that drawing does not make the pill flicker. It only ever understates. */
const SETTLE_MS = 350

export function StatusPill({ session }: { session: BoardSession }) {
  const status = useStore(session.status, (value) => value)
  const role = useStore(session.role, (value) => value)
  const words = useSettled(statusWords(status, role), status)
  const Icon = iconOf(words.tone, !isAtLeast(role, 'editor'))
  return (
    <>
      <span
        className={`status status--${words.tone}`}
        data-testid="status"
        data-phase={status.phase}
        data-unsaved={status.unsaved}
        {...tipProps(words.hint)}
      >
        <Glyph icon={Icon} size={14} className={words.tone === 'busy' ? 'status__turning' : undefined} />
        <span className="status__text">{words.text}</span>
      </span>
      <span className="sr-only" role="status">
        {words.announce ? words.text : ''}
      </span>
    </>
  )
}

function useSettled(words: StatusWords, status: SyncStatus): StatusWords {
  const saved = status.phase === 'saved'
  const { since } = status
  const [settledSince, setSettledSince] = useState<number | null>(null)
  const [before, setBefore] = useState(words)

  useEffect(() => {
    if (!saved) return
    const timer = setTimeout(() => setSettledSince(since), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [saved, since])

  if (!saved && before.text !== words.text) setBefore(words)
  return saved && settledSince !== since ? before : words
}

function iconOf(tone: Tone, onlyLooks: boolean): LucideIcon {
  switch (tone) {
    case 'calm':
      return onlyLooks ? Eye : Check
    case 'busy':
      return LoaderCircle
    case 'warn':
      return CloudOff
    case 'bad':
      return TriangleAlert
  }
}
