import type { ReactNode } from 'react'

export interface NoticeProps {
  readonly art: ReactNode
  readonly title: string
  readonly text: string
  readonly role?: 'alert'
  readonly testId?: string
  readonly children?: ReactNode
}

/** What a page says when it has nothing to show: why, and what to do next. */
export function Notice({ art, title, text, role, testId, children }: NoticeProps) {
  return (
    <section className="notice" role={role} data-testid={testId}>
      {art}
      <h2 className="notice__title">{title}</h2>
      <p className="notice__text">{text}</p>
      {children !== undefined && <div className="notice__actions">{children}</div>}
    </section>
  )
}
