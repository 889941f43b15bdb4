/** Goes to the place that the address names, and copies addresses of places. */

import { useEffect } from 'react'
import type { Editor } from '../../../core/editor-api'
import { frameOf } from '../../../core/elements'
import { rectOfBox } from '../../../core/geometry/box'
import type { BoardSession } from '../../../sync/session'
import { showToast } from '../../parts/toasts'
import { strings } from '../../strings'
import { useCommand } from '../commands'
import { hashOf, placeOf, viewAt, type Place } from './place'

const ZOOM_MOST = 2

export function LinksPart({ editor, session }: { editor: Editor; session: BoardSession }) {
  useCommand('copyLink', () => void copy(editor))
  useEffect(() => {
    let sought: Place | null = null
    const seek = () => {
      const place = sought
      if (place === null) return
      // Going there changes the state, which would lead here again.
      sought = null
      if (goTo(editor, place)) return
      // What the server has is all here once it is in step.
      if (session.status.get().phase !== 'saved') sought = place
      else showToast({ text: strings.deepLinks.missing })
    }
    const follow = () => {
      sought = placeOf(location.hash)
      seek()
    }
    follow()
    window.addEventListener('hashchange', follow)
    const stops = [
      editor.document.subscribe(seek),
      editor.state.subscribe(seek),
      session.status.subscribe(seek),
    ]
    return () => {
      window.removeEventListener('hashchange', follow)
      for (const stop of stops) stop()
    }
  }, [editor, session])
  return null
}

/** False while there is nothing to go to. */
function goTo(editor: Editor, place: Place): boolean {
  const { viewport } = editor.state.get()
  if (viewport.w === 0 || viewport.h === 0) return false
  if (place.is === 'view') {
    editor.setCamera(viewAt(place, viewport))
    return true
  }
  const element = editor.element(place.id)
  if (!element) return false
  editor.zoomToRect(rectOfBox(frameOf(element)), ZOOM_MOST)
  editor.select([element.id])
  return true
}

function placeNow(editor: Editor): Place {
  const { selection, camera, viewport } = editor.state.get()
  const [id, second] = selection
  const element = id === undefined || second !== undefined ? undefined : editor.element(id)
  if (element) return { is: element.type === 'frame' ? 'frame' : 'element', id: element.id }
  const middle = editor.toWorld({ x: viewport.w / 2, y: viewport.h / 2 })
  return { is: 'view', x: middle.x, y: middle.y, zoom: camera.zoom }
}

async function copy(editor: Editor): Promise<void> {
  const address = new URL(location.href)
  address.hash = hashOf(placeNow(editor))
  try {
    await navigator.clipboard.writeText(address.href)
    showToast({ text: strings.deepLinks.copied })
  } catch {
    showToast({ text: strings.deepLinks.notCopied })
  }
}
