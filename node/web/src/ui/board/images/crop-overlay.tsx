/**
 * The edges of the part of a picture that is shown, to be moved by hand or by the arrow keys. The rest of the picture is
 * seen pale around it. Enter and a press elsewhere keep what was chosen, Escape does not.
 */

import type { KeyboardEvent, PointerEvent, ReactNode } from 'react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { movePart, movePartEdge, seenPart, wholeBox, withPart } from '../../../core/crop'
import type { Editor } from '../../../core/editor-api'
import { wholePicture } from '../../../core/elements/image'
import type { Crop, ElementId, ImageElement } from '../../../core/elements/types'
import { rotateAbout, type Box, type Point } from '../../../core/geometry/box'
import { HANDLES, sidesOf, type Handle } from '../../../core/geometry/transform'
import { drawPicture } from '../../../render/image'
import type { Pictures } from '../../../render/pictures'
import { strings } from '../../strings'
import { useStore } from '../../use-store'

/** No part is smaller than this on screen. */
const LEAST_PX = 16
const STEP = 0.01
const STEP_FAR = 0.1
const CANVAS_SIDE_MAX = 2048
const WHOLE: Crop = [0, 0, 1, 1]

export default function CropOverlay({ editor, pictures }: { editor: Editor; pictures: Pictures }) {
  const id = useStore(editor.state, (state) => state.cropping)
  const image = id === null ? undefined : editor.element(id)
  if (id === null || image?.type !== 'image') return null
  return <Cropping key={id} id={id} image={image} editor={editor} pictures={pictures} />
}

interface CroppingProps {
  readonly id: ElementId
  readonly image: ImageElement
  readonly editor: Editor
  readonly pictures: Pictures
}

function Cropping({ id, image, editor, pictures }: CroppingProps) {
  // What others do to it meanwhile gives way to what is chosen here.
  const [begun] = useState(() => ({ image, whole: wholeBox(image) }))
  const [part, setPart] = useState(() => seenPart(image.picture))
  const camera = useStore(editor.state, (state) => state.camera)
  const frame = useRef<HTMLDivElement>(null)
  const result = useRef({ part, dropped: false })
  const { whole } = begun
  const zoom = camera.zoom

  useEffect(() => {
    result.current.part = part
    editor.setDrafts('crop', [withPart(begun.image, whole, part)])
  }, [editor, begun, whole, part])
  useEffect(() => {
    frame.current?.focus({ preventScroll: true })
    const outcome = result.current
    return () => {
      editor.setDrafts('crop', [])
      const before = seenPart(begun.image.picture)
      if (outcome.dropped || outcome.part.every((n, i) => n === before[i])) return
      const after = withPart(begun.image, begun.whole, outcome.part)
      editor.setPicture(id, after.picture, after.box)
    }
  }, [editor, id, begun])

  const least = { x: LEAST_PX / (whole.w * zoom), y: LEAST_PX / (whole.h * zoom) }
  const move = (of: Handle | 'all', from: Crop, by: Point) =>
    setPart(of === 'all' ? movePart(from, by) : movePartEdge(from, of, by, least))
  const end = (how: 'keep' | 'drop') => {
    result.current.dropped = how === 'drop'
    editor.endCrop()
    document.querySelector<HTMLElement>('[data-board]')?.focus({ preventScroll: true })
  }
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === 'Tab') return
    event.stopPropagation()
    const isButton = event.target instanceof HTMLButtonElement && event.target.dataset['edge'] === undefined
    if (event.key === 'Escape') return end('drop')
    if (event.key === 'Enter' && !isButton) return end('keep')
    const by = arrowOf(event)
    if (by === null) return
    event.preventDefault()
    const edge = event.target instanceof HTMLElement ? event.target.dataset['edge'] : undefined
    move(HANDLES.find((handle) => handle === edge) ?? 'all', part, by)
  }
  const drag = (of: Handle | 'all') => (event: PointerEvent<HTMLElement>) =>
    followDrag(event, (by) => {
      const turned = rotateAbout(by, { x: 0, y: 0 }, -whole.angle)
      move(of, part, { x: turned.x / (whole.w * zoom), y: turned.y / (whole.h * zoom) })
    })

  const [x, y, w, h] = part
  const words = strings.images
  return (
    <div className="crop" style={placed(whole, editor)} onKeyDown={onKeyDown} data-testid="crop">
      <Pale image={begun.image} whole={whole} pictures={pictures} zoom={zoom} />
      <div
        ref={frame}
        className="crop__part"
        role="group"
        aria-label={words.crop}
        tabIndex={0}
        data-testid="crop-part"
        style={{ left: `${x * 100}%`, top: `${y * 100}%`, width: `${w * 100}%`, height: `${h * 100}%` }}
        onPointerDown={drag('all')}
      >
        {HANDLES.map((handle) => (
          <button
            key={handle}
            type="button"
            className={`crop__edge crop__edge--${handle}`}
            aria-label={words.cropEdges[handle]}
            data-edge={handle}
            data-testid={`crop-${handle}`}
            style={edgePlace(handle)}
            onPointerDown={drag(handle)}
          />
        ))}
      </div>
      <Verbs angle={whole.angle}>
        <button type="button" className="button button--secondary" onClick={() => setPart(WHOLE)}>
          {words.cropWhole}
        </button>
        <button
          type="button"
          className="button button--primary"
          data-testid="crop-done"
          onClick={() => end('keep')}
        >
          {words.cropDone}
        </button>
      </Verbs>
    </div>
  )
}

