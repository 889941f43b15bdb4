/** The names of frames, above them and as large on screen at any zoom. */
import type { Editor } from '../core/editor-api'
import type { FrameElement } from '../core/elements/types'
import { nameBox, nameWidth, NAME_BASELINE_PX, NAME_FONT_PX } from '../core/frames'
import { boxCentre, rectOfBox, rectsTouch, type Rect } from '../core/geometry/box'
import { isSeenAt } from '../core/scene'
import { canvasFont } from '../core/text'
import type { Colors } from './pens'

/** A name of less room than this is not worth its dots. */
const ROOM_LEAST_PX = 20

export function paintFrameNames(
  ctx: CanvasRenderingContext2D,
  editor: Editor,
  within: Rect,
  { colors, density }: { readonly colors: Colors; readonly density: number },
): void {
  const { camera, naming } = editor.state.get()
  for (const entry of editor.scene.frames()) {
    const { element } = entry
    if (element.type !== 'frame' || element.text === '' || element.id === naming) continue
    const box = nameBox(element, camera.zoom)
    if (!rectsTouch(rectOfBox(box), within) || !isSeenAt(entry, boxCentre(box))) continue
    const text = shortened(element, camera.zoom)
    if (text === '') continue
    const centre = boxCentre(box)
    ctx.setTransform(density, 0, 0, density, 0, 0)
    ctx.translate(centre.x * camera.zoom + camera.x, centre.y * camera.zoom + camera.y)
    ctx.rotate(box.angle)
    ctx.globalAlpha = 1
    ctx.font = canvasFont(NAME_FONT_PX)
    ctx.fontKerning = 'none'
    ctx.textBaseline = 'alphabetic'
    ctx.textAlign = 'left'
    ctx.fillStyle = colors.stroke('grey') ?? colors.accent
    const { w, h } = { w: box.w * camera.zoom, h: box.h * camera.zoom }
    ctx.fillText(text, -w / 2, h / 2 - NAME_BASELINE_PX)
  }
}

const shorter = new Map<string, string>()
const KEPT_MAX = 1000

/** As much of the name as there is room for above the frame. */
function shortened(frame: FrameElement, zoom: number): string {
  const room = Math.floor(frame.box.w * zoom)
  const [name = ''] = frame.text.split('\n')
  if (nameWidth(name) <= room) return name
  if (room < ROOM_LEAST_PX) return ''
  const key = `${room} ${name}`
  const known = shorter.get(key)
  if (known !== undefined) return known
  let end = name.length
  while (end > 0 && nameWidth(`${name.slice(0, end)}…`) > room) end -= 1
  const text = end === 0 ? '' : `${name.slice(0, end)}…`
  if (shorter.size >= KEPT_MAX) shorter.clear()
  shorter.set(key, text)
  return text
}
