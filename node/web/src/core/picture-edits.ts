/** Putting pictures on the board, showing others in their place, and choosing the part that is shown. */
import type { EditDesk } from './edits'
import { keysOnTop } from './order'
import type { Editor } from './editor-api'
import { createIntent, newImage } from './elements/make'
import type { ElementId, Picture } from './elements/types'
import type { Box } from './geometry/box'
import type { Intent } from './ports'

/** A picture whose file the server has. */
export interface NewPicture {
  readonly id: ElementId
  readonly picture: Picture
  readonly box: Box
  readonly text: string
}

export type PictureEdits = Pick<Editor, 'placePictures' | 'setPicture' | 'startCrop' | 'endCrop'>

export interface CropDesk extends EditDesk {
  setCropping(id: ElementId | null): void
}

export function createPictureEdits(desk: CropDesk): PictureEdits {
  const { state, document, scene } = desk
  return {
    placePictures(pictures) {
      if (state.get().readOnly || pictures.length === 0) return
      const keys = keysOnTop(scene, pictures.length)
      const { styles } = state.get()
      const placed = desk.commit(
        pictures.flatMap(({ id, picture, box, text }, i): Intent[] => {
          const z = keys[i]
          return z === undefined ? [] : [createIntent(newImage({ id, z, styles }, picture, box, text))]
        }),
      )
      if (!placed) return
      desk.setTool('select')
      desk.select(pictures.map((one) => one.id))
    },
    setPicture(id, picture, box) {
      if (document.get(id)?.type !== 'image') return
      const intents: Intent[] = [{ do: 'setPicture', id, picture }]
      desk.commit(box ? [...intents, { do: 'setBox', id, box }] : intents)
    },
    startCrop(id) {
      const element = document.get(id)
      if (state.get().readOnly || element?.type !== 'image' || element.style.locked) return
      desk.endTextEdit()
      desk.setTool('select')
      desk.select([id])
      desk.setCropping(id)
    },
    endCrop: () => desk.setCropping(null),
  }
}
