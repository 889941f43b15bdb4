/** Why there is nothing to draw with, and what can be done about it. */

import { Archive, Eye } from 'lucide-react'
import { useCallback, useRef, useState } from 'react'
import type { Board } from '../../api/client'
import { unarchiveBoard } from '../../api/client'
import type { Role } from '../../api/role'
import { AskForAccess } from '../ask-access'
import { Glyph } from '../parts/glyph'
import { Popover } from '../parts/popover'
import { showToast } from '../parts/toasts'
import { tipProps } from '../parts/tip'
import { problemText } from '../problem'
import { strings } from '../strings'
import type { Seat } from './seat'

export interface SeatNoteProps {
  readonly role: Role
  readonly seat: Seat
  readonly board: Board | null
  readonly learn: (board: Board) => void
}

export function SeatNote({ role, seat, board, learn }: SeatNoteProps) {
  const words = strings.access
  const archived = board !== null && board.archivedAt !== null
  const text = archived ? words.archived : role === 'commenter' ? words.comment : words.view
  const hint = archived ? words.archivedHint : words.viewHint
  return (
    <div className="island seat" role="note" data-testid="seat-note">
      <Glyph icon={archived ? Archive : Eye} size={16} />
      <span {...tipProps(hint, { side: 'top' })}>{text}</span>
      {archived && board.may.own && <Unarchive board={board} learn={learn} />}
      {!archived && seat.named === 'account' && board !== null && <AskToEdit board={board.id} />}
    </div>
  )
}

function Unarchive({ board, learn }: { board: Board; learn: (board: Board) => void }) {
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    try {
      learn(await unarchiveBoard(board.id))
    } catch (failure) {
      showToast({ text: problemText(failure) })
    }
    setBusy(false)
  }
  return (
    <button
      type="button"
      className="button button--ghost"
      disabled={busy}
      data-testid="unarchive"
      onClick={() => void run()}
    >
      {strings.access.unarchive}
    </button>
  )
}

function AskToEdit({ board }: { board: string }) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="button button--ghost"
        aria-haspopup="dialog"
        aria-expanded={open}
        data-testid="ask-to-edit"
        onClick={() => setOpen(!open)}
      >
        {strings.access.askEdit}
      </button>
      {open && (
        <Popover
          anchor={anchor}
          placement="above-start"
          label={strings.access.askEdit}
          className="me"
          onClose={close}
        >
          <AskForAccess board={board} role="editor" />
        </Popover>
      )}
    </>
  )
}
