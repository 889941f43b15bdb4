import { useLayoutEffect, useRef, useSyncExternalStore } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { ElementId } from '../../../core/elements/types'
import { boxesInView } from './marks-in-view'

export interface FindMarksProps {
  readonly editor: Editor
  readonly hits: readonly ElementId[]
  readonly current: ElementId | null
}

/** A frame around what was found, as far as it is in view. */
export function FindMarks({ editor, hits, current }: FindMarksProps) {
  const sheet = useRef<HTMLDivElement>(null)
  const camera = useSyncExternalStore(editor.state.subscribe, () => editor.state.get().camera)
  useSyncExternalStore(editor.scene.subscribe, () => editor.scene.version())

  useLayoutEffect(() => {
    const { x, y, zoom } = camera
    sheet.current?.style.setProperty('transform', `translate(${x}px, ${y}px) scale(${zoom})`)
    sheet.current?.style.setProperty('--zoom', String(zoom))
  }, [camera])

  return (
    <div ref={sheet} className="find-marks" aria-hidden="true">
      {boxesInView(editor, hits, current).map(({ id, rect }) => (
        <span
          key={id}
          className="find-mark"
          data-testid={id === current ? 'find-mark-current' : 'find-mark'}
          data-id={id}
          ref={(node) => {
            if (node === null) return
            node.style.left = `${rect.minX}px`
            node.style.top = `${rect.minY}px`
            node.style.width = `${rect.maxX - rect.minX}px`
            node.style.height = `${rect.maxY - rect.minY}px`
          }}
        />
      ))}
    </div>
  )
}
