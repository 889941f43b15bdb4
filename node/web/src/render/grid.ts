/**
 * The dots of the board. Two grids, the coarser with twice the spacing; the finer fades as the view
 * moves away, until it is gone and the coarser takes its place.
 */
import { GRID_LEAST_PX as LEAST_PX, GRID_SPACING as SPACING, gridLevel } from '../core/snapping/targets'
import type { Colors } from './pens'

export interface GridView {
  readonly x: number
  readonly y: number
  readonly zoom: number
  readonly density: number
  readonly w: number
  readonly h: number
}

const DOT_PX = 1.5
const OPACITY = 0.13

export class Grid {
  /** One row of dots of each grid; rows are copies of it, which costs far less than dots one by one. */
  private readonly rows = { coarse: newRow(), fine: newRow() }

  paint(ctx: CanvasRenderingContext2D, view: GridView, colors: Colors): void {
    const level = gridLevel(view.zoom)
    const spacing = SPACING * view.zoom * 2 ** level
    const fineness = Math.min(1, spacing / LEAST_PX - 1)
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    this.paintDots(ctx, view, colors, this.rows.coarse, spacing * 2, OPACITY, 0)
    if (fineness > 0.02)
      this.paintDots(ctx, view, colors, this.rows.fine, spacing, OPACITY * fineness, spacing * 2)
    ctx.globalAlpha = 1
  }

  /** Leaves out the dots of a grid of spacing `but`, which are there already. */
  private paintDots(
    ctx: CanvasRenderingContext2D,
    view: GridView,
    colors: Colors,
    row: Row,
    spacing: number,
    opacity: number,
    but: number,
  ): void {
    const startX = positive(view.x, spacing)
    const startY = positive(view.y, spacing)
    const dot = Math.max(1, Math.round(DOT_PX * view.density))
    ctx.globalAlpha = opacity
    fillRow(row, view, colors, spacing, startX, dot)
    for (let y = startY - spacing; y < view.h; y += spacing) {
      if (but > 0 && isMultiple(y - view.y, but)) this.paintBetween(ctx, view, colors, spacing, y, dot)
      else ctx.drawImage(row.canvas, 0, Math.round(y * view.density - dot / 2))
    }
  }

  /** A row of the coarser grid: only every other dot is missing. */
  private paintBetween(
    ctx: CanvasRenderingContext2D,
    view: GridView,
    colors: Colors,
    spacing: number,
    y: number,
    dot: number,
  ): void {
    const start = positive(view.x + spacing, spacing * 2)
    ctx.fillStyle = colors.dot
    for (let x = start - spacing * 2; x < view.w; x += spacing * 2) {
      ctx.fillRect(Math.round(x * view.density - dot / 2), Math.round(y * view.density - dot / 2), dot, dot)
    }
  }
}

interface Row {
  readonly canvas: HTMLCanvasElement
  key: string
}

function newRow(): Row {
  return { canvas: document.createElement('canvas'), key: '' }
}

function fillRow(
  row: Row,
  view: GridView,
  colors: Colors,
  spacing: number,
  start: number,
  dot: number,
): void {
  const key = [spacing, start, view.w, view.density, colors.dot].join(' ')
  if (key === row.key) return
  row.key = key
  const { canvas } = row
  const width = Math.max(1, Math.round(view.w * view.density))
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== dot) canvas.height = dot
  const ctx = canvas.getContext('2d')
  if (!ctx) return
  ctx.clearRect(0, 0, width, dot)
  ctx.fillStyle = colors.dot
  for (let x = start - spacing; x < view.w; x += spacing) {
    ctx.fillRect(Math.round(x * view.density - dot / 2), 0, dot, dot)
  }
}

function positive(n: number, modulus: number): number {
  return ((n % modulus) + modulus) % modulus
}

function isMultiple(n: number, of: number): boolean {
  const rest = positive(n, of)
  return rest < 0.01 || of - rest < 0.01
}
