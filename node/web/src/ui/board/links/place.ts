/** Places of a board in its address: `#e=` an element, `#f=` a frame, `#v=` the middle of a view and its zoom. */

import type { Camera } from '../../../core/editor-api'
import type { Viewport } from '../../../core/camera'
import { ZOOM_MAX, ZOOM_MIN } from '../../../core/camera'

export type Place =
  | { readonly is: 'element' | 'frame'; readonly id: string }
  | { readonly is: 'view'; readonly x: number; readonly y: number; readonly zoom: number }

const ID = /^[A-Za-z0-9_-]{1,64}$/
const FAR = 1e7

export function placeOf(hash: string): Place | null {
  const params = new URLSearchParams(hash.replace(/^#/, ''))
  for (const [key, is] of [
    ['e', 'element'],
    ['f', 'frame'],
  ] as const) {
    const id = params.get(key)
    if (id !== null) return ID.test(id) ? { is, id } : null
  }
  const numbers = params.get('v')?.split(',').map(Number) ?? []
  const [x, y, zoom] = numbers
  if (numbers.length !== 3 || x === undefined || y === undefined || zoom === undefined) return null
  const isThere = Math.abs(x) <= FAR && Math.abs(y) <= FAR && zoom >= ZOOM_MIN && zoom <= ZOOM_MAX
  return isThere ? { is: 'view', x, y, zoom } : null
}

export function hashOf(place: Place): string {
  switch (place.is) {
    case 'element':
      return `#e=${place.id}`
    case 'frame':
      return `#f=${place.id}`
    case 'view':
      return `#v=${Math.round(place.x)},${Math.round(place.y)},${Math.round(place.zoom * 1000) / 1000}`
  }
}

export function viewAt({ x, y, zoom }: { x: number; y: number; zoom: number }, { w, h }: Viewport): Camera {
  return { x: w / 2 - x * zoom, y: h / 2 - y * zoom, zoom }
}
