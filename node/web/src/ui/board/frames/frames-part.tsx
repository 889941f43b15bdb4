/** What the board page has of frames and presenting; panel and presentation are fetched when they are asked for. */

import { useCallback, useEffect, useRef, useState } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { Pictures } from '../../../render/pictures'
import type { LivePresence } from '../../../core/ports'
import { lazyPart } from '../../lazy-page'
import { strings } from '../../strings'
import type { Theme } from '../../theme'
import { useCommand } from '../commands'
import type { PresentationOf } from '../present/presentation'
import { PresentingNote } from '../present/presenting-note'
import type { Following } from '../ways/following'

const Panel = lazyPart(() => import('./frames-panel').then((part) => part.default), strings.frames.loading)
const Presentation = lazyPart(
  () => import('../present/presentation').then((part) => part.default),
  strings.present.loading,
)

export interface FramesPartProps {
  readonly editor: Editor
  readonly presence: LivePresence
  readonly theme: Theme
  readonly pictures: Pictures
  readonly following: Following
}

export function FramesPart({ editor, presence, theme, pictures, following }: FramesPartProps) {
  const [panel, setPanel] = useState(false)
  const [shown, setShown] = useState<PresentationOf | null>(null)
  const end = useFollowedShow(following, presence, shown, setShown)
  const present = useCallback(() => {
    const { selection } = editor.state.get()
    const chosen = editor.frames().find((frame) => selection.includes(frame.id))
    setShown({ by: 'me', from: chosen?.id ?? null })
  }, [editor])
  useCommand('framesPanel', () => setPanel(!panel))
  useCommand('present', present)
  return (
    <>
      {panel && (
        <Panel
          editor={editor}
          theme={theme}
          pictures={pictures}
          onPresent={present}
          onClose={() => setPanel(false)}
        />
      )}
      {shown === null && (
        <PresentingNote presence={presence} onFollow={(clientId) => setShown({ by: 'peer', clientId })} />
      )}
      {shown !== null && <Presentation editor={editor} presence={presence} of={shown} onEnd={end} />}
    </>
  )
}

/**
 * Whoever follows somebody sees what they present, and follows them on when that is over; leaving it ends both. The
 * answer is to be called when a presentation ends.
 */
function useFollowedShow(
  following: Following,
  presence: LivePresence,
  shown: PresentationOf | null,
  show: (of: PresentationOf | null) => void,
): (how: 'left' | 'over') => void {
  const followed = useRef<number | null>(null)
  useEffect(() => {
    const look = () => {
      const whom = following.whom.get()
      const peer = presence.peers().find(({ clientId }) => clientId === whom)
      if (peer === undefined || peer.presenting === null) return
      followed.current = peer.clientId
      following.stop()
      show({ by: 'peer', clientId: peer.clientId })
    }
    const stops = [following.whom.subscribe(look), presence.subscribe(look)]
    return () => {
      for (const stop of stops) stop()
    }
  }, [following, presence, show])
  // Not before the presentation is gone, which puts the view back: that would end it.
  useEffect(() => {
    const whom = followed.current
    if (shown !== null || whom === null) return
    followed.current = null
    following.follow(whom)
  }, [following, shown])
  return useCallback(
    (how) => {
      if (how === 'left') followed.current = null
      show(null)
    },
    [show],
  )
}
