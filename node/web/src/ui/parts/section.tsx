import type { ReactNode } from 'react'

/** A subject of a page: its name and what it is about on one side, what can be done on the other. */
export function Section(props: {
  readonly title: string
  readonly text?: string
  readonly children: ReactNode
}) {
  return (
    <section className="section">
      <div className="section__head">
        <h2 className="section__title">{props.title}</h2>
        {props.text !== undefined && <p className="muted">{props.text}</p>}
      </div>
      <div className="section__body">{props.children}</div>
    </section>
  )
}
