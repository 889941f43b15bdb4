/**
 * Tabs of one board in one browser, talking to each other while the server is away.
 *
 * While connected a tab relies on the server for everything. While not, it broadcasts what is made
 * in it, and asks the others for what it lacks. What a tab hears counts as made in it: if that tab
 * is connected it passes it on, and is not saved before it is durable.
 */

import * as Y from 'yjs'

export interface Tabs {
  /** To the other tabs; for updates made while not connected. */
  tell(update: Uint8Array): void
  /** The connection was lost, or there is none yet: even out what the tabs have. */
  evenOut(): void
  close(): void
}

type Note =
  | { readonly t: 'update'; readonly update: Uint8Array }
  /** "This is what I have": answered with what is missing, and, once, with the same question. */
  | { readonly t: 'have'; readonly vector: Uint8Array; readonly again: boolean }

/** A channel for each board and person. Undefined in a browser without BroadcastChannel: tabs then meet at the server. */
export function openTabs(
  channelName: string,
  doc: Y.Doc,
  onUpdate: (update: Uint8Array) => void,
): Tabs | undefined {
  if (typeof BroadcastChannel === 'undefined') return undefined
  const channel = new BroadcastChannel(channelName)
  const post = (note: Note) => channel.postMessage(note)
  const have = (again: boolean) => post({ t: 'have', vector: Y.encodeStateVector(doc), again })

  channel.addEventListener('message', (event: MessageEvent<unknown>) => {
    const note = readNote(event.data)
    if (note === null) return
    if (note.t === 'update') {
      onUpdate(note.update)
      return
    }
    post({ t: 'update', update: Y.encodeStateAsUpdate(doc, note.vector) })
    if (note.again) have(false)
  })

  return {
    tell: (update) => post({ t: 'update', update }),
    evenOut: () => have(true),
    close: () => channel.close(),
  }
}

/** Another version of this client may be speaking. */
function readNote(value: unknown): Note | null {
  if (typeof value !== 'object' || value === null) return null
  const { t, update, vector, again } = value as {
    t?: unknown
    update?: unknown
    vector?: unknown
    again?: unknown
  }
  if (t === 'update' && update instanceof Uint8Array) return { t, update }
  if (t === 'have' && vector instanceof Uint8Array) return { t, vector, again: again === true }
  return null
}
