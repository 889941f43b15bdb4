/**
 * From pointers to gestures: which pointer drives the tool, which drags the view, and when two fingers
 * pinch it. Knows no tool and no document; counts clicks for whoever asks.
 */
import type { PointerInput } from './editor-api'
import { distance, type Point } from './geometry/box'

export type Gesture =
  | { readonly to: 'tool'; readonly kind: 'down' | 'move' | 'up' | 'cancel'; readonly clicks: number }
  | { readonly to: 'view'; readonly pan: Point; readonly zoom: number; readonly about: Point }
  /** A second finger came down: what the first began is taken back. */
  | { readonly to: 'tool-cancel' }
  /** The secondary button: a menu is about to open here. */
  | { readonly to: 'menu' }
  | { readonly to: 'nobody' }

type Mode =
  | { readonly is: 'none' }
  | { readonly is: 'tool'; readonly pointerId: number }
  | { readonly is: 'pan'; readonly pointerId: number; readonly last: Point }
  | { readonly is: 'pinch'; readonly a: number; readonly b: number }
  /** One finger of a pinch was lifted; the other means nothing until it is lifted too. */
  | { readonly is: 'spent' }

const NOBODY: Gesture = { to: 'nobody' }
const DOUBLE_CLICK_MS = 400
const DOUBLE_CLICK_PX = 6
const DOUBLE_TAP_PX = 24

export class Gestures {
  private mode: Mode = { is: 'none' }
  private readonly touches = new Map<number, Point>()
  private lastDown = { at: { x: 0, y: 0 }, time_ms: -Infinity, clicks: 0 }

  /** The view is being dragged. */
  isPanning(): boolean {
    return this.mode.is === 'pan'
  }

  take(input: PointerInput, panHeld: boolean): Gesture {
    switch (input.kind) {
      case 'down':
        return this.down(input, panHeld)
      case 'move':
        return this.move(input)
      case 'up':
      case 'cancel':
        return this.up(input)
      case 'leave':
        return NOBODY
    }
  }

  private down(input: PointerInput, panHeld: boolean): Gesture {
    if (input.device === 'touch') {
      this.touches.set(input.pointerId, input.at)
      const [a, b] = [...this.touches.keys()]
      if (a !== undefined && b !== undefined && this.touches.size === 2) {
        const interrupted = this.mode.is === 'tool'
        this.mode = { is: 'pinch', a, b }
        return interrupted ? { to: 'tool-cancel' } : NOBODY
      }
    }
    if (this.mode.is !== 'none') return NOBODY
    if (input.button === 2) return { to: 'menu' }
    if (input.button === 1 || panHeld) {
      this.mode = { is: 'pan', pointerId: input.pointerId, last: input.at }
      return NOBODY
    }
    if (input.button !== 0) return NOBODY
    this.mode = { is: 'tool', pointerId: input.pointerId }
    return { to: 'tool', kind: 'down', clicks: this.countClick(input) }
  }

  private move(input: PointerInput): Gesture {
    const { mode } = this
    if (mode.is !== 'pinch' && this.touches.has(input.pointerId)) this.touches.set(input.pointerId, input.at)
    switch (mode.is) {
      case 'none':
        return { to: 'tool', kind: 'move', clicks: 0 }
      case 'tool':
        return input.pointerId === mode.pointerId ? { to: 'tool', kind: 'move', clicks: 0 } : NOBODY
      case 'pan': {
        if (input.pointerId !== mode.pointerId) return NOBODY
        const pan = { x: input.at.x - mode.last.x, y: input.at.y - mode.last.y }
        this.mode = { ...mode, last: input.at }
        return { to: 'view', pan, zoom: 1, about: input.at }
      }
      case 'pinch':
        return this.pinch(mode.a, mode.b, input)
      case 'spent':
        return NOBODY
    }
  }

  private pinch(a: number, b: number, input: PointerInput): Gesture {
    const wasA = this.touches.get(a)
    const wasB = this.touches.get(b)
    if (!wasA || !wasB || !this.touches.has(input.pointerId)) return NOBODY
    this.touches.set(input.pointerId, input.at)
    const isA = input.pointerId === a ? input.at : wasA
    const isB = input.pointerId === b ? input.at : wasB
    const was = middle(wasA, wasB)
    const is = middle(isA, isB)
    const apart = distance(wasA, wasB)
    const zoom = apart > 1 ? distance(isA, isB) / apart : 1
    return { to: 'view', pan: { x: is.x - was.x, y: is.y - was.y }, zoom, about: is }
  }

  private up(input: PointerInput): Gesture {
    this.touches.delete(input.pointerId)
    const { mode } = this
    switch (mode.is) {
      case 'none':
        return NOBODY
      case 'tool':
        if (input.pointerId !== mode.pointerId) return NOBODY
        this.mode = { is: 'none' }
        return { to: 'tool', kind: input.kind === 'cancel' ? 'cancel' : 'up', clicks: this.lastDown.clicks }
      case 'pan':
        if (input.pointerId === mode.pointerId) this.mode = { is: 'none' }
        return NOBODY
      case 'pinch':
      case 'spent':
        this.mode = { is: this.touches.size === 0 ? 'none' : 'spent' }
        return NOBODY
    }
  }

  private countClick(input: PointerInput): number {
    const near = input.device === 'touch' ? DOUBLE_TAP_PX : DOUBLE_CLICK_PX
    const { lastDown } = this
    const again =
      input.time_ms - lastDown.time_ms <= DOUBLE_CLICK_MS && distance(input.at, lastDown.at) <= near
    this.lastDown = { at: input.at, time_ms: input.time_ms, clicks: again ? lastDown.clicks + 1 : 1 }
    return this.lastDown.clicks
  }
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
}
