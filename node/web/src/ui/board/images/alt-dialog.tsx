/** What is to be seen on a picture, in words. */

import { useState } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { ImageElement } from '../../../core/elements/types'
import { TEXT_LENGTH_MAX } from '../../../core/schema.gen'
import { Dialog } from '../../parts/dialog'
import { strings } from '../../strings'

interface AltDialogProps {
  readonly editor: Editor
  readonly image: ImageElement
  readonly onClose: () => void
}

export default function AltDialog({ editor, image, onClose }: AltDialogProps) {
  const [text, setText] = useState(image.text)
  const words = strings.images
  const save = () => {
    if (text !== image.text) editor.setText(image.id, text.trim())
    onClose()
  }
  return (
    <Dialog title={words.altTitle} narrow testId="alt-dialog" onClose={onClose}>
      <form
        className="alt"
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
      >
        <textarea
          className="field__input alt__text"
          aria-label={words.altTitle}
          rows={3}
          maxLength={TEXT_LENGTH_MAX}
          value={text}
          autoFocus
          data-testid="alt-text"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
            event.preventDefault()
            save()
          }}
        />
        <p className="field__hint">{words.altHint}</p>
        {text.length >= TEXT_LENGTH_MAX && (
          <p className="field__hint" role="status">
            {strings.transfer.textFull(TEXT_LENGTH_MAX)}
          </p>
        )}
        <div className="alt__verbs">
          <button type="button" className="button button--secondary" onClick={onClose}>
            {strings.cancel}
          </button>
          <button type="submit" className="button button--primary" data-testid="alt-save">
            {words.altSave}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
