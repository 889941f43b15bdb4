/** What is not on the board yet, or changing there, shown to everybody together with what a gesture draws. */
import type { Element } from './elements/types'
import type { LivePreview } from './ports'

export type DraftSource = 'uploads' | 'crop'

export class Drafts {
  private readonly drafts = new Map<DraftSource, readonly Element[]>()
  private last: { live: LivePreview | null; joined: LivePreview } | null = null

  set(source: DraftSource, drafts: readonly Element[]): void {
    if (drafts.length > 0) this.drafts.set(source, drafts)
    else this.drafts.delete(source)
    this.last = null
  }

  /** The same object for the same preview, so that it is told once. */
  with(live: LivePreview | null): LivePreview | null {
    if (this.drafts.size === 0) return live
    if (this.last === null || this.last.live !== live) {
      const drafts = [...[...this.drafts.values()].flat(), ...(live?.drafts ?? [])]
      this.last = { live, joined: { ...live, drafts } }
    }
    return this.last.joined
  }
}
