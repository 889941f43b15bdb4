/** Whom this page follows, said all around the board, and the way out of it. */

import { X } from 'lucide-react'
import type { CSSProperties } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { BoardSession } from '../../../sync/session'
import { isStill } from '../../motion'
import { Glyph } from '../../parts/glyph'
import { showToast } from '../../parts/toasts'
import { strings } from '../../strings'
import { useOwned } from '../../use-owned'
import { useStore } from '../../use-store'
import { useCommand } from '../commands'
import { usePeers } from '../use-peers'
import type { Following } from './following'
import { createFollowing } from './following'

export function useFollowing(editor: Editor, session: BoardSession): Following {
  return useOwned(
    () =>
      createFollowing({
        editor,
        presence: session.presence,
        still: isStill,
        onLeft: (name) => showToast({ text: strings.ways.follow.left(name) }),
        onCall: tellCall,
      }),
    (made) => made.destroy(),
  )
}

/** Whoever is not in the middle of something is taken along, and can go back. */
function tellCall(name: string, goTo: () => () => void, busy: boolean): void {
  const words = strings.ways.follow
  if (busy) {
    const action = { label: words.go, testId: 'call-go', run: () => void goTo() }
    return showToast({ text: words.calls(name), action })
  }
  showToast({ text: words.brought(name), action: { label: words.back, testId: 'call-back', run: goTo() } })
}

export interface FollowFrameProps {
  readonly following: Following
  readonly presence: BoardSession['presence']
  readonly mayBring: boolean
}

export function FollowFrame({ following, presence, mayBring }: FollowFrameProps) {
  const whom = useStore(following.whom, (value) => value)
  const peer = usePeers(presence).find(({ clientId }) => clientId === whom)
  useCommand(
    'bringToMe',
    () => {
      following.stop()
      presence.call()
      showToast({ text: strings.ways.follow.called })
    },
    () => mayBring && presence.peers().length > 0,
  )
  if (peer === undefined) return null
  const style: CSSProperties & Record<'--person', string> = { '--person': peer.color }
  return (
    <div className="following" style={style} data-testid="following" data-name={peer.name}>
      <button
        type="button"
        className="following__pill"
        data-testid="stop-following"
        onClick={() => following.stop()}
      >
        {strings.ways.follow.following(peer.name)}
        <span className="sr-only">{strings.ways.follow.stop}</span>
        <kbd className="key">Esc</kbd>
        <Glyph icon={X} size={14} />
      </button>
    </div>
  )
}
