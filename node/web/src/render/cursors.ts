/** Where the others' cursors are shown: they are told 20 times a second and glide in between. */
import { distance, type Point } from '../core/geometry/box'
import type { Peer } from '../core/ports'

/** After this long a cursor has gone about two thirds of its way. */
const GLIDE_MS = 55
/** Nearer than this on screen it has arrived. */
const ARRIVED_PX = 0.3
/** A jump farther than this on screen was not a movement anybody made. */
const JUMP_PX = 1500

export class GlidingCursors {
  private readonly shown = new Map<number, Point>()
  private readonly reducedMotion: () => boolean

  constructor(reducedMotion: () => boolean) {
    this.reducedMotion = reducedMotion
  }

  /** Moves on by `elapsed_ms`; true while some are still on their way. */
  glide(peers: readonly Peer[], elapsed_ms: number, zoom: number): boolean {
    const present = new Set<number>()
    let moving = false
    const share = this.reducedMotion() ? 1 : 1 - Math.exp(-elapsed_ms / GLIDE_MS)
    for (const { clientId, cursor } of peers) {
      if (!cursor) continue
      present.add(clientId)
      const at = this.shown.get(clientId)
      const apart = at ? distance(at, cursor) * zoom : 0
      if (!at || apart <= ARRIVED_PX || apart > JUMP_PX) {
        this.shown.set(clientId, cursor)
        continue
      }
      const next = { x: at.x + (cursor.x - at.x) * share, y: at.y + (cursor.y - at.y) * share }
      this.shown.set(clientId, next)
      moving = true
    }
    for (const clientId of this.shown.keys()) if (!present.has(clientId)) this.shown.delete(clientId)
    return moving
  }

  at(clientId: number): Point | undefined {
    return this.shown.get(clientId)
  }
}
