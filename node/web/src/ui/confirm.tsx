/**
 * Questions that stand between a press and what it does: whether it is meant, and, for what only the person themselves
 * may do, their password. Asked in a dialog that any page can raise.
 */

import { useState } from 'react'
import { confirmPassword } from '../api/auth'
import { createStore } from '../core/store'
import { Dialog } from './parts/dialog'
import { fieldComplaint, hasCode } from './problem'
import { FormFailure, PasswordField, SubmitButton, useSubmit } from './parts/form'
import { strings } from './strings'
import { useStore } from './use-store'

interface Question {
  readonly title: string
  readonly text: string
  readonly action: string
  readonly danger: boolean
}

type Asked =
  | { readonly of: 'meant'; readonly question: Question; readonly answer: (yes: boolean) => void }
  | { readonly of: 'password'; readonly answer: (given: boolean) => void }

const asked = createStore<Asked | null>(null)

/** Whether it is meant. */
export function isMeant(question: Question): Promise<boolean> {
  return new Promise((answer) => asked.set({ of: 'meant', question, answer }))
}

/** The person closed the question about their password: nothing was done. */
export class NotConfirmed extends Error {
  constructor() {
    super(strings.confirm.notConfirmed)
    this.name = 'NotConfirmed'
  }
}

/** Does it, and does it again after asking for the password if the server wants that first. */
export async function confirmed<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (failure) {
    if (!hasCode(failure, 'confirm-needed')) throw failure
  }
  const given = await new Promise<boolean>((answer) => asked.set({ of: 'password', answer }))
  if (!given) throw new NotConfirmed()
  return act()
}

export function ConfirmLayer() {
  const open = useStore(asked, (question) => question)
  if (open === null) return null
  const done = (yes: boolean) => {
    asked.set(null)
    open.answer(yes)
  }
  return open.of === 'meant' ? (
    <Meant question={open.question} onDone={done} />
  ) : (
    <PasswordQuestion onDone={done} />
  )
}

function Meant({ question, onDone }: { question: Question; onDone: (yes: boolean) => void }) {
  return (
    <Dialog title={question.title} narrow testId="confirm" onClose={() => onDone(false)}>
      <p className="dialog__text">{question.text}</p>
      <div className="dialog__foot">
        <button type="button" className="button button--secondary" onClick={() => onDone(false)}>
          {strings.cancel}
        </button>
        <button
          type="button"
          className={`button ${question.danger ? 'button--danger' : 'button--primary'}`}
          data-testid="confirm-yes"
          onClick={() => onDone(true)}
        >
          {question.action}
        </button>
      </div>
    </Dialog>
  )
}

function PasswordQuestion({ onDone }: { onDone: (given: boolean) => void }) {
  const [password, setPassword] = useState('')
  const { busy, failure, onSubmit } = useSubmit(async () => {
    await confirmPassword(password)
    onDone(true)
  })
  return (
    <Dialog title={strings.confirm.title} narrow testId="confirm-password" onClose={() => onDone(false)}>
      <form className="form" onSubmit={onSubmit}>
        <p className="dialog__text">{strings.confirm.text}</p>
        <PasswordField
          label={strings.form.password}
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          required
          focusFirst
          complaint={fieldComplaint(failure, 'password')}
          testId="confirm-password-field"
        />
        <FormFailure failure={failure} handled={['password']} />
        <div className="dialog__foot">
          <button type="button" className="button button--secondary" onClick={() => onDone(false)}>
            {strings.cancel}
          </button>
          <SubmitButton busy={busy} label={strings.confirm.action} testId="confirm-password-yes" />
        </div>
      </form>
    </Dialog>
  )
}
