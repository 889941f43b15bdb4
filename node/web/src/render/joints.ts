/** What connectors can hold on to, while one is being drawn, and what they are drawn out of. */
import type { BindTarget, Camera, Editor } from '../core/editor-api'
import { sideStep } from '../core/connectors/elbow'
import { rimOfElement } from '../core/connectors/links'
import { exitsOf } from '../core/connectors/rim'
import type { Sprout } from '../core/connectors/sprouts'
import { distance, type Point } from '../core/geometry/box'
import type { Colors } from './pens'

type Ctx = CanvasRenderingContext2D

const ANCHOR_PX = 4
const HELD_PX = 6
const SPROUT_PX = 6
const ARROW_PX = 2.5

/** The outline of what an end would be bound to, the middles of its sides, and the place it would sit at. */
export function paintBinding(
  ctx: Ctx,
  { editor, colors }: { readonly editor: Editor; readonly colors: Colors },
  target: BindTarget,
  camera: Camera,
): void {
  const element = editor.scene.get(target.id)?.element
  const rim = element && rimOfElement(element)
  if (!rim) return
  const place = (p: Point) => onScreen(camera, p)
  ctx.strokeStyle = colors.accent
  ctx.lineWidth = 2
  ctx.beginPath()
  rim.corners.forEach((corner, i) => {
    const at = place(corner)
    if (i === 0) ctx.moveTo(at.x, at.y)
    else ctx.lineTo(at.x, at.y)
  })
  ctx.closePath()
  ctx.stroke()
  ctx.lineWidth = 1.5
  ctx.fillStyle = colors.paper
  for (const anchor of exitsOf(rim)) {
    if (target.at && distance(target.at, anchor) * camera.zoom < 1) continue
    dot(ctx, place(anchor), ANCHOR_PX)
  }
  if (!target.at) return
  ctx.fillStyle = colors.accent
  dot(ctx, place(target.at), HELD_PX)
}

/** Small round arrows that lead away from each side. */
export function paintSprouts(ctx: Ctx, sprouts: readonly Sprout[], camera: Camera, colors: Colors): void {
  ctx.lineWidth = 1.5
  for (const { side, at } of sprouts) {
    const p = onScreen(camera, at)
    const { x, y } = sideStep(side)
    ctx.fillStyle = colors.accent
    ctx.strokeStyle = colors.paper
    ctx.beginPath()
    ctx.arc(p.x, p.y, SPROUT_PX, 0, 2 * Math.PI)
    ctx.fill()
    ctx.beginPath()
    ctx.moveTo(p.x - x * ARROW_PX * 0.5 - y * ARROW_PX, p.y - y * ARROW_PX * 0.5 - x * ARROW_PX)
    ctx.lineTo(p.x + x * ARROW_PX * 0.6, p.y + y * ARROW_PX * 0.6)
    ctx.lineTo(p.x - x * ARROW_PX * 0.5 + y * ARROW_PX, p.y - y * ARROW_PX * 0.5 + x * ARROW_PX)
    ctx.stroke()
  }
  ctx.fillStyle = colors.paper
  ctx.strokeStyle = colors.accent
}

function dot(ctx: Ctx, at: Point, radius: number): void {
  ctx.beginPath()
  ctx.arc(at.x, at.y, radius, 0, 2 * Math.PI)
  ctx.fill()
  ctx.stroke()
}

function onScreen(c: Camera, p: Point): Point {
  return { x: p.x * c.zoom + c.x, y: p.y * c.zoom + c.y }
}
