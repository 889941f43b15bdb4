import { useState } from 'react'
import { getAuthConfig } from '../../api/auth'
import { changeName, changePassword } from '../../api/me'
import type { Me } from '../../api/session'
import { confirmed } from '../confirm'
import { NAME_CHARS_MAX } from '../entry/account-form'
import { PictureField } from './picture-field'
import { Check, Field, FormFailure, PasswordField, SubmitButton, useSubmit } from '../parts/form'
import { showToast } from '../parts/toasts'
import { fieldComplaint, hasCode } from '../problem'
import { strings } from '../strings'
import { useAsked } from '../use-asked'

export function ProfileSection({ me }: { me: Me }) {
  const [name, setName] = useState(me.name)
  const words = strings.account
  const { busy, failure, onSubmit } = useSubmit(async () => {
    await changeName(name.trim())
    showToast({ text: words.nameSaved })
  })
  return (
    <form className="form" onSubmit={onSubmit}>
      <PictureField me={me} />
      <Field
        label={strings.form.name}
        value={name}
        onChange={setName}
        charsMax={NAME_CHARS_MAX}
        autoComplete="name"
        required
        hint={strings.form.nameHint}
        complaint={fieldComplaint(failure, 'name')}
        testId="profile-name"
      />
      <Field
        label={strings.form.email}
        value={me.email}
        onChange={() => {}}
        readOnly
        hint={words.emailHint}
      />
      <FormFailure failure={failure} handled={['name']} />
      <div className="form__foot">
        <SubmitButton
          busy={busy}
          label={strings.save}
          disabled={name.trim() === me.name || name.trim() === ''}
          testId="profile-save"
        />
      </div>
    </form>
  )
}

export function PasswordSection() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [endOthers, setEndOthers] = useState(true)
  const { state } = useAsked(getAuthConfig)
  const charsMin = state.at === 'known' ? state.value.passwordCharsMin : 8
  const words = strings.account
  const { busy, failure, onSubmit } = useSubmit(async () => {
    await confirmed(() => changePassword(current, next, endOthers))
    setCurrent('')
    setNext('')
    showToast({ text: words.passwordSaved })
  })
  const wrong = hasCode(failure, 'invalid-credentials')
  return (
    <form className="form" onSubmit={onSubmit}>
      <PasswordField
        label={words.currentPassword}
        value={current}
        onChange={setCurrent}
        autoComplete="current-password"
        required
        complaint={wrong ? words.currentWrong : null}
        testId="password-current"
      />
      <PasswordField
        label={words.newPassword}
        value={next}
        onChange={setNext}
        autoComplete="new-password"
        charsMin={charsMin}
        required
        hint={strings.form.passwordHint(charsMin)}
        complaint={fieldComplaint(failure, 'new') ?? fieldComplaint(failure, 'password')}
        testId="password-new"
      />
      <Check label={words.endOthers} checked={endOthers} onChange={setEndOthers} />
      {!wrong && <FormFailure failure={failure} handled={['new', 'password']} />}
      <div className="form__foot">
        <SubmitButton
          busy={busy}
          label={words.changePassword}
          disabled={current === '' || next === ''}
          testId="password-save"
        />
      </div>
    </form>
  )
}
