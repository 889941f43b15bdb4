/** The field in which a frame is named, where its name stands. */

import { useLayoutEffect, useRef } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { ElementId } from '../../../core/elements/types'
import { nameBox } from '../../../core/frames'
import { strings } from '../../strings'
import { useStore } from '../../use-store'

const NAME_CHARS_MAX = 200
/** Room to write in, however small the frame is on screen. */
const WIDTH_LEAST_PX = 140

export function FrameNameField({ editor }: { editor: Editor }) {
  const naming = useStore(editor.state, (state) => state.naming)
  return naming === null ? null : <Field key={naming} editor={editor} id={naming} />
}

function Field({ editor, id }: { editor: Editor; id: ElementId }) {
  const field = useRef<HTMLInputElement>(null)
  const kept = useRef(false)
  const element = editor.element(id)
  const name = element?.type === 'frame' ? element.text : ''

  useLayoutEffect(() => {
    const node = field.current
    if (node === null) return
    const place = () => {
      const frame = editor.scene.get(id)?.element
      if (frame?.type !== 'frame') return
      const { zoom } = editor.state.get().camera
      const box = nameBox(frame, zoom)
      const at = editor.toScreen({ x: box.x, y: box.y })
      node.style.transform = `translate(${at.x}px, ${at.y}px) rotate(${box.angle}rad)`
      node.style.width = `${Math.max(WIDTH_LEAST_PX, frame.box.w * zoom)}px`
    }
    place()
    node.focus({ preventScroll: true })
    node.select()
    const stops = [editor.state.subscribe(place), editor.scene.subscribe(place)]
    return () => {
      for (const stop of stops) stop()
    }
  }, [editor, id])

  const done = (keep: boolean) => {
    if (kept.current) return
    kept.current = true
    const next = field.current?.value.trim() ?? name
    editor.endNaming()
    if (keep && next !== '') editor.renameFrame(id, next)
  }
  return (
    <input
      ref={field}
      className="frame-name"
      data-testid="frame-name"
      aria-label={strings.frames.name}
      defaultValue={name}
      maxLength={NAME_CHARS_MAX}
      autoComplete="off"
      spellCheck={false}
      onBlur={() => done(true)}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.nativeEvent.isComposing) return
        if (event.key === 'Enter') done(true)
        if (event.key === 'Escape') done(false)
      }}
    />
  )
}
