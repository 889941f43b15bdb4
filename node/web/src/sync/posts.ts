/**
 * What waits to be posted beside a stream: numbered bodies, one under way at a time. A body that may
 * not have arrived is sent again as it was, under the same number, and the server takes it once.
 */

import * as encoding from 'lib0/encoding'

export interface Post {
  /** Counted from 1. */
  readonly number: number
  readonly body: Uint8Array
}

export interface Posts {
  add(message: Uint8Array): void
  /** To say that we are here, when there is nothing else to say. */
  addNothing(): void
  /** The post under way, or else the next one, which is then under way. */
  next(): Post | null
  /** The one under way has arrived. */
  arrived(): void
  /** Bytes that have not arrived. */
  waiting(): number
}

/** Messages go together up to here; one that is longer goes alone. */
export const POST_BYTES_MAX = 512 << 10
/** The server takes 1,024. */
const POST_MESSAGES_MAX = 500
const AWARENESS = 1

export function createPosts(): Posts {
  let queue: Uint8Array[] = []
  let owesSign = false
  let underWay: Post | null = null
  let taken = 0

  function pack(): Uint8Array {
    let bytes = 0
    let count = 0
    for (const message of queue) {
      if (count > 0 && (bytes + message.length > POST_BYTES_MAX || count === POST_MESSAGES_MAX)) break
      bytes += message.length
      count += 1
    }
    const packed = queue.slice(0, count)
    queue = queue.slice(count)
    return encoding.encode((encoder) => {
      for (const message of packed) encoding.writeVarUint8Array(encoder, message)
    })
  }

  return {
    add(message) {
      // All awareness from here is about this page, so a newer message says what an older one said.
      if (message[0] === AWARENESS) queue = queue.filter((waiting) => waiting[0] !== AWARENESS)
      queue.push(message)
    },
    addNothing() {
      owesSign = true
    },
    next() {
      if (underWay !== null || (queue.length === 0 && !owesSign)) return underWay
      owesSign = false
      taken += 1
      underWay = { number: taken, body: pack() }
      return underWay
    },
    arrived() {
      underWay = null
    },
    waiting: () => queue.reduce((sum, message) => sum + message.length, underWay?.body.length ?? 0),
  }
}
