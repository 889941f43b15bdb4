/** The board at a glance, in a corner; what is in view is moved by dragging there. */

import type { KeyboardEvent, PointerEvent } from 'react'
import { useEffect, useRef } from 'react'
import { viewOf } from '../../../core/camera'
import type { Editor } from '../../../core/editor-api'
import type { Point } from '../../../core/geometry/box'
import { colorsOf } from '../../../render/pens'
import { strings } from '../../strings'
import type { Theme } from '../../theme'
import { mapFrame, onMap, paintMap, toWorldFromMap, type MapFrame } from './minimap-painting'

/** The board may change many times a second; its map need not. */
const PAINT_EVERY_MS = 500
/** Of what is in view, by one press of an arrow. */
const KEY_STEP = 0.25

export default function Minimap({ editor, theme }: { editor: Editor; theme: Theme }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const view = useRef<HTMLDivElement>(null)
  const frame = useRef<MapFrame | null>(null)

  useEffect(() => {
    const node = canvas.current
    const ctx = node === null ? null : prepared(node)
    if (node === null || ctx === null) return
    const colors = colorsOf(theme)
    let timer: ReturnType<typeof setTimeout> | undefined
    const place = () => placeView(view.current, editor, frame.current)
    const paint = () => {
      timer = undefined
      frame.current = mapFrame(editor.scene.bounds(), node.clientWidth, node.clientHeight)
      paintMap(ctx, editor.scene, frame.current, colors)
      place()
    }
    paint()
    const stops = [
      editor.scene.subscribe(() => {
        timer ??= setTimeout(paint, PAINT_EVERY_MS)
      }),
      editor.state.subscribe(place),
    ]
    return () => {
      clearTimeout(timer)
      for (const stop of stops) stop()
    }
  }, [editor, theme])

  const drag = (event: PointerEvent<HTMLElement>) => {
    if ((event.buttons & 1) === 0 || frame.current === null) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const { left, top } = event.currentTarget.getBoundingClientRect()
    centreOn(editor, toWorldFromMap(frame.current, { x: event.clientX - left, y: event.clientY - top }))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const { w, h } = editor.state.get().viewport
    const by = { ArrowLeft: [w, 0], ArrowRight: [-w, 0], ArrowUp: [0, h], ArrowDown: [0, -h] }[event.key]
    if (by === undefined) return
    const [dx = 0, dy = 0] = by
    editor.panBy(dx * KEY_STEP, dy * KEY_STEP)
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <section
      className="island minimap"
      aria-label={strings.ways.minimap}
      data-testid="minimap"
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={drag}
      onPointerMove={drag}
    >
      <canvas ref={canvas} aria-hidden="true" />
      <div ref={view} className="minimap__view" data-testid="minimap-view" />
    </section>
  )
}

function prepared(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
  const density = devicePixelRatio || 1
  canvas.width = canvas.clientWidth * density
  canvas.height = canvas.clientHeight * density
  const ctx = canvas.getContext('2d')
  ctx?.scale(density, density)
  return ctx
}

function placeView(node: HTMLElement | null, editor: Editor, frame: MapFrame | null): void {
  if (node === null || frame === null) return
  const { camera, viewport } = editor.state.get()
  const { minX, minY, maxX, maxY } = onMap(frame, viewOf(camera, viewport))
  node.style.transform = `translate(${minX}px, ${minY}px)`
  node.style.width = `${Math.max(4, maxX - minX)}px`
  node.style.height = `${Math.max(4, maxY - minY)}px`
}

function centreOn(editor: Editor, at: Point): void {
  const { camera, viewport } = editor.state.get()
  const { zoom } = camera
  editor.lookAt({ x: viewport.w / 2 - at.x * zoom, y: viewport.h / 2 - at.y * zoom, zoom })
}
