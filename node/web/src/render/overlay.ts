/**
 * What lies over the board: frames and handles of the selection, the marquee, drafts, and the others'
 * selections and cursors. On a layer of its own, so that none of it repaints the board.
 */
import type { Camera, Editor } from '../core/editor-api'
import { frameOf } from '../core/elements'
import type { Element, ElementId } from '../core/elements/types'
import { boxCentre, rotateAbout, type Box, type Point } from '../core/geometry/box'
import { handlePoint } from '../core/geometry/transform'
import type { Peer } from '../core/ports'
import { selectionFrame, turnHandlePoint, type SelectionFrame } from '../core/selectionFrame'
import type { GlidingCursors } from './cursors'
import { paintBinding, paintSprouts } from './joints'
import { paintGuides } from './guides'
import { Painter } from './painter'
import { personColor, type Colors } from './pens'
import type { Pictures } from './pictures'

export interface OverlayView {
  readonly editor: Editor
  readonly peers: readonly Peer[]
  readonly cursors: GlidingCursors
  readonly colors: Colors
  readonly pictures: Pictures
  readonly density: number
}

/** With more selected than this, the frame around all stands for them. */
const OUTLINES_MAX = 200
const HANDLE_PX = 8
const MIDDLE_PX = 3
const LOCK_PX = 9
const FLAG_FONT = '500 12px Inter, system-ui, sans-serif'

type Ctx = CanvasRenderingContext2D

/** Nothing at all lies over the board. */
export function isOverlayEmpty({ editor, peers }: Pick<OverlayView, 'editor' | 'peers'>): boolean {
  const { selection, hover, marquee, binding } = editor.state.get()
  const isBusy = peers.some((peer) => peer.cursor !== null || peer.selection.length > 0 || peer.live !== null)
  return (
    selection.length === 0 &&
    hover === null &&
    marquee === null &&
    binding === null &&
    editor.preview.get() === null &&
    !isBusy
  )
}

export function paintOverlay(ctx: Ctx, view: OverlayView): void {
  const { editor, colors, density } = view
  const state = editor.state.get()
  const { camera } = state
  paintDrafts(ctx, view)
  ctx.setTransform(density, 0, 0, density, 0, 0)
  ctx.globalAlpha = 1
  ctx.lineJoin = 'miter'
  for (const peer of view.peers) paintPeerSelection(ctx, view, peer, camera)
  ctx.strokeStyle = colors.accent
  if (state.hover !== null && !state.selection.includes(state.hover)) {
    ctx.lineWidth = 1.5
    outline(ctx, editor, [state.hover], camera)
  }
  if (state.cropping === null) paintSelection(ctx, view, state.selection, state.editing?.id ?? null)
  const into = editor.preview.get()?.into?.parent ?? null
  if (into !== null) {
    ctx.lineWidth = 2.5
    outline(ctx, editor, [into], camera)
  }
  if (state.marquee) {
    const { minX, minY, maxX, maxY } = state.marquee
    const from = onScreen(camera, { x: minX, y: minY })
    const w = (maxX - minX) * camera.zoom
    const h = (maxY - minY) * camera.zoom
    ctx.fillStyle = colors.accent
    ctx.globalAlpha = 0.08
    ctx.fillRect(from.x, from.y, w, h)
    ctx.globalAlpha = 1
    ctx.lineWidth = 1
    ctx.strokeRect(from.x, from.y, w, h)
  }
  if (state.binding) paintBinding(ctx, view, state.binding, camera)
  paintGuides(ctx, state.guides, camera, colors)
  for (const peer of view.peers) paintCursor(ctx, view, peer, camera)
}

/** Elements in the making, one's own and the others'; what exists already is shown by the scene. */
function paintDrafts(ctx: Ctx, view: OverlayView): void {
  const { editor, colors, pictures, density } = view
  const drafts: Element[] = []
  const lives = [editor.preview.get(), ...view.peers.map((peer) => peer.live)]
  for (const live of lives) {
    for (const draft of live?.drafts ?? []) if (!editor.scene.get(draft.id)) drafts.push(draft)
  }
  if (drafts.length === 0) return
  const painter = new Painter(ctx, {
    ...editor.state.get().camera,
    density,
    colors,
    pictures,
    editing: null,
    detail: 'all',
  })
  for (const draft of drafts) painter.paint(editor.scene.routed(draft))
}

