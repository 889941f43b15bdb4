/** Pictures on the board. */
import type { Editor } from '../editor-api'
import type { ImageElement } from '../elements/types'
import type { Action } from './action'

const ofImage = {
  group: 'edit',
  writes: true,
  when: (e) => imageOf(e) !== null,
} as const satisfies Partial<Action>

export const imageActions = {
  addImage: { group: 'tools', writes: true, keys: ['i'], run: 'outside' },
  cropImage: {
    ...ofImage,
    run(editor) {
      const image = imageOf(editor)
      if (image) editor.startCrop(image.id)
    },
  },
  replaceImage: { ...ofImage, run: 'outside' },
  describeImage: { ...ofImage, run: 'outside' },
  reloadImage: { group: 'edit', when: (e) => selectedImage(e) !== null, run: 'outside' },
  downloadImage: { group: 'edit', when: (e) => selectedImage(e) !== null, run: 'outside' },
} satisfies Record<string, Action>

/** The one image that is selected. */
export function selectedImage(editor: Editor): ImageElement | null {
  const [id, second] = editor.state.get().selection
  const element = id === undefined || second !== undefined ? undefined : editor.element(id)
  return element?.type === 'image' ? element : null
}

function imageOf(editor: Editor): ImageElement | null {
  const image = selectedImage(editor)
  return image?.style.locked === false ? image : null
}
