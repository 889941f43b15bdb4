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
import { TEXT_LENGTH_MAX } from '../../../core/schema.gen'
import { showToast } from '../../parts/toasts'
import { strings } from '../../strings'
import { prepared } from '../images/prepare'
import type { NewUpload } from '../images/uploads'
import { blobOf } from './adopt'
import type { Desk } from './brought'
import { midView } from './receive'

const PICTURES_MAX = 50

export async function pasteForeign({ editor, uploads }: Desk, text: string, at?: Point): Promise<void> {
  const read = readExcalidraw(text)
  if (read === null) return showToast({ text: strings.transfer.unreadable })
  const shapes = read.payload ? payloadBounds(read.payload) : EMPTY_RECT
  const bounds = read.pictures.reduce<Rect>((all, { box }) => unionRect(all, rectOfBox(box)), shapes)
  if (bounds.maxX < bounds.minX) return showToast({ text: strings.transfer.empty })
  const to = at ?? midView(editor)
  const from = rectCentre(bounds)
  const by = { x: to.x - from.x, y: to.y - from.y }
  let beyond = 0
  if (read.payload) {
    const centre = rectCentre(shapes)
    beyond = editor.paste(read.payload, { x: centre.x + by.x, y: centre.y + by.y }).leftOut
  }
  const sent = await Promise.all(read.pictures.slice(0, PICTURES_MAX).map((one) => uploadOf(one, by)))
  const ready = sent.flatMap((one) => one ?? [])
  if (ready.length > 0) uploads.add(ready)
  const leftOut = read.leftOut + beyond + read.pictures.length - ready.length
  if (leftOut > 0) showToast({ text: strings.transfer.leftOut(leftOut) })
  if (read.shortened > 0) showToast({ text: strings.transfer.shortened(read.shortened, TEXT_LENGTH_MAX) })
}

async function uploadOf({ dataUrl, box, ...look }: ForeignPicture, by: Point): Promise<NewUpload | null> {
  const file = blobOf(dataUrl)
  const picture = file && (await prepared(file).catch(() => null))
  const moved = { ...box, x: box.x + by.x, y: box.y + by.y }
  return picture && { name: '', picture, box: moved, look }
}
