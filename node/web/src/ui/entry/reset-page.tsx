/** A password of one's own, set by whoever has the address that an administrator passed on. It works once. */

import { useState } from 'react'
import { getAuthConfig, resetPassword } from '../../api/auth'
import { LostArt } from '../parts/art'
import { FormFailure, PasswordField, SubmitButton, useSubmit } from '../parts/form'
import { Link } from '../parts/link'
import { Notice } from '../parts/notice'
import { fieldComplaint, hasCode } from '../problem'
import { paths } from '../routes'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { EntryFrame } from './entry-frame'

export default function ResetPage() {
  const [token] = useState(() => location.hash.slice(1))
  const { state } = useAsked(getAuthConfig)
  const [password, setPassword] = useState('')
  const [isDone, setDone] = useState(false)
  const { busy, failure, onSubmit } = useSubmit(async () => {
    await resetPassword(token, password)
    // Used up: nobody who looks at this page later has to wonder what it is.
    history.replaceState(history.state, '', location.pathname)
    setDone(true)
  })
  const words = strings.reset
  if (token === '' || hasCode(failure, 'gone')) {
    return (
      <main className="full">
        <Notice of="page" art={<LostArt />} title={words.goneTitle} text={words.goneText} testId="reset-gone">
          <Link to={paths.signIn()} className="button button--primary">
            {strings.signIn.action}
          </Link>
        </Notice>
      </main>
    )
  }
  if (isDone) {
    return (
      <EntryFrame title={words.doneTitle} text={words.doneText} testId="reset-done">
        <Link to={paths.signIn()} className="button button--primary button--wide">
          {strings.signIn.action}
        </Link>
      </EntryFrame>
    )
  }
  const charsMin = state.at === 'known' ? state.value.passwordCharsMin : 8
  return (
    <EntryFrame title={words.title} text={words.text} testId="reset">
      <form className="form" onSubmit={onSubmit}>
        <PasswordField
          label={words.password}
          value={password}
          onChange={setPassword}
          autoComplete="new-password"
          charsMin={charsMin}
          required
          hint={strings.form.passwordHint(charsMin)}
          complaint={fieldComplaint(failure, 'password')}
          testId="password"
        />
        <FormFailure failure={failure} handled={['password']} />
        <SubmitButton busy={busy} label={words.action} wide testId="submit" />
      </form>
    </EntryFrame>
  )
}
