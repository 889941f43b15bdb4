/** Another program on the same board: stock Yjs over a stock y-websocket, knowing nothing of Easel but its schema. */
import WebSocket from 'ws'
import * as Y from 'yjs'
import { WebsocketProvider } from 'y-websocket'
import assert from 'node:assert/strict'

const PATIENCE_MS = 60_000

export async function outside(node, board) {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`ws://${node.address}/sync`, board, doc, {
    WebSocketPolyfill: WebSocket,
    disableBc: true,
    maxBackoffTime: 200,
  })
  // It only reads and writes: to the pages nobody else is there.
  provider.awareness.setLocalState(null)
  if (!provider.synced) await new Promise((resolve) => provider.once('sync', resolve))
  const map = doc.getMap('elements')

  const client = {
    doc,
    awareness: provider.awareness,
    elements: () => map.toJSON(),
    ids: () => [...map.keys()],
    get: (id) => map.get(id)?.toJSON(),
    /** Bottom to top. */
    order: () =>
      Object.entries(map.toJSON())
        .sort(([a, { z: za }], [b, { z: zb }]) => (za < zb ? -1 : za > zb ? 1 : a < b ? -1 : 1))
        .map(([id]) => id),
    /** What the pages on the board say they are doing. */
    people: () => [...provider.awareness.getStates()].filter(([id]) => id !== doc.clientID).map(([, state]) => state),
    /** Writes elements: `{ id: { type, box, … } }`, text as a string. */
    write(elements) {
      doc.transact(() => {
        for (const [id, keys] of Object.entries(elements)) map.set(id, elementOf(keys))
      })
    },
    /** The text of an element with its formats, as Yjs tells it. */
    delta: (id) => map.get(id)?.get('text')?.toDelta() ?? [],
    set(id, key, value) {
      map.get(id).set(key, value)
    },
    /** Waits until what this client sees makes `holds` true; gives what it gave. */
    until(what, holds) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const answer = holds(client)
          if (!answer) return
          stop()
          resolve(answer)
        }
        const stop = () => {
          clearTimeout(timer)
          doc.off('update', look)
          provider.awareness.off('change', look)
        }
        const timer = setTimeout(() => {
          stop()
          reject(new assert.AssertionError({ message: `waited for ${what}; the board is ${JSON.stringify(client.elements())}` }))
        }, PATIENCE_MS)
        doc.on('update', look)
        provider.awareness.on('change', look)
        look()
      })
    },
    close() {
      provider.destroy()
      doc.destroy()
    },
  }
  return client
}

/** The board once, as it is now. */
export async function readBoard(node, board) {
  const client = await outside(node, board)
  const elements = client.elements()
  client.close()
  return elements
}

function elementOf(keys) {
  const element = new Y.Map()
  for (const [key, value] of Object.entries(keys)) {
    element.set(key, key === 'text' ? new Y.Text(value) : value)
  }
  if (keys.text === undefined && ['shape', 'sticky', 'text'].includes(keys.type)) element.set('text', new Y.Text())
  return element
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Rising keys for the order of elements: a0 to az, then b00 and so on. */
export function zKey(at) {
  if (at < DIGITS.length) return `a${DIGITS[at]}`
  const rest = at - DIGITS.length
  const digit = (place) => DIGITS[Math.floor(rest / DIGITS.length ** place) % DIGITS.length]
  return rest < DIGITS.length ** 2 ? `b${digit(1)}${digit(0)}` : `d${digit(3)}${digit(2)}${digit(1)}${digit(0)}`
}

/** A filled rectangle, which a click anywhere inside takes. */
export const block = (x, y, w = 100, h = 100, more = {}) => ({
  type: 'shape',
  kind: 'rectangle',
  box: [x, y, w, h, 0],
  z: 'a0',
  fill: 'blue',
  ...more,
})

export const note = (x, y, text = '', more = {}) => ({ type: 'sticky', box: [x, y, 200, 200, 0], z: 'a0', text, ...more })
