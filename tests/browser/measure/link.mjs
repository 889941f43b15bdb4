/**
 * A slow line to a node: a TCP proxy that holds everything back as a line of so many bits a second and such a round
 * trip would. All connections share the line, each way for itself. What it does not show is TCP's own slow start.
 */
import { connect, createServer } from 'node:net'
import { once } from 'node:events'

/** `{ address, url, carried, close }`; `carried` counts the bytes that went down to the browser. */
export async function slowLine(node, { bitsPerSecond, roundTrip_ms }) {
  const [host, port] = node.address.split(':')
  const up = oneWay(bitsPerSecond, roundTrip_ms / 2)
  const down = oneWay(bitsPerSecond, roundTrip_ms / 2)
  const open = new Set()
  const server = createServer((browser) => {
    const target = connect({ host, port: Number(port) })
    for (const socket of [browser, target]) {
      open.add(socket.setNoDelay())
      socket.on('error', () => {})
      socket.on('close', () => open.delete(socket))
    }
    // The handshake was answered here at once; over the line it would have taken one round trip.
    up.carry(browser, target, roundTrip_ms)
    down.carry(target, browser, 0)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${server.address().port}`
  return {
    address,
    url: `http://${address}`,
    carried: () => down.bytes(),
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** In pieces of a packet, so that connections take turns as they would. */
const PACKET_BYTES = 1460
const NOTHING = Buffer.alloc(0)

function oneWay(bitsPerSecond, delay_ms) {
  const bytesPerMs = bitsPerSecond / 8 / 1000
  let freeAt_ms = 0
  let total = 0
  /** Packets in the order in which they came; the line takes the next one when it is free. */
  const waiting = []
  /** Those that it took and that have not arrived. */
  const underWay = []
  let busy = false

  function next() {
    const packet = waiting.shift()
    if (packet === undefined) {
      busy = false
      return
    }
    busy = true
    const now_ms = performance.now()
    freeAt_ms = Math.max(freeAt_ms, now_ms) + packet.bytes.length / bytesPerMs
    total += packet.bytes.length
    const arrivesIn_ms = freeAt_ms + delay_ms - now_ms
    // On a busy machine timers of different lengths overtake one another; packets must not.
    underWay.push(packet)
    setTimeout(() => arrive(underWay.shift()), arrivesIn_ms)
    // Timers are no finer than a millisecond; what was too long is made up for by `freeAt_ms`.
    if (freeAt_ms - now_ms < 2) next()
    else setTimeout(next, freeAt_ms - now_ms - 1)
  }

  function put(packet) {
    waiting.push(packet)
    if (!busy) next()
  }

  return {
    bytes: () => total,
    carry(from, to, after_ms) {
      const take = (chunk) => {
        for (let at = 0; at < chunk.length; at += PACKET_BYTES) {
          put({ bytes: chunk.subarray(at, at + PACKET_BYTES), to, isLast: false })
        }
      }
      // Until there is a listener nothing is read.
      setTimeout(() => {
        from.on('data', take)
        from.on('end', () => put({ bytes: NOTHING, to, isLast: true }))
      }, after_ms)
    },
  }
}

function arrive({ bytes, to, isLast }) {
  if (!to.writable) return
  if (isLast) to.end()
  else to.write(bytes)
}
