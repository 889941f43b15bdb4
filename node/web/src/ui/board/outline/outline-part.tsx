/** What the board page has of the outline: the panel, fetched when it is asked for, and the walk from one to the next. */

import { useState } from 'react'
import type { Editor } from '../../../core/editor-api'
import { outlineOf } from '../../../core/outline'
import { lazyPart } from '../../lazy-page'
import { strings } from '../../strings'
import { useCommand } from '../commands'
import { goTo } from '../ways/go-to'
import { elementWords } from './element-words'

const Panel = lazyPart(() => import('./outline-panel').then((part) => part.default), strings.outline.loading)

export function OutlinePart({ editor }: { readonly editor: Editor }) {
  const [panel, setPanel] = useState(false)
  const [said, setSaid] = useState('')
  const step = (by: 1 | -1) => {
    const outline = outlineOf(editor.scene)
    const { selection } = editor.state.get()
    const from = outline.findIndex(({ element }) => selection.includes(element.id))
    const at = from === -1 ? (by === 1 ? 0 : outline.length - 1) : from + by
    const next = outline[at]?.element
    if (next === undefined) return
    editor.select([next.id])
    goTo(editor, next.id)
    setSaid(strings.outline.at(at + 1, outline.length, elementWords(editor, next)))
  }
  useCommand('outline', () => setPanel(!panel))
  useCommand('readOn', () => step(1))
  useCommand('readBack', () => step(-1))
  return (
    <>
      {/* The board is a picture to a screen reader; this says what is walked to. */}
      <p className="sr-only" role="status" data-testid="outline-said">
        {said}
      </p>
      {panel && <Panel editor={editor} onClose={() => setPanel(false)} />}
    </>
  )
}
