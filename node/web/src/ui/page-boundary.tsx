import type { ReactNode } from 'react'
import { Component } from 'react'
import { noteFailure } from '../api/failures'
import { LostArt } from './parts/art'
import { Notice } from './parts/notice'
import { strings } from './strings'

/** A bug in one page says so instead of leaving a blank window. What was drawn is in the document, not here. */
export class PageBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override componentDidCatch(error: unknown): void {
    noteFailure('boundary', error)
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <main className="full">
        <Notice
          of="page"
          art={<LostArt />}
          role="alert"
          title={strings.board.crashTitle}
          text={strings.board.crashText}
        >
          <button type="button" className="button button--primary" onClick={() => location.reload()}>
            {strings.board.reload}
          </button>
        </Notice>
      </main>
    )
  }
}
