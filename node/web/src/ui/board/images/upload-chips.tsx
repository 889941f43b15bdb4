/** How far each picture is on its way, over where it will be. */

import { RotateCw, X } from 'lucide-react'
import type { CSSProperties } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { Box } from '../../../core/geometry/box'
import { ApiError } from '../../../api/problem'
import { IconButton } from '../../parts/icon-button'
import { problemText } from '../../problem'
import { strings } from '../../strings'
import { useStore } from '../../use-store'
import type { Upload, Uploads, UploadState } from './uploads'

const LEAST_WIDTH = 260

export function UploadChips({ editor, uploads }: { editor: Editor; uploads: Uploads }) {
  const all = useStore(uploads.all, (value) => value)
  if (all.length === 0) return null
  return (
    <ul className="uploads" aria-label={strings.images.uploads} data-testid="uploads">
      {all.map((upload) => (
        <Chip key={upload.id} editor={editor} uploads={uploads} upload={upload} />
      ))}
    </ul>
  )
}

function Chip({ editor, uploads, upload }: { editor: Editor; uploads: Uploads; upload: Upload }) {
  const camera = useStore(editor.state, (state) => state.camera)
  const name = upload.name === '' ? strings.images.unnamed : upload.name
  const words = wordsOf(upload.state)
  const failed = upload.state.at === 'failed'
  const share = upload.state.at === 'sending' ? upload.state.share : null
  return (
    <li
      className={`upload${failed ? ' upload--failed' : ''}`}
      style={placeOf(editor, upload.box, camera.zoom)}
      data-testid="upload"
      data-state={upload.state.at}
    >
      <div className="upload__words">
        <span className="upload__name">{name}</span>
        <span className="upload__state" role={failed ? 'alert' : 'status'}>
          {words}
        </span>
        {!failed && (
          <progress
            className="upload__bar"
            aria-label={`${name}: ${words}`}
            max={1}
            {...(share !== null && { value: share })}
          />
        )}
      </div>
      {failed && (
        <IconButton
          icon={RotateCw}
          label={strings.images.retry}
          testId="upload-retry"
          onClick={() => uploads.retry(upload.id)}
        />
      )}
      <IconButton
        icon={X}
        label={strings.images.cancel(name)}
        testId="upload-cancel"
        onClick={() => uploads.cancel(upload.id)}
      />
    </li>
  )
}

function placeOf(editor: Editor, box: Box, zoom: number): CSSProperties {
  const foot = editor.toScreen({ x: box.x + box.w / 2, y: box.y + box.h })
  const width = Math.max(LEAST_WIDTH, Math.min(320, box.w * zoom - 16))
  return { left: foot.x, top: foot.y, width }
}

function wordsOf(state: UploadState): string {
  const words = strings.images
  switch (state.at) {
    case 'waiting':
      return { turn: words.waiting, connection: words.offline, server: words.busy }[state.for]
    case 'sending':
      return state.share < 1 ? words.sending(Math.floor(state.share * 100)) : words.keeping
    case 'failed':
      return failureWords(state.failure)
  }
}

function failureWords(failure: unknown): string {
  const words = strings.images
  if (!(failure instanceof ApiError)) return problemText(failure)
  switch (failure.code) {
    case 'body-too-large':
      return words.tooLarge
    case 'unsupported-media-type':
      return words.unreadable
    case 'forbidden':
      return words.forbidden
    case 'quota-exceeded':
      return words.quota
    default:
      return problemText(failure)
  }
}
