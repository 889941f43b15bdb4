/** Who may do what on a board: people, links and invitations, each on a sheet of its own. */

import type { KeyboardEvent } from 'react'
import { useState } from 'react'
import type { Board } from '../../api/client'
import { Dialog } from '../parts/dialog'
import { strings } from '../strings'
import { InvitationsSheet } from './invitations-sheet'
import { LinksSheet } from './links-sheet'
import { PeopleSheet } from './people-sheet'

const SHEETS = ['people', 'links', 'invitations'] as const

type Sheet = (typeof SHEETS)[number]

export interface ShareDialogProps {
  readonly board: Board
  readonly onClose: () => void
  /** The person is no longer on the board. */
  readonly onLeft: () => void
  /** Somebody else owns it, or this person's role changed. */
  readonly onChanged: () => void
}

export default function ShareDialog(props: ShareDialogProps) {
  const { board, onClose } = props
  const [sheet, setSheet] = useState<Sheet>('people')
  const words = strings.share
  // Links and invitations are of those who may let others in.
  const sheets = SHEETS.filter((one) => one === 'people' || board.may.share)
  return (
    <Dialog
      title={(board.may.share ? words.title : words.titleOfPeople)(board.title)}
      testId="share-dialog"
      onClose={onClose}
    >
      {sheets.length > 1 && (
        <div role="tablist" aria-label={words.parts} className="tabs" onKeyDown={rove}>
          {sheets.map((one) => (
            <button
              key={one}
              type="button"
              role="tab"
              id={`share-tab-${one}`}
              aria-selected={sheet === one}
              aria-controls="share-sheet"
              tabIndex={sheet === one ? 0 : -1}
              className="tabs__one"
              data-testid={`share-${one}`}
              onClick={() => setSheet(one)}
            >
              {words.sheets[one]}
            </button>
          ))}
        </div>
      )}
      <div
        id="share-sheet"
        role={sheets.length > 1 ? 'tabpanel' : undefined}
        aria-labelledby={sheets.length > 1 ? `share-tab-${sheet}` : undefined}
        className="sheet"
      >
        {sheet === 'people' && <PeopleSheet {...props} />}
        {sheet === 'links' && <LinksSheet board={board} />}
        {sheet === 'invitations' && <InvitationsSheet board={board} />}
      </div>
    </Dialog>
  )
}

/** Arrows choose, as in every row of tabs. */
function rove(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  if (step === 0) return
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')]
  const at = tabs.findIndex((tab) => tab === document.activeElement)
  const next = tabs[(at + step + tabs.length) % tabs.length]
  next?.focus()
  next?.click()
  event.preventDefault()
}