function paintSelection(
  ctx: Ctx,
  view: OverlayView,
  selection: readonly ElementId[],
  editing: ElementId | null,
): void {
  const { editor, colors } = view
  const { camera, readOnly, tool, gesture } = editor.state.get()
  const elements = selection.flatMap((id) => editor.scene.get(id)?.element ?? [])
  const frame = selectionFrame(elements, camera)
  if (!frame) return
  ctx.strokeStyle = colors.accent
  ctx.lineWidth = 1
  if (elements.length > 1 && elements.length <= OUTLINES_MAX) {
    ctx.globalAlpha = 0.6
    outline(ctx, editor, selection, camera)
    ctx.globalAlpha = 1
  }
  const locked = elements.some((e) => e.style.locked)
  if (frame.is === 'box') {
    ctx.lineWidth = 1.25
    if (locked) ctx.setLineDash([4, 3])
    ctx.beginPath()
    traceBox(ctx, frame.frame, camera)
    ctx.stroke()
    ctx.setLineDash([])
  }
  if (locked) paintLock(ctx, onScreen(camera, handlePoint(frame.frame, 'ne')), colors)
  if (!readOnly && tool === 'select' && editing === null) paintHandles(ctx, frame, camera, colors, gesture)
}

function paintHandles(
  ctx: Ctx,
  frame: SelectionFrame,
  camera: Camera,
  colors: Colors,
  gesture: boolean,
): void {
  ctx.fillStyle = colors.paper
  ctx.strokeStyle = colors.accent
  ctx.lineWidth = 1.5
  switch (frame.is) {
    case 'ends':
      knob(ctx, onScreen(camera, frame.from))
      knob(ctx, onScreen(camera, frame.to))
      return
    case 'line':
      if (!gesture) paintMiddles(ctx, frame.middles, camera)
      for (const point of frame.points) knob(ctx, onScreen(camera, point))
      return
    case 'box':
      if (frame.turnable && !gesture) knob(ctx, onScreen(camera, turnHandlePoint(frame.frame, camera.zoom)))
      if (!gesture) paintSprouts(ctx, frame.sprouts, camera, colors)
      for (const handle of frame.handles) {
        const at = onScreen(camera, handlePoint(frame.frame, handle))
        ctx.setTransform(
          ctx
            .getTransform()
            .translate(at.x, at.y)
            .rotate((frame.frame.angle * 180) / Math.PI),
        )
        ctx.beginPath()
        ctx.roundRect(-HANDLE_PX / 2, -HANDLE_PX / 2, HANDLE_PX, HANDLE_PX, 2)
        ctx.fill()
        ctx.stroke()
        ctx.setTransform(
          ctx
            .getTransform()
            .rotate((-frame.frame.angle * 180) / Math.PI)
            .translate(-at.x, -at.y),
        )
      }
  }
}

/** Where a line can be bent: smaller and fainter than the points that it has. */
function paintMiddles(ctx: Ctx, middles: readonly { readonly place: Point }[], camera: Camera): void {
  ctx.globalAlpha = 0.55
  for (const { place } of middles) {
    const at = onScreen(camera, place)
    ctx.beginPath()
    ctx.arc(at.x, at.y, MIDDLE_PX, 0, 2 * Math.PI)
    ctx.fill()
    ctx.stroke()
  }
  ctx.globalAlpha = 1
}

