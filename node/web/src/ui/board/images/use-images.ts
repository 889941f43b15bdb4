/** What a board's page needs for pictures, made with the editor and ended with it. */
import { useEffect } from 'react'
import { getAsset, uploadAsset } from '../../../api/assets'
import type { Editor } from '../../../core/editor-api'
import { Pictures } from '../../../render/pictures'
import type { BoardSession } from '../../../sync/session'
import { useOwned } from '../../use-owned'
import { Uploads } from './uploads'

export interface Images {
  readonly pictures: Pictures
  readonly uploads: Uploads
}

export function useImages(editor: Editor, session: BoardSession): Images {
  const images = useOwned(
    () => {
      const { board } = session
      const pictures = new Pictures((asset, form, signal) => getAsset(board, asset, form, signal))
      const uploads = new Uploads(editor, pictures, (file, onProgress, signal) =>
        uploadAsset({ board, file, onProgress, signal }),
      )
      return { pictures, uploads }
    },
    ({ pictures, uploads }) => {
      uploads.destroy()
      pictures.destroy()
    },
  )
  useEffect(() => {
    let connected = true
    const follow = () => {
      const { phase } = session.status.get()
      const now = phase === 'saved' || phase === 'saving'
      if (now && !connected) {
        images.uploads.retryWaiting()
        images.pictures.retry()
      }
      connected = now
    }
    return session.status.subscribe(follow)
  }, [images, session])
  return images
}
