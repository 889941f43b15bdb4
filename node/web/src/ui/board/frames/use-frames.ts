import { useMemo, useSyncExternalStore } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { FrameElement } from '../../../core/elements/types'

/** The frames as they are presented; the same list until one of them changes. */
export function useFrames(editor: Editor): readonly FrameElement[] {
  const source = useMemo(() => frameSource(editor), [editor])
  return useSyncExternalStore(source.subscribe, source.get)
}

interface FrameSource {
  subscribe(listener: () => void): () => void
  get(): readonly FrameElement[]
}

function frameSource(editor: Editor): FrameSource {
  let seen = -1
  let frames: readonly FrameElement[] = []
  return {
    subscribe: (listener) => editor.scene.subscribe(listener),
    get() {
      const version = editor.scene.version()
      if (version === seen) return frames
      seen = version
      const now = editor.frames()
      if (now.length !== frames.length || now.some((frame, at) => frame !== frames[at])) frames = now
      return frames
    },
  }
}