/** A closed lock in a round badge. */
function paintLock(ctx: Ctx, at: Point, colors: Colors): void {
  ctx.fillStyle = colors.paper
  ctx.strokeStyle = colors.accent
  ctx.lineWidth = 1.25
  ctx.beginPath()
  ctx.arc(at.x, at.y, LOCK_PX, 0, 2 * Math.PI)
  ctx.fill()
  ctx.stroke()
  ctx.beginPath()
  ctx.arc(at.x, at.y - 1.5, 2.5, Math.PI, 0)
  ctx.lineTo(at.x + 2.5, at.y)
  ctx.moveTo(at.x - 2.5, at.y - 1.5)
  ctx.lineTo(at.x - 2.5, at.y)
  ctx.stroke()
  ctx.fillStyle = colors.accent
  ctx.beginPath()
  ctx.roundRect(at.x - 4, at.y - 0.5, 8, 5.5, 1.5)
  ctx.fill()
}

function knob(ctx: Ctx, at: Point): void {
  ctx.beginPath()
  ctx.arc(at.x, at.y, HANDLE_PX / 2 + 0.5, 0, 2 * Math.PI)
  ctx.fill()
  ctx.stroke()
}

function paintPeerSelection(ctx: Ctx, view: OverlayView, peer: Peer, camera: Camera): void {
  if (peer.selection.length === 0) return
  ctx.strokeStyle = personColor(peer.color, view.colors)
  ctx.lineWidth = 1.5
  outline(ctx, view.editor, peer.selection.slice(0, OUTLINES_MAX), camera)
}

function outline(ctx: Ctx, editor: Editor, ids: readonly ElementId[], camera: Camera): void {
  ctx.beginPath()
  for (const id of ids) {
    const entry = editor.scene.get(id)
    if (entry) traceBox(ctx, frameOf(entry.element), camera)
  }
  ctx.stroke()
}

function traceBox(ctx: Ctx, b: Box, camera: Camera): void {
  const centre = boxCentre(b)
  const corner = (x: number, y: number) => onScreen(camera, rotateAbout({ x, y }, centre, b.angle))
  const first = corner(b.x, b.y)
  ctx.moveTo(first.x, first.y)
  for (const p of [corner(b.x + b.w, b.y), corner(b.x + b.w, b.y + b.h), corner(b.x, b.y + b.h)]) {
    ctx.lineTo(p.x, p.y)
  }
  ctx.closePath()
}

function paintCursor(ctx: Ctx, view: OverlayView, peer: Peer, camera: Camera): void {
  const world = view.cursors.at(peer.clientId)
  if (!world) return
  const at = onScreen(camera, world)
  const color = personColor(peer.color, view.colors)
  ctx.fillStyle = color
  ctx.strokeStyle = view.colors.paper
  ctx.lineWidth = 1.5
  ctx.lineJoin = 'round'
  ctx.beginPath()
  ctx.moveTo(at.x, at.y)
  for (const [dx, dy] of [
    [0, 17],
    [4.5, 13],
    [11.5, 12.5],
  ] as const) {
    ctx.lineTo(at.x + dx, at.y + dy)
  }
  ctx.closePath()
  ctx.stroke()
  ctx.fill()
  if (peer.name !== '') paintFlag(ctx, at, peer.name, color)
}

function paintFlag(ctx: Ctx, at: Point, name: string, color: string): void {
  ctx.font = FLAG_FONT
  ctx.fontKerning = 'auto'
  ctx.textBaseline = 'middle'
  const shown = name.length > 24 ? `${name.slice(0, 23)}…` : name
  const width = ctx.measureText(shown).width + 14
  ctx.fillStyle = color
  ctx.beginPath()
  ctx.roundRect(at.x + 11, at.y + 15, width, 20, 6)
  ctx.fill()
  ctx.fillStyle = isBright(color) ? '#1f2328' : '#ffffff'
  ctx.fillText(shown, at.x + 18, at.y + 25.5)
}

function isBright(color: string): boolean {
  const channel = (from: number) => Number.parseInt(color.slice(from, from + 2), 16) || 0
  return channel(1) * 299 + channel(3) * 587 + channel(5) * 114 > 130_000
}

function onScreen(c: Camera, p: Point): Point {
  return { x: p.x * c.zoom + c.x, y: p.y * c.zoom + c.y }
}
