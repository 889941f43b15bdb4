import { useCallback, useRef, useSyncExternalStore } from 'react'
import type { LivePresence, Peer } from '../../core/ports'

/** The others, and no news of where their pointers are: those belong to the painter. */
export function usePeers(presence: LivePresence): readonly Peer[] {
  const last = useRef<readonly Peer[]>([])
  const subscribe = useCallback((listener: () => void) => presence.subscribe(listener), [presence])
  return useSyncExternalStore(subscribe, () => {
    const peers = presence.peers()
    if (!samePeople(last.current, peers)) last.current = peers
    return last.current
  })
}

function samePeople(a: readonly Peer[], b: readonly Peer[]): boolean {
  return (
    a.length === b.length &&
    a.every((peer, at) => {
      const other = b[at]
      return (
        other !== undefined &&
        peer.clientId === other.clientId &&
        peer.name === other.name &&
        peer.color === other.color
      )
    })
  )
}
