import { useCallback, useState } from 'react'
import type { Board } from '../../api/client'
import type { Role } from '../../api/role'
import type { Invitation } from '../../api/sharing'
import { createInvitation, listInvitations, revokeInvitation } from '../../api/sharing'
import { EMAIL_CHARS_MAX } from '../entry/account-form'
import { Field, FormFailure, Select, SubmitButton, useSubmit } from '../parts/form'
import { SecretField } from '../parts/secret-field'
import { fieldComplaint } from '../problem'
import { dayWords } from '../relative-time'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { useNow } from '../use-now'
import { Failed } from './people-sheet'
import { rolesByLink } from './roles'
import { useTrouble } from './trouble'

const MESSAGE_CHARS_MAX = 1_000

export function InvitationsSheet({ board }: { board: Board }) {
  const { id, role } = board
  const ask = useCallback((signal: AbortSignal) => listInvitations(id, signal), [id])
  const { state, again, put } = useAsked(ask)
  const [made, setMade] = useState<string | null>(null)
  const { trouble, tell } = useTrouble()
  const nowMs = useNow()
  const words = strings.invitations

  if (state.at === 'waiting') return <p className="muted">{strings.share.loading}</p>
  if (state.at === 'failed') return <Failed failure={state.failure} again={again} />
  const all = state.value
  const revoke = async (invitation: Invitation) => {
    try {
      await revokeInvitation(id, invitation.id)
      put(all.map((one) => (one === invitation ? { ...one, state: 'revoked' } : one)))
    } catch (failure) {
      tell(failure)
    }
  }
  return (
    <>
      {trouble}
      {made === null ? (
        <NewInvitation
          board={id}
          role={role}
          onMade={(invitation, url) => {
            put([invitation, ...all])
            setMade(url)
          }}
        />
      ) : (
        <div className="sheet__part">
          <SecretField label={words.address} hint={words.addressHint} value={made} testId="invite-address" />
          <div className="form__foot">
            <button type="button" className="button button--secondary" onClick={() => setMade(null)}>
              {words.another}
            </button>
          </div>
        </div>
      )}
      <h3 className="sheet__title">{words.title}</h3>
      {all.length === 0 ? (
        <p className="muted">{words.none}</p>
      ) : (
        <ul className="rows" data-testid="invitations">
          {all.map((invitation) => (
            <li key={invitation.id} className="row" data-testid="invitation" data-state={invitation.state}>
              <span className="row__words">
                <span className="row__title">{invitation.email ?? words.anybody}</span>
                <span className="row__text">
                  {strings.roles[invitation.role]}
                  {' · '}
                  {invitation.state === 'open'
                    ? words.until(dayWords(invitation.expiresAt, nowMs))
                    : (STATES[invitation.state] ?? invitation.state)}
                </span>
              </span>
              {invitation.state === 'open' && (
                <button
                  type="button"
                  className="button button--ghost"
                  aria-label={words.revokeNamed(invitation.email ?? words.anybody)}
                  data-testid="invitation-revoke"
                  onClick={() => void revoke(invitation)}
                >
                  {words.revoke}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

const STATES: Readonly<Record<string, string>> = strings.invitations.states

interface NewInvitationProps {
  readonly board: string
  readonly role: Role
  readonly onMade: (invitation: Invitation, url: string) => void
}

function NewInvitation({ board, role: mine, onMade }: NewInvitationProps) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('editor')
  const [message, setMessage] = useState('')
  const words = strings.invitations
  const { busy, failure, onSubmit } = useSubmit(async () => {
    const made = { role, email: email.trim(), message: message.trim() }
    const { invitation, url } = await createInvitation(board, made)
    onMade(invitation, url)
  })
  return (
    <form className="form sheet__part" onSubmit={onSubmit}>
      <p className="muted">{words.hint}</p>
      <div className="form__pair">
        <Field
          label={words.email}
          type="email"
          value={email}
          onChange={setEmail}
          charsMax={EMAIL_CHARS_MAX}
          placeholder={words.emailExample}
          complaint={fieldComplaint(failure, 'email')}
          testId="invite-email"
        />
        <Select
          label={words.role}
          value={role}
          options={rolesByLink(mine)}
          onChange={setRole}
          testId="invite-role"
        />
      </div>
      <Field
        label={words.message}
        value={message}
        onChange={setMessage}
        charsMax={MESSAGE_CHARS_MAX}
        complaint={fieldComplaint(failure, 'message')}
        testId="invite-message"
      />
      <FormFailure failure={failure} handled={['email', 'message']} />
      <div className="form__foot">
        <SubmitButton busy={busy} label={words.make} testId="invite-make" />
      </div>
    </form>
  )
}
