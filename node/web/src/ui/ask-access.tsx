/** Asking the owners of a board for a role on it. */

import { useState } from 'react'
import type { Role } from '../api/role'
import { askForAccess } from '../api/sharing'
import { Field, FormFailure, SubmitButton, useSubmit } from './parts/form'
import { strings } from './strings'

const MESSAGE_CHARS_MAX = 1_000

export function AskForAccess({ board, role }: { board: string; role: Role }) {
  const [message, setMessage] = useState('')
  const [sent, setSent] = useState(false)
  const words = strings.access
  const { busy, failure, onSubmit } = useSubmit(async () => {
    await askForAccess(board, role, message.trim())
    setSent(true)
  })
  if (sent) {
    return (
      <p className="ask__sent" role="status" data-testid="access-asked">
        {words.asked}
      </p>
    )
  }
  return (
    <form className="form ask" onSubmit={onSubmit}>
      <Field
        label={words.message}
        value={message}
        onChange={setMessage}
        charsMax={MESSAGE_CHARS_MAX}
        placeholder={words.messageExample}
        testId="access-message"
      />
      <FormFailure failure={failure} />
      <SubmitButton
        busy={busy}
        label={role === 'editor' ? words.askEdit : words.ask}
        wide
        testId="access-ask"
      />
    </form>
  )
}
