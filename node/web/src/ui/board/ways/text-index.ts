/** The words of everything on the board, for finding: read once, then kept in step change by change. */

import type { Element, ElementId } from '../../../core/elements/types'
import type { BoardDocument, DocumentChange } from '../../../core/ports'
import { folded } from './rank'

export interface TextIndex {
  /** Those whose words hold all of the query in one piece, without case and accents, as one reads: row by row. */
  find(query: string): readonly ElementId[]
  /** Told after every change of the document. */
  subscribe(listener: () => void): () => void
  destroy(): void
}

interface Words {
  readonly id: ElementId
  readonly text: string
  readonly x: number
  readonly y: number
}

export function createTextIndex(document: BoardDocument): TextIndex {
  const all = new Map<ElementId, Words>()
  const listeners = new Set<() => void>()

  function read(id: ElementId): void {
    const element = document.get(id)
    const text = element === undefined ? '' : wordsIn(element)
    if (element === undefined || text === '') all.delete(id)
    else all.set(id, { id, text: folded(text), x: element.box.x, y: element.box.y })
  }

  function follow({ added, changed, removed }: DocumentChange): void {
    for (const id of removed) all.delete(id)
    for (const id of added) read(id)
    for (const id of changed) read(id)
    for (const listener of [...listeners]) listener()
  }

  for (const id of document.ids()) read(id)
  const stop = document.subscribe(follow)

  return {
    find(query) {
      const wanted = folded(query.trim())
      if (wanted === '') return []
      const hits: Words[] = []
      for (const words of all.values()) if (words.text.includes(wanted)) hits.push(words)
      return hits.sort((a, b) => a.y - b.y || a.x - b.x).map(({ id }) => id)
    },
    subscribe(listener) {
      const own = () => listener()
      listeners.add(own)
      return () => listeners.delete(own)
    },
    destroy: stop,
  }
}

/** What is written in it, and what is said of it to who does not see it. */
export function wordsIn(element: Element): string {
  const text = 'text' in element && typeof element.text === 'string' ? element.text : ''
  const alt = 'alt' in element && typeof element.alt === 'string' ? element.alt : ''
  return [text, alt].filter((one) => one !== '').join('\n')
}
