/**
 * What becomes of a document, as updates: those made here, and those received.
 *
 * Yjs writes every transaction down anew for whoever listens to `update`, which for a whole board takes about as long
 * as reading it did. Large updates are therefore told as they came.
 */

import * as Y from 'yjs'
import { readShortStringsFast } from './short-strings'

readShortStringsFast()

export type UpdateListener = (updates: readonly Uint8Array[], origin: unknown) => void

export interface Updates {
  subscribe(listener: UpdateListener): () => void
  /** In one transaction, so that observers hear of all of it at once. Throws what Yjs throws. */
  apply(received: readonly Uint8Array[], origin: symbol): void
}

/** From here on, all received together are told as they came. */
export const LARGE_BYTES_MIN = 32 << 10

export function watchUpdates(doc: Y.Doc): Updates {
  const listeners = new Set<UpdateListener>()
  const tell: UpdateListener = (updates, origin) => {
    for (const listener of [...listeners]) listener(updates, origin)
  }
  const onUpdate = (update: Uint8Array, origin: unknown): void => tell([update], origin)
  doc.on('update', onUpdate)

  function applyAll(received: readonly Uint8Array[], origin: symbol): void {
    doc.transact(() => {
      for (const update of received) Y.applyUpdate(doc, update, origin)
    }, origin)
  }

  function applyLarge(received: readonly Uint8Array[], origin: symbol): void {
    const before = Y.encodeStateVector(doc)
    let edit: { readonly origin: unknown } | null = null
    const onTransaction = (transaction: Y.Transaction): void => {
      if (transaction.origin !== origin) edit = { origin: transaction.origin }
    }
    doc.off('update', onUpdate)
    doc.on('afterTransaction', onTransaction)
    let failed = true
    try {
      applyAll(received, origin)
      failed = false
    } finally {
      doc.off('afterTransaction', onTransaction)
      doc.on('update', onUpdate)
      // Some of it may be in the document.
      tell(failed ? [Y.encodeStateAsUpdate(doc, before)] : received, origin)
    }
    // An observer answered with an edit of its own, which nobody was told of.
    if (edit !== null) tell([Y.encodeStateAsUpdate(doc, before)], (edit as { origin: unknown }).origin)
  }

  return {
    subscribe(listener) {
      const own: UpdateListener = (updates, origin) => listener(updates, origin)
      listeners.add(own)
      return () => listeners.delete(own)
    },
    apply(received, origin) {
      const bytes = received.reduce((sum, update) => sum + update.length, 0)
      if (bytes < LARGE_BYTES_MIN) applyAll(received, origin)
      else applyLarge(received, origin)
    },
  }
}
