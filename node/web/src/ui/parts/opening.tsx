/** What is seen from the first paint until there is something: as it stands in index.html, which is shown before any script. */

import { Mark } from './mark'

interface OpeningProps {
  /** For who listens; `text` is for everybody. */
  readonly label: string
  readonly text?: string
}

export function Opening({ label, text = '' }: OpeningProps) {
  return (
    <div className="opening" data-testid="opening">
      <Mark size={40} />
      <div role="progressbar" aria-label={label} className="opening__bar" />
      {text !== '' && <p className="opening__text">{text}</p>}
    </div>
  )
}
