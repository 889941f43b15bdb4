/** What the board page has of frames and presenting; panel and presentation are fetched when they are asked for. */

import { useCallback, useState } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { Pictures } from '../../../render/pictures'
import type { LivePresence } from '../../../core/ports'
import { lazyPart } from '../../lazy-page'
import { strings } from '../../strings'
import type { Theme } from '../../theme'
import { useCommand } from '../commands'
import type { PresentationOf } from '../present/presentation'
import { PresentingNote } from '../present/presenting-note'

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
}

export function FramesPart({ editor, presence, theme, pictures }: FramesPartProps) {
  const [panel, setPanel] = useState(false)
  const [shown, setShown] = useState<PresentationOf | null>(null)
  const end = useCallback(() => setShown(null), [])
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
