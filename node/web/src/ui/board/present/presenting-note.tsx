/** Somebody presents the board: whoever wants to see what they show can follow. */

import { Presentation } from 'lucide-react'
import { useCallback, useRef, useSyncExternalStore } from 'react'
import type { LivePresence, Peer } from '../../../core/ports'
import { Glyph } from '../../parts/glyph'
import { strings } from '../../strings'

export function PresentingNote({
  presence,
  onFollow,
}: {
  readonly presence: LivePresence
  readonly onFollow: (clientId: number) => void
}) {
  const peer = usePresenter(presence)
  if (peer === null) return null
  return (
    <div className="island presenting" role="status" data-testid="presenting">
      <Glyph icon={Presentation} size={18} />
      <span className="presenting__who">{strings.present.by(peer.name)}</span>
      <button
        type="button"
        className="button button--primary"
        data-testid="follow-presentation"
        onClick={() => onFollow(peer.clientId)}
      >
        {strings.present.follow}
      </button>
    </div>
  )
}

/** No news of which frame it is: that is for those who follow. */
function usePresenter(presence: LivePresence): Peer | null {
  const last = useRef<Peer | null>(null)
  const subscribe = useCallback((listener: () => void) => presence.subscribe(listener), [presence])
  return useSyncExternalStore(subscribe, () => {
    const now = presence.peers().find((peer) => peer.presenting !== null) ?? null
    const same = now?.clientId === last.current?.clientId && now?.name === last.current?.name
    if (!same) last.current = now
    return last.current
  })
}
