/** What a person made in this browser that no server has confirmed, over all of their boards. */

import * as Y from 'yjs'
import type { SetAside } from './offline'
import { databaseOf, readAllMarked } from './offline'

export interface Unsent {
  readonly board: string
  /** One Yjs update (v1) each. */
  readonly updates: readonly Uint8Array[]
}

/** Nothing where this browser keeps nothing. */
export async function readUnsent(owner: string, factory = globalThis.indexedDB): Promise<readonly Unsent[]> {
  const found = await readAllMarked(owner, factory).catch(() => [])
  return found.map(({ board, rows, asides }) => ({
    board,
    updates: [...(rows.length > 0 ? [Y.mergeUpdates([...rows])] : []), ...asides.map(({ update }) => update)],
  }))
}

export function downloadUnsent(unsent: readonly Unsent[]): void {
  const at = Date.now()
  for (const { board, updates } of unsent) {
    for (const update of updates) downloadUpdate({ board, at, update })
  }
}

export function downloadUpdate({ board, at, update }: Pick<SetAside, 'board' | 'at' | 'update'>): void {
  const file = new Blob([update as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' })
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = `easel-${board}-${new Date(at).toISOString().replaceAll(/[:.]/g, '-')}.yjs`
  link.click()
  // The browser has taken the address by now, but not every one has begun to read.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** Boards that are open let go of it first: their connections close when they are told. */
export function deleteOffline(owner: string, factory = globalThis.indexedDB): Promise<void> {
  return new Promise((resolve) => {
    try {
      const request = factory.deleteDatabase(databaseOf(owner))
      for (const kind of ['success', 'error', 'blocked']) request.addEventListener(kind, () => resolve())
    } catch {
      resolve()
    }
  })
}
