import { useEffect, useState } from 'react'
import { getAuthConfig, signIn } from '../../api/auth'
import { account } from '../../api/browser-session'
import { Field, FormFailure, PasswordField, SubmitButton, useSubmit } from '../parts/form'
import { Link } from '../parts/link'
import { here, replacePage } from '../router'
import { paths } from '../routes'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { useStanding } from '../who'
import { EMAIL_CHARS_MAX } from './account-form'
import { EntryFrame } from './entry-frame'

/** Without `back` it stands in place of a page that asks who one is, and that page follows by itself. */
export default function SignInPage({ back, reason }: { back?: string; reason?: string }) {
  const standing = useStanding()
  const { state } = useAsked(getAuthConfig)
  const config = state.at === 'known' ? state.value : null
  const words = strings.signIn

  // A node that has no accounts (any more) asks for none.
  const needless = config !== null && !config.accounts
  useEffect(() => {
    if (needless && standing.at !== 'open') account.opened()
  }, [needless, standing.at])
  const done = standing.at === 'in' || needless
  useEffect(() => {
    if (done && back !== undefined) replacePage(back)
  }, [done, back])

  const signUp = config?.registration === 'open'
  return (
    <EntryFrame
      title={config !== null && config.name !== '' ? words.titleOf(config.name) : words.title}
      text={reason ?? words.text}
      testId="sign-in"
      foot={
        signUp ? (
          <>
            {words.noAccount}{' '}
            <Link to={paths.signUp(back ?? here() + location.hash)} className="link" data-testid="to-sign-up">
              {words.signUp}
            </Link>
          </>
        ) : config === null ? undefined : (
          words.invited
        )
      }
    >
      <SignInForm />
    </EntryFrame>
  )
}

export function SignInForm({ email: known = '' }: { email?: string }) {
  const [email, setEmail] = useState(known)
  const [password, setPassword] = useState('')
  const { busy, failure, onSubmit } = useSubmit(() => signIn({ email: email.trim(), password }))
  return (
    <form className="form" onSubmit={onSubmit}>
      <Field
        label={strings.form.email}
        type="email"
        value={email}
        onChange={setEmail}
        autoComplete="username"
        charsMax={EMAIL_CHARS_MAX}
        required
        focusFirst
        testId="email"
      />
      <PasswordField
        label={strings.form.password}
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        required
        testId="password"
      />
      <FormFailure failure={failure} />
      <SubmitButton busy={busy} label={strings.signIn.action} wide testId="submit" />
    </form>
  )
}
