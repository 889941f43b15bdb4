/** A board of everything there is, written as another program would write it. */
import { block, note, outside, zKey } from '../outside.mjs'

/** As close as things stand on a full board; 20,000 then fit into one view at 6 %. */
const CELL = { w: 110, h: 100 }
/** Of the board: that of a screen. */
const ASPECT = 1.6
const BATCH = 250
const COLORS = ['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'violet', 'pink', 'grey', 'brown']

/** Writes `count` elements in a grid; done when another client has been sent all of them. */
export async function fill(node, board, count) {
  const client = await outside(node, board)
  const columns = columnsOf(count)
  for (let from = 0; from < count; from += BATCH) {
    const batch = {}
    for (let at = from; at < Math.min(from + BATCH, count); at += 1) {
      batch[`m${at}`] = { ...elementAt(at, (at % columns) * CELL.w, Math.floor(at / columns) * CELL.h), z: zKey(at) }
    }
    client.write(batch)
  }
  const reader = await outside(node, board)
  await reader.until('all elements', () => reader.ids().length === count)
  reader.close()
  client.close()
}

/** Width and height of what such a board holds. */
export function boundsOf(count) {
  const columns = columnsOf(count)
  return [(Math.min(count, columns) - 1) * CELL.w + 95, (Math.ceil(count / columns) - 1) * CELL.h + 90]
}

const columnsOf = (count) => Math.ceil(Math.sqrt((count * ASPECT * CELL.h) / CELL.w))

function elementAt(at, x, y) {
  const color = COLORS[at % COLORS.length]
  switch (at % 10) {
    case 0:
    case 1:
      return { ...note(x, y, `Note ${at}: remember this`, { fill: color }), box: [x, y, 90, 90, 0] }
    case 2:
    case 3:
      return { type: 'text', box: [x, y + 30, 90, 25, 0], text: `Words, ${at}` }
    case 4:
      return { type: 'pen', box: [x, y, 95, 70, 0], data: scribble(95, 70, 48), stroke: color }
    case 5:
      return { type: 'line', box: [x, y, 95, 80, 0], data: { from: [0, 0], to: [1, 1], from_head: 'none', to_head: 'arrow' } }
    case 6:
      return block(x, y, 95, 70, { kind: 'ellipse', fill: color, text: `Round ${at}` })
    case 7:
      return block(x, y, 95, 85, { kind: 'diamond', fill: 'none', stroke: color, text: `${at}?` })
    default:
      return block(x, y, 95, 70, { fill: at % 3 === 0 ? 'none' : color, stroke: color, text: `Step ${at}` })
  }
}

/** Packed as the schema has it: version, flags, size, count, zigzag steps of an eighth of a pixel. */
export function scribble(w, h, points) {
  const bytes = []
  const varuint = (n) => {
    for (; n > 127; n >>>= 7) bytes.push((n & 127) | 128)
    bytes.push(n)
  }
  const zigzag = (n) => varuint(n < 0 ? -2 * n - 1 : 2 * n)
  varuint(points)
  let [lastX, lastY] = [0, 0]
  for (let i = 0; i < points; i += 1) {
    const x = Math.round(((w * i) / (points - 1)) * 8)
    const y = Math.round((h / 2) * (1 + Math.sin(i / 3)) * 8)
    zigzag(x - lastX)
    zigzag(y - lastY)
    ;[lastX, lastY] = [x, y]
  }
  const head = new DataView(new ArrayBuffer(10))
  head.setUint8(0, 1)
  head.setFloat32(2, w, true)
  head.setFloat32(6, h, true)
  return new Uint8Array([...new Uint8Array(head.buffer), ...bytes])
}
