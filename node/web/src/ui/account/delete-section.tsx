import { useState } from 'react'
import { account } from '../../api/browser-session'
import { deleteAccount } from '../../api/me'
import type { Me } from '../../api/session'
import type { Person } from '../../api/sharing'
import { confirmed } from '../confirm'
import { Dialog } from '../parts/dialog'
import { Field, FormFailure, SubmitButton, useSubmit } from '../parts/form'
import { PeoplePicker } from '../parts/people-picker'
import { replacePage } from '../router'
import { paths } from '../routes'
import { forgetPerson } from '../sign-out'
import { strings } from '../strings'

export function DeleteSection({ me }: { me: Me }) {
  const [open, setOpen] = useState(false)
  return (
    <div className="form__foot">
      <button
        type="button"
        className="button button--danger-quiet"
        data-testid="delete-account"
        onClick={() => setOpen(true)}
      >
        {strings.account.delete}
      </button>
      {open && <DeleteDialog me={me} onClose={() => setOpen(false)} />}
    </div>
  )
}

function DeleteDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const [to, setTo] = useState<'trash' | 'heir'>('trash')
  const [heir, setHeir] = useState<Person | null>(null)
  const [typed, setTyped] = useState('')
  const words = strings.account
  const { busy, failure, onSubmit } = useSubmit(async () => {
    await confirmed(() => deleteAccount(to === 'heir' && heir !== null ? heir.id : null))
    // The cookie stands for nothing any more; letting go of it may be refused.
    await account.signOut('this').catch(() => undefined)
    await forgetPerson(me.id)
    replacePage(paths.boards)
  })
  const ready = typed.trim().toLowerCase() === me.email.toLowerCase() && (to === 'trash' || heir !== null)
  return (
    <Dialog title={words.deleteTitle} testId="delete-dialog" onClose={onClose}>
      <form className="form" onSubmit={onSubmit}>
        <p className="dialog__text">{words.deleteText}</p>
        <fieldset className="field">
          <legend className="field__label">{words.boardsTo}</legend>
          {(['trash', 'heir'] as const).map((one) => (
            <label key={one} className="check">
              <input
                type="radio"
                name="boards-to"
                className="check__box"
                checked={to === one}
                onChange={() => setTo(one)}
              />
              <span className="check__words">{one === 'trash' ? words.toTrash : words.toHeir}</span>
            </label>
          ))}
        </fieldset>
        {to === 'heir' &&
          (heir === null ? (
            <PeoplePicker label={words.heir} without={[me.id]} onPick={setHeir} />
          ) : (
            <p className="row">
              <span className="row__title">{heir.name}</span>
              <button type="button" className="link" onClick={() => setHeir(null)}>
                {strings.change}
              </button>
            </p>
          ))}
        <Field
          label={words.deleteConfirm(me.email)}
          value={typed}
          onChange={setTyped}
          required
          testId="delete-email"
        />
        <FormFailure failure={failure} />
        <div className="dialog__foot">
          <button type="button" className="button button--secondary" onClick={onClose}>
            {strings.cancel}
          </button>
          <SubmitButton busy={busy} danger disabled={!ready} label={words.delete} testId="delete-yes" />
        </div>
      </form>
    </Dialog>
  )
}
