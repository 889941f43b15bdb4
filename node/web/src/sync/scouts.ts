/**
 * Looks for a node that answers, beside a connection to one that does not. The first of which anything comes is told;
 * the others are let go. It moves nothing itself.
 */

import type { Carrier, CarrierListener } from './carrier'

export interface Scouts {
  stop(): void
}

/** Pages that lose the same node do not all ask in the same moment, */
const BEGIN_MS_MAX = 100
/** and a node that was asked has so long to itself before the next is asked too. */
const NEXT_AFTER_MS = 400
/** A node that looks for a leader itself lets nobody in before it has one, or says that it has none. */
const ATTEMPT_MS_MAX = 4_000
/** When all were asked. */
const AGAIN_AFTER_MS = 500
/** Where all nodes look for a leader, they find one together: ours may be back first. */
const OURS_FIRST_MS = 250

/** `nodes` is not empty. */
export function sendScouts(
  nodes: readonly string[],
  open: (node: string, listener: CarrierListener) => Carrier,
  found: (node: string) => void,
): Scouts {
  const out = new Map<string, () => void>()
  let asked = 0
  let timer = setTimeout(ask, Math.random() * BEGIN_MS_MAX)
  let answered: { readonly node: string; readonly timer: ReturnType<typeof setTimeout> } | null = null
  /** Otherwise all pages of one node would go to the same. */
  const first = Math.floor(Math.random() * nodes.length)

  function ask(): void {
    const node = nodes[(first + asked) % nodes.length]
    asked += 1
    if (node !== undefined && !out.has(node)) attempt(node)
    timer = setTimeout(ask, asked % nodes.length === 0 ? AGAIN_AFTER_MS : NEXT_AFTER_MS)
  }

  function attempt(node: string): void {
    const over = () => {
      clearTimeout(late)
      out.delete(node)
      if (answered?.node === node) {
        clearTimeout(answered.timer)
        answered = null
      }
      void carrier.close()
    }
    const late = setTimeout(over, ATTEMPT_MS_MAX)
    const carrier = open(node, {
      opened() {},
      received() {
        answered ??= { node, timer: setTimeout(() => found(node), OURS_FIRST_MS) }
      },
      alive() {},
      closed: over,
    })
    out.set(node, over)
  }

  return {
    stop() {
      clearTimeout(timer)
      for (const over of [...out.values()]) over()
    },
  }
}
