/** What is on its way to the board, shown to everybody together with what a gesture draws. */
import type { Element } from './elements/types'
import type { LivePreview } from './ports'

export class Drafts {
  private drafts: readonly Element[] = []
  private last: { live: LivePreview | null; joined: LivePreview } | null = null

  set(drafts: readonly Element[]): void {
    this.drafts = drafts
    this.last = null
  }

  /** The same object for the same preview, so that it is told once. */
  with(live: LivePreview | null): LivePreview | null {
    if (this.drafts.length === 0) return live
    if (this.last === null || this.last.live !== live) {
      this.last = { live, joined: { ...live, drafts: [...this.drafts, ...(live?.drafts ?? [])] } }
    }
    return this.last.joined
  }
}
