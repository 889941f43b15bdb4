/** A token by which one node comes in. */

import { useState } from 'react'
import { createJoinToken } from '../../api/cluster'
import { confirmed } from '../confirm'
import { Dialog } from '../parts/dialog'
import { FormFailure, Select, SubmitButton, useSubmit } from '../parts/form'
import { SecretField } from '../parts/secret-field'
import { strings } from '../strings'

const LIVES = ['10', '60', '1440'] as const
const clock = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

export function JoinTokenDialog({ onClose }: { readonly onClose: () => void }) {
  const [minutes, setMinutes] = useState<(typeof LIVES)[number]>('60')
  const [made, setMade] = useState<{ token: string; expiresAt: number } | null>(null)
  const words = strings.admin
  const { busy, failure, onSubmit } = useSubmit(async () => {
    setMade(await confirmed(() => createJoinToken(Number(minutes))))
  })
  if (made !== null) {
    return (
      <Dialog title={words.tokenTitle} testId="join-token-made" onClose={onClose}>
        <p className="dialog__text">{words.addText}</p>
        <SecretField
          label={words.token}
          hint={words.tokenHint(clock.format(made.expiresAt))}
          value={made.token}
          testId="join-token"
        />
        <div className="dialog__foot">
          <button type="button" className="button button--primary" onClick={onClose}>
            {strings.done}
          </button>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog title={words.add} testId="join-token-form" onClose={onClose}>
      <form className="form" onSubmit={onSubmit}>
        <p className="dialog__text">{words.addText}</p>
        <Select
          label={words.life}
          value={minutes}
          options={LIVES.map((value) => ({ value, label: words.lives[value] }))}
          onChange={setMinutes}
        />
        <FormFailure failure={failure} />
        <div className="dialog__foot">
          <button type="button" className="button button--secondary" onClick={onClose}>
            {strings.cancel}
          </button>
          <SubmitButton busy={busy} label={words.makeToken} testId="join-token-make" />
        </div>
      </form>
    </Dialog>
  )
}
