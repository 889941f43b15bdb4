import type { ReactNode } from 'react'

export interface NoticeProps {
  readonly art: ReactNode
  readonly title: string
  readonly text: string
  /** `page` where nothing else is on the page, so that its title is the page's. */
  readonly of?: 'page' | 'part'
  readonly role?: 'alert'
  readonly testId?: string
  readonly children?: ReactNode
}

/** What a page says when it has nothing to show: why, and what to do next. */
export function Notice({ art, title, text, of = 'part', role, testId, children }: NoticeProps) {
  const Title = of === 'page' ? 'h1' : 'h2'
  return (
    <section className="notice" role={role} data-testid={testId}>
      {art}
      <Title className="notice__title">{title}</Title>
      <p className="notice__text">{text}</p>
      {children !== undefined && <div className="notice__actions">{children}</div>}
    </section>
  )
}
