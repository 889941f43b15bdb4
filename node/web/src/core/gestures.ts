/**
 * From pointers to gestures: which pointer drives the tool, which drags the view, and when two fingers
 * pinch it. Knows no tool and no document; counts clicks for whoever asks.
 */
import type { PointerInput } from './editor-api'
import { distance, type Point } from './geometry/box'

export type Gesture =
  | {
      readonly to: 'tool'
      readonly kind: 'down' | 'move' | 'up' | 'cancel'
      readonly clicks: number
      /** A pen came down after the hand that holds it: what the hand began is taken back first. */
      readonly instead?: true
    }
  /** A finger that moves the view was lifted where it came down. */
  | { readonly to: 'tap'; readonly clicks: number }
  | { readonly to: 'view'; readonly pan: Point; readonly zoom: number; readonly about: Point }
  /** A second finger came down: what the first began is taken back. */
  | { readonly to: 'tool-cancel' }
  /** The secondary button: a menu is about to open here. */
  | { readonly to: 'menu' }
  | { readonly to: 'nobody' }

type Mode =
  | { readonly is: 'none' }
  | { readonly is: 'tool'; readonly pointerId: number }
  | { readonly is: 'pan'; readonly pointerId: number; readonly last: Point; readonly tap: Tap | null }
  | { readonly is: 'pinch'; readonly a: number; readonly b: number }
  /** One finger of a pinch was lifted; the other means nothing until it is lifted too. */
  | { readonly is: 'spent' }

/** A press that is a tap as long as it does not move away. */
interface Tap {
  readonly from: Point
  readonly clicks: number
}

const NOBODY: Gesture = { to: 'nobody' }
const DOUBLE_CLICK_MS = 400
const DOUBLE_CLICK_PX = 6
const DOUBLE_TAP_PX = 24
const TAP_PX = 8
/** Of the ground a touch covers: a finger has less, a palm more. */
const PALM_PX = 80

export class Gestures {
  private mode: Mode = { is: 'none' }
  private readonly touches = new Map<number, Point>()
  /** What lies on the glass and means nothing: palms, and whatever came down beside a pen. */
  private readonly ignored = new Set<number>()
  private pen: number | null = null
  private lastDown = { at: { x: 0, y: 0 }, time_ms: -Infinity, clicks: 0 }

  /** The view is being dragged. */
  isPanning(): boolean {
    return this.mode.is === 'pan'
  }

  /** `panHeld`: whatever is pressed moves the view. `fingersPan`: fingers do, a pen and a mouse do not. */
  take(input: PointerInput, panHeld: boolean, fingersPan: boolean): Gesture {
    switch (input.kind) {
      case 'down':
        return input.device === 'pen' ? this.penDown(input, panHeld) : this.down(input, panHeld, fingersPan)
      case 'move':
        return this.move(input)
      case 'up':
      case 'cancel':
        return this.up(input)
      case 'leave':
        return NOBODY
    }
  }

  private penDown(input: PointerInput, panHeld: boolean): Gesture {
    this.pen = input.pointerId
    const { mode } = this
    const byHand = mode.is !== 'none' && (!('pointerId' in mode) || this.touches.has(mode.pointerId))
    for (const id of this.touches.keys()) this.ignored.add(id)
    this.touches.clear()
    if (!byHand) return this.down(input, panHeld, false)
    this.mode = { is: 'none' }
    const begun = this.down(input, panHeld, false)
    return begun.to === 'tool' && mode.is === 'tool' ? { ...begun, instead: true } : begun
  }

  private down(input: PointerInput, panHeld: boolean, fingersPan: boolean): Gesture {
    if (input.device === 'touch') {
      if (this.pen !== null || (input.contact ?? 0) > PALM_PX) {
        this.ignored.add(input.pointerId)
        return NOBODY
      }
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
      this.mode = { is: 'pan', pointerId: input.pointerId, last: input.at, tap: null }
      return NOBODY
    }
    if (input.button !== 0) return NOBODY
    if (fingersPan && input.device === 'touch') {
      const tap = { from: input.at, clicks: this.countClick(input) }
      this.mode = { is: 'pan', pointerId: input.pointerId, last: input.at, tap }
      return NOBODY
    }
    this.mode = { is: 'tool', pointerId: input.pointerId }
    return { to: 'tool', kind: 'down', clicks: this.countClick(input) }
  }

  private move(input: PointerInput): Gesture {
    const { mode } = this
    if (this.ignored.has(input.pointerId)) return NOBODY
    if (mode.is !== 'pinch' && this.touches.has(input.pointerId)) this.touches.set(input.pointerId, input.at)
    switch (mode.is) {
      case 'none':
        return { to: 'tool', kind: 'move', clicks: 0 }
      case 'tool':
        return input.pointerId === mode.pointerId ? { to: 'tool', kind: 'move', clicks: 0 } : NOBODY
      case 'pan': {
        if (input.pointerId !== mode.pointerId) return NOBODY
        if (mode.tap !== null && distance(mode.tap.from, input.at) <= TAP_PX) return NOBODY
        const pan = { x: input.at.x - mode.last.x, y: input.at.y - mode.last.y }
        this.mode = { ...mode, last: input.at, tap: null }
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
    if (this.ignored.delete(input.pointerId)) return NOBODY
    this.touches.delete(input.pointerId)
    if (input.pointerId === this.pen) this.pen = null
    const { mode } = this
    switch (mode.is) {
      case 'none':
        return NOBODY
      case 'tool':
        if (input.pointerId !== mode.pointerId) return NOBODY
        this.mode = { is: 'none' }
        return { to: 'tool', kind: input.kind === 'cancel' ? 'cancel' : 'up', clicks: this.lastDown.clicks }
      case 'pan':
        if (input.pointerId !== mode.pointerId) return NOBODY
        this.mode = { is: 'none' }
        return mode.tap !== null && input.kind === 'up' ? { to: 'tap', clicks: mode.tap.clicks } : NOBODY
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
    this.lastDown = { at: input.at, time_ms: input.time_ms, clicks: again && lastDown.clicks < 2 ? 2 : 1 }
    return this.lastDown.clicks
  }
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
}
