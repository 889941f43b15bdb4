/** Excalidraw's drawings: their shapes as ours, their pictures sent as files of this board. */
import { payloadBounds } from '../../../core/copies'
import { readExcalidraw, type ForeignPicture } from '../../../core/exchange/excalidraw'
import {
  EMPTY_RECT,
  rectCentre,
  rectOfBox,
  unionRect,
  type Point,
  type Rect,
} from '../../../core/geometry/box'
import { showToast } from '../../parts/toasts'
import { strings } from '../../strings'
import { prepared } from '../images/prepare'
import type { NewUpload } from '../images/uploads'
import { blobOf } from './adopt'
import type { Desk } from './brought'

const PICTURES_MAX = 50

export async function pasteForeign({ editor, uploads }: Desk, text: string, at?: Point): Promise<void> {
  const read = readExcalidraw(text)
  if (read === null) return showToast({ text: strings.transfer.unreadable })
  const shapes = read.payload ? payloadBounds(read.payload) : EMPTY_RECT
  const bounds = read.pictures.reduce<Rect>((all, { box }) => unionRect(all, rectOfBox(box)), shapes)
  if (bounds.maxX < bounds.minX) return showToast({ text: strings.transfer.empty })
  const { viewport } = editor.state.get()
  const to = at ?? editor.toWorld({ x: viewport.w / 2, y: viewport.h / 2 })
  const from = rectCentre(bounds)
  const by = { x: to.x - from.x, y: to.y - from.y }
  if (read.payload) {
    const centre = rectCentre(shapes)
    editor.paste(read.payload, { x: centre.x + by.x, y: centre.y + by.y })
  }
  const sent = await Promise.all(read.pictures.slice(0, PICTURES_MAX).map((one) => uploadOf(one, by)))
  const ready = sent.flatMap((one) => one ?? [])
  if (ready.length > 0) uploads.add(ready)
  const leftOut = read.leftOut + read.pictures.length - ready.length
  if (leftOut > 0) showToast({ text: strings.transfer.leftOut(leftOut) })
}

async function uploadOf({ dataUrl, box, ...look }: ForeignPicture, by: Point): Promise<NewUpload | null> {
  const file = blobOf(dataUrl)
  const picture = file && (await prepared(file).catch(() => null))
  const moved = { ...box, x: box.x + by.x, y: box.y + by.y }
  return picture && { name: '', picture, box: moved, look }
}
