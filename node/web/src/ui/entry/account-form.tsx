/** Name, address and password: what an account is made of. */

import { useState } from 'react'
import type { NewAccount } from '../../api/auth'
import { Field, FormFailure, PasswordField, SubmitButton, useSubmit } from '../parts/form'
import { fieldComplaint } from '../problem'
import { strings } from '../strings'

export const NAME_CHARS_MAX = 80
export const EMAIL_CHARS_MAX = 254

export interface AccountFormProps {
  readonly action: string
  readonly passwordCharsMin: number
  /** Where it is known, and no other will do. */
  readonly email?: string | null
  readonly send: (made: NewAccount) => Promise<void>
}

export function AccountForm({ action, passwordCharsMin, email: known = null, send }: AccountFormProps) {
  const [name, setName] = useState('')
  const [email, setEmail] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const { busy, failure, onSubmit } = useSubmit(() =>
    send({ name: name.trim(), email: email.trim(), password }),
  )
  const words = strings.form
  return (
    <form className="form" onSubmit={onSubmit}>
      <Field
        label={words.name}
        value={name}
        onChange={setName}
        autoComplete="name"
        charsMax={NAME_CHARS_MAX}
        required
        focusFirst
        hint={words.nameHint}
        complaint={fieldComplaint(failure, 'display_name')}
        testId="name"
      />
      <Field
        label={words.email}
        type="email"
        value={email}
        onChange={setEmail}
        autoComplete="username"
        charsMax={EMAIL_CHARS_MAX}
        required
        readOnly={known !== null}
        complaint={fieldComplaint(failure, 'email')}
        testId="email"
      />
      <PasswordField
        label={words.password}
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        charsMin={passwordCharsMin}
        required
        hint={words.passwordHint(passwordCharsMin)}
        complaint={fieldComplaint(failure, 'password')}
        testId="password"
      />
      <FormFailure failure={failure} handled={['display_name', 'email', 'password']} />
      <SubmitButton busy={busy} label={action} wide testId="submit" />
    </form>
  )
}
