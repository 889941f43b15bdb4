/** The frames of the board in the order in which they are presented, beside the board. */

import { ArrowDown, ArrowUp, Pencil, Play } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { FrameElement } from '../../../core/elements/types'
import { rectOfBox } from '../../../core/geometry/box'
import { paintFramePreview } from '../../../render/frame-preview'
import type { Pictures } from '../../../render/pictures'
import { IconButton } from '../../parts/icon-button'
import { InlineEdit } from '../../parts/inline-edit'
import { strings } from '../../strings'
import type { Theme } from '../../theme'
import { useStore } from '../../use-store'
import { ROW, SidePanel } from '../side-panel'
import { useFrames } from './use-frames'

const PREVIEW = { w: 112, h: 70 }
/** Content is painted anew this long after it changed, at the most as often. */
const PREVIEW_AFTER_MS = 250
const NAME_CHARS_MAX = 200

export interface FramesPanelProps {
  readonly editor: Editor
  readonly theme: Theme
  readonly pictures: Pictures
  readonly onPresent: () => void
  readonly onClose: () => void
}

export default function FramesPanel({ editor, theme, pictures, onPresent, onClose }: FramesPanelProps) {
  const frames = useFrames(editor)
  const readOnly = useStore(editor.state, (state) => state.readOnly)
  const [dragged, setDragged] = useState<string | null>(null)
  const words = strings.frames
  return (
    <SidePanel
      title={words.title}
      testId="frames-panel"
      onClose={onClose}
      verbs={
        frames.length > 0 && (
          <IconButton icon={Play} label={strings.present.start} testId="frames-present" onClick={onPresent} />
        )
      }
    >
      {frames.length === 0 ? (
        <p className="frames__empty">{words.empty}</p>
      ) : (
        <ol className="frames" aria-label={words.list}>
          {frames.map((frame, at) => (
            <Row
              key={frame.id}
              frame={frame}
              at={at}
              all={frames.length}
              editor={editor}
              theme={theme}
              pictures={pictures}
              readOnly={readOnly}
              isDragged={dragged === frame.id}
              onDrag={setDragged}
              onOver={() => {
                if (dragged !== null && dragged !== frame.id) editor.reorderFrame(dragged, at)
              }}
            />
          ))}
        </ol>
      )}
      {frames.length > 1 && !readOnly && <p className="frames__hint">{words.hint}</p>}
    </SidePanel>
  )
}

interface RowProps {
  readonly frame: FrameElement
  readonly at: number
  readonly all: number
  readonly editor: Editor
  readonly theme: Theme
  readonly pictures: Pictures
  readonly readOnly: boolean
  readonly isDragged: boolean
  readonly onDrag: (id: string | null) => void
  readonly onOver: () => void
}

function Row(props: RowProps) {
  const { frame, at, all, editor, readOnly, isDragged, onDrag, onOver } = props
  const [renaming, setRenaming] = useState(false)
  const words = strings.frames
  const name = frame.text === '' ? words.unnamed : frame.text
  const go = () => {
    editor.select([frame.id])
    editor.zoomToRect(rectOfBox(frame.box), 2)
  }
  const move = (to: number) => {
    if (to >= 0 && to < all) editor.reorderFrame(frame.id, to)
  }
  return (
    <li
      className={`frames__one${isDragged ? ' frames__one--dragged' : ''}`}
      data-testid="frames-row"
      draggable={!readOnly && !renaming}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = 'move'
        event.dataTransfer.setData('text/plain', name)
        onDrag(frame.id)
      }}
      onDragEnd={() => onDrag(null)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        onOver()
        onDrag(null)
      }}
      onKeyDown={(event) => {
        if (readOnly || !event.altKey) return
        const way = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0
        if (way === 0) return
        event.preventDefault()
        move(at + way)
      }}
    >
      {renaming ? (
        <InlineEdit
          value={frame.text}
          editing
          label={words.name}
          charsMax={NAME_CHARS_MAX}
          testId="frames-name"
          onDone={(next) => {
            setRenaming(false)
            if (next !== null) editor.renameFrame(frame.id, next)
          }}
        />
      ) : (
        <button type="button" className="frames__go" onClick={go} {...ROW}>
          <Preview {...props} />
          <span className="frames__number">{at + 1}</span>
          <span className="frames__name">{name}</span>
        </button>
      )}
      {!readOnly && !renaming && (
        <span className="frames__tools">
          <IconButton
            icon={ArrowUp}
            size="small"
            label={words.up}
            disabled={at === 0}
            onClick={() => move(at - 1)}
          />
          <IconButton
            icon={ArrowDown}
            size="small"
            label={words.down}
            disabled={at === all - 1}
            onClick={() => move(at + 1)}
          />
          <IconButton
            icon={Pencil}
            size="small"
            label={words.rename}
            testId="frames-rename"
            onClick={() => setRenaming(true)}
          />
        </span>
      )}
    </li>
  )
}

function Preview({ editor, frame, theme, pictures }: RowProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const paint = () => {
      timer = undefined
      if (canvas.current) paintFramePreview(canvas.current, editor, frame.id, { theme, pictures, ...PREVIEW })
    }
    const soon = () => {
      timer ??= setTimeout(paint, PREVIEW_AFTER_MS)
    }
    paint()
    const stops = [editor.scene.subscribe(soon), pictures.subscribe(soon)]
    return () => {
      clearTimeout(timer)
      for (const stop of stops) stop()
    }
  }, [editor, frame.id, theme, pictures])
  return <canvas ref={canvas} className="frames__preview" aria-hidden="true" />
}
