/** Pictures: chosen as files, put in the place of others, had again as they were sent. */

import { useState, useRef } from 'react'
import { getAsset } from '../../../api/assets'
import { selectedImage } from '../../../core/actions/images'
import type { Editor } from '../../../core/editor-api'
import type { ImageElement } from '../../../core/elements/types'
import { lazyPart } from '../../lazy-page'
import { showToast } from '../../parts/toasts'
import { strings } from '../../strings'
import { useStore } from '../../use-store'
import { useCommand } from '../commands'
import { takeFiles } from './take-files'
import { UploadChips } from './upload-chips'
import type { Images } from './use-images'

const CropOverlay = lazyPart(() => import('./crop-overlay').then((part) => part.default), '')
const AltDialog = lazyPart(() => import('./alt-dialog').then((part) => part.default), strings.images.altTitle)

const TYPES = 'image/*'

export function ImagesPart({ editor, images, board }: { editor: Editor; images: Images; board: string }) {
  const several = useRef<HTMLInputElement>(null)
  const one = useRef<HTMLInputElement>(null)
  const replaced = useRef<string | null>(null)
  const cropping = useStore(editor.state, (state) => state.cropping !== null)
  const [described, setDescribed] = useState<ImageElement | null>(null)
  useCommand('describeImage', () => setDescribed(selectedImage(editor)))
  useCommand(
    'reloadImage',
    () => images.pictures.retry(),
    () => {
      const image = selectedImage(editor)
      return image !== null && images.pictures.isBroken(image.picture.asset)
    },
  )
  useCommand('addImage', () => several.current?.click())
  useCommand('replaceImage', () => {
    replaced.current = selectedImage(editor)?.id ?? null
    one.current?.click()
  })
  useCommand('downloadImage', () => {
    const image = selectedImage(editor)
    if (image) void download(board, image.picture.asset, image.text)
  })
  const replace = async (file: File) => {
    const id = replaced.current
    if (id !== null && !(await images.uploads.replace(id, file)))
      showToast({ text: strings.images.unreadable })
  }
  return (
    <>
      <UploadChips editor={editor} uploads={images.uploads} />
      {cropping && <CropOverlay editor={editor} pictures={images.pictures} />}
      {described && <AltDialog editor={editor} image={described} onClose={() => setDescribed(null)} />}
      <input
        ref={several}
        type="file"
        accept={TYPES}
        multiple
        hidden
        aria-label={strings.images.choose}
        data-testid="image-files"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])]
          // The same file can be chosen again.
          event.target.value = ''
          void takeFiles(images.uploads, files)
        }}
      />
      <input
        ref={one}
        type="file"
        accept={TYPES}
        hidden
        aria-label={strings.actions.replaceImage}
        data-testid="image-replacement"
        onChange={(event) => {
          const file = event.target.files?.[0]
          event.target.value = ''
          if (file !== undefined) void replace(file)
        }}
      />
    </>
  )
}

async function download(board: string, asset: string, text: string): Promise<void> {
  try {
    const file = await getAsset(board, asset, 'full', AbortSignal.timeout(60_000))
    const address = URL.createObjectURL(file)
    const link = document.createElement('a')
    link.href = address
    link.download = `${text.trim().slice(0, 60) || asset}.${file.type.split('/')[1] ?? 'bin'}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(address), 10_000)
  } catch {
    showToast({ text: strings.images.downloadFailed })
  }
}
