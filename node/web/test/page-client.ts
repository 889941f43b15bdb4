/**
 * The page's own way to a board, as it is, without a browser: for suites that run real nodes and clients beside each
 * other (`tests/stock/page.mjs` drives it).
 */

import { WebSocket as NodeWebSocket } from 'ws'
import * as Y from 'yjs'
import { currentNode } from '../src/nodes'
import { openSession } from '../src/sync/session'

export interface PageClient {
  draw(id: string, x: number): void
  erase(id: string): void
  /** Changes that no node has confirmed as durable. */
  unsaved(): number
  phase(): string
  /** Which of the nodes it is at. */
  node(): string
  elements(): unknown
  close(): void
}

/** The page came from `address`, as `host:port`. */
export function openPage(address: string, board: string): PageClient {
  const page = new URL(`http://${address}/b/${board}`)
  Object.assign(globalThis, { location: page })
  const plain = globalThis.fetch
  globalThis.fetch = (input, init) => plain(typeof input === 'string' ? new URL(input, page) : input, init)
  const session = openSession({
    board,
    url: `/sync/${board}`,
    user: { name: 'Quiet Heron', color: '#1d4ed8' },
    platform: {
      WebSocket: NodeWebSocket as unknown as new (url: string, protocols: string[]) => WebSocket,
    },
  })
  const elements = () => session.ydoc.getMap<Y.Map<unknown>>('elements')
  return {
    draw(id, x) {
      const members: [string, unknown][] = [
        ['type', 'sticky'],
        ['z', 'a0'],
        ['box', [x, 0, 200, 200, 0]],
      ]
      elements().set(id, new Y.Map(members))
    },
    erase: (id) => elements().delete(id),
    unsaved: () => session.status.get().unsaved,
    phase: () => session.status.get().phase,
    node: () => currentNode() || page.origin,
    elements: () => elements().toJSON(),
    close: () => session.destroy(),
  }
}
