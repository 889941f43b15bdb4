/** The one column that every page before the boards is: who this is, one question, and little else. */

import type { ReactNode } from 'react'
import { useEffect } from 'react'
import { Mark } from '../parts/mark'
import { ThemeButton } from '../parts/theme-button'
import { strings } from '../strings'

export interface EntryFrameProps {
  readonly title: string
  readonly text?: ReactNode
  readonly testId: string
  readonly children?: ReactNode
  /** Below, and smaller: the other way in. */
  readonly foot?: ReactNode
}

export function EntryFrame({ title, text, testId, children, foot }: EntryFrameProps) {
  useEffect(() => {
    document.title = `${title} · ${strings.app}`
  }, [title])
  return (
    <main className="entry" data-testid={testId}>
      <div className="entry__corner">
        <ThemeButton />
      </div>
      <div className="entry__column">
        <Mark size={40} />
        <h1 className="entry__title">{title}</h1>
        {text !== undefined && <p className="entry__text">{text}</p>}
        {children}
        {foot !== undefined && <p className="entry__foot">{foot}</p>}
      </div>
    </main>
  )
}