function Verbs({ angle, children }: { angle: number; children: ReactNode }) {
  return (
    <div className="crop__verbs" style={{ transform: `translate(-50%, 0) rotate(${-angle}rad)` }}>
      {children}
    </div>
  )
}

/** The whole picture, which shows pale around the part. */
function Pale({
  image,
  whole,
  pictures,
  zoom,
}: {
  image: ImageElement
  whole: Box
  pictures: Pictures
  zoom: number
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const scale = Math.min(zoom * devicePixelRatio, CANVAS_SIDE_MAX / Math.max(whole.w, whole.h))
    const paint = () => {
      const node = canvas.current
      const ctx = node?.getContext('2d')
      if (!node || !ctx) return
      node.width = Math.max(1, Math.round(whole.w * scale))
      node.height = Math.max(1, Math.round(whole.h * scale))
      const { asset, w, h, blurhash, flipX, flipY } = image.picture
      const all = { ...wholePicture(asset, { w, h }, blurhash), flipX, flipY }
      const found = pictures.at(all, Math.max(node.width, node.height))
      drawPicture(ctx, all, found, { x: 0, y: 0, w: node.width, h: node.height, angle: 0 })
    }
    paint()
    return pictures.subscribe(paint)
  }, [image, whole, pictures, zoom])
  return <canvas ref={canvas} className="crop__whole" aria-hidden="true" />
}

function placed(whole: Box, editor: Editor) {
  const { camera } = editor.state.get()
  return {
    left: whole.x * camera.zoom + camera.x,
    top: whole.y * camera.zoom + camera.y,
    width: whole.w * camera.zoom,
    height: whole.h * camera.zoom,
    transform: whole.angle === 0 ? 'none' : `rotate(${whole.angle}rad)`,
  }
}

function edgePlace(handle: Handle) {
  const [sx, sy] = sidesOf(handle)
  return { left: `${(sx + 1) * 50}%`, top: `${(sy + 1) * 50}%` }
}

function arrowOf(event: KeyboardEvent): Point | null {
  const step = event.shiftKey ? STEP_FAR : STEP
  switch (event.key) {
    case 'ArrowLeft':
      return { x: -step, y: 0 }
    case 'ArrowRight':
      return { x: step, y: 0 }
    case 'ArrowUp':
      return { x: 0, y: -step }
    case 'ArrowDown':
      return { x: 0, y: step }
    default:
      return null
  }
}

/** Calls with the way from where the pointer went down, on screen, until it is let go. */
function followDrag(event: PointerEvent<HTMLElement>, moved: (by: Point) => void): void {
  event.stopPropagation()
  if (event.button !== 0) return
  const { currentTarget: target, pointerId, clientX, clientY } = event
  target.setPointerCapture(pointerId)
  const over = new AbortController()
  const { signal } = over
  const onMove = (next: globalThis.PointerEvent) =>
    moved({ x: next.clientX - clientX, y: next.clientY - clientY })
  target.addEventListener('pointermove', onMove, { signal })
  target.addEventListener('pointerup', () => over.abort(), { signal })
  target.addEventListener('pointercancel', () => over.abort(), { signal })
}
