/** Connectors that are made without being drawn: between two elements, or to a copy of one. */
import type { ConnectorLook } from '../editor-api'
import { frameOf, hasText } from '../elements'
import { newConnector, type KnownElement, type Maker } from '../elements/make'
import type { ConnectorElement, Element } from '../elements/types'
import { boxCentre, growRect, moveBox, rectOfBox, rectsTouch, type Box } from '../geometry/box'
import type { Scene } from '../scene'
import { isBindable } from './bind'
import { withEnds, type PlacedEnd } from './ends'

export type GrowDirection = 'right' | 'down' | 'left' | 'up'

/** Between an element and the copy that grows out of it. */
const GROW_GAP = 100
/** Between copies that grow out of one side. */
const ROW_GAP = 40
const TRIES_MAX = 40

export function connected(from: Element, to: Element, by: Maker, look: ConnectorLook): ConnectorElement {
  const end = (e: Element): PlacedEnd => ({
    at: boxCentre(frameOf(e)),
    binding: { element: e.id, at: [0.5, 0.5], mode: 'auto' },
  })
  const made = newConnector(by, { x: 0, y: 0 }, look)
  return { ...withEnds(made, end(from), end(to)), parent: from.parent === to.parent ? from.parent : null }
}

/** The copy and the connector to it; null where nothing grows. */
export function grow(
  source: Element,
  direction: GrowDirection,
  scene: Pick<Scene, 'visit'>,
  by: readonly [Maker, Maker],
  look: ConnectorLook,
): readonly [KnownElement, ConnectorElement] | null {
  if (!isBindable(source) || source.type === 'unknown') return null
  const text = hasText(source) ? { text: '' } : {}
  const box = freeBox(source, direction, scene)
  const style = { ...source.style, locked: false }
  const copy = { ...source, ...text, id: by[0].id, z: by[0].z, style, box }
  return [copy, connected(source, copy, by[1], look)]
}

/** Where nothing else stands: straight on, or beside that on either side. */
function freeBox(source: Element, direction: GrowDirection, scene: Pick<Scene, 'visit'>): Box {
  const frame = frameOf(source)
  const rect = rectOfBox(frame)
  const [w, h] = [rect.maxX - rect.minX, rect.maxY - rect.minY]
  const level = direction === 'left' || direction === 'right'
  const ahead = (level ? w : h) + GROW_GAP
  const sign = direction === 'right' || direction === 'down' ? 1 : -1
  const [dx, dy] = level ? [sign * ahead, 0] : [0, sign * ahead]
  const beside = (level ? h : w) + ROW_GAP
  const tried = (at: number): Box => {
    const off = (at % 2 === 0 ? -1 : 1) * Math.ceil(at / 2) * beside
    return moveBox(source.box, dx + (level ? 0 : off), dy + (level ? off : 0))
  }
  for (let at = 0; at < TRIES_MAX; at++) {
    const box = tried(at)
    const by = { x: box.x - source.box.x, y: box.y - source.box.y }
    if (isFree(moveBox(frame, by.x, by.y), scene)) return box
  }
  return tried(0)
}

function isFree(frame: Box, scene: Pick<Scene, 'visit'>): boolean {
  const rect = growRect(rectOfBox(frame), -1)
  let free = true
  scene.visit(rect, ({ element }) => {
    if (isBindable(element) && rectsTouch(rectOfBox(frameOf(element)), rect)) free = false
  })
  return free
}
