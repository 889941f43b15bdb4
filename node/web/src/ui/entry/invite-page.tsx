/** An invitation: who invites to what, and the ways to say yes. */

import { useCallback, useState } from 'react'
import { getAuthConfig, register } from '../../api/auth'
import type { OpenInvitation } from '../../api/sharing'
import { acceptInvitation, declineInvitation, getInvitation } from '../../api/sharing'
import { LostArt } from '../parts/art'
import { FormFailure, useSubmit } from '../parts/form'
import { Link } from '../parts/link'
import { Notice } from '../parts/notice'
import { isNotFound, isUnreachable, problemText } from '../problem'
import { replacePage } from '../router'
import { paths } from '../routes'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { useMe, useStanding } from '../who'
import { AccountForm } from './account-form'
import { EntryFrame } from './entry-frame'
import { SignInForm } from './sign-in-page'

export default function InvitePage({ token }: { token: string }) {
  const ask = useCallback((signal: AbortSignal) => getInvitation(token, signal), [token])
  const { state, again } = useAsked(ask)
  const words = strings.invite
  switch (state.at) {
    case 'waiting':
      return <p className="full sr-only">{words.loading}</p>
    case 'failed': {
      const away = isUnreachable(state.failure)
      return (
        <main className="full">
          <Notice
            of="page"
            art={<LostArt />}
            title={away ? strings.start.unreachableTitle : words.goneTitle}
            text={
              isNotFound(state.failure)
                ? words.unknownText
                : away
                  ? problemText(state.failure)
                  : words.goneText
            }
            testId="invite-gone"
          >
            {away ? (
              <button type="button" className="button button--secondary" onClick={again}>
                {strings.retry}
              </button>
            ) : (
              <Link to={paths.boards} className="button button--primary">
                {strings.goHome}
              </Link>
            )}
          </Notice>
        </main>
      )
    }
    case 'known':
      return <Invitation token={token} invitation={state.value} />
  }
}

function Invitation({ token, invitation }: { token: string; invitation: OpenInvitation }) {
  const me = useMe()
  const standing = useStanding()
  const words = strings.invite
  const verb = strings.roleTo[invitation.role]
  const title = words.title(invitation.board.title)
  const text = (
    <>
      {words.text(invitation.by, verb)}
      {invitation.message !== null && <span className="entry__quote">{invitation.message}</span>}
    </>
  )
  const [declined, setDeclined] = useState(false)
  if (declined)
    return <EntryFrame title={words.declinedTitle} text={words.declinedText} testId="invite-declined" />
  return (
    <EntryFrame title={title} text={text} testId="invite">
      {standing.at === 'returning' ? (
        <span className="spinner" role="status" aria-label={words.loading} />
      ) : me === null ? (
        <Newcomer token={token} invitation={invitation} />
      ) : (
        <Answer
          token={token}
          who={words.as(me.name)}
          onAccepted={(board) => replacePage(paths.board(board))}
          onDeclined={() => setDeclined(true)}
        />
      )}
    </EntryFrame>
  )
}

interface AnswerProps {
  readonly token: string
  readonly who: string
  readonly onAccepted: (board: string) => void
  readonly onDeclined: () => void
}

function Answer({ token, who, onAccepted, onDeclined }: AnswerProps) {
  const words = strings.invite
  const accept = useSubmit(async () => onAccepted(await acceptInvitation(token)))
  const decline = useSubmit(async () => {
    await declineInvitation(token)
    onDeclined()
  })
  const busy = accept.busy || decline.busy
  return (
    <div className="form">
      <p className="entry__who">{who}</p>
      <FormFailure failure={accept.failure ?? decline.failure} />
      <button
        type="button"
        className="button button--primary button--wide"
        data-testid="invite-accept"
        disabled={busy}
        onClick={accept.onSubmit}
      >
        {words.accept}
      </button>
      <button
        type="button"
        className="button button--ghost button--wide"
        data-testid="invite-decline"
        disabled={busy}
        onClick={decline.onSubmit}
      >
        {words.decline}
      </button>
    </div>
  )
}

function Newcomer({ token, invitation }: { token: string; invitation: OpenInvitation }) {
  const words = strings.invite
  const { state } = useAsked(getAuthConfig)
  const config = state.at === 'known' ? state.value : null
  const mayJoin = config !== null && config.registration !== 'closed'
  const [way, setWay] = useState<'sign-in' | 'sign-up' | null>(null)
  const shown = way ?? (mayJoin ? 'sign-up' : 'sign-in')
  if (config === null) return null
  return (
    <>
      {shown === 'sign-up' ? (
        <AccountForm
          action={words.join}
          passwordCharsMin={config.passwordCharsMin}
          email={invitation.email}
          send={async (made) => {
            await register(made, token)
            replacePage(paths.board(invitation.board.id))
          }}
        />
      ) : (
        <SignInForm email={invitation.email ?? ''} />
      )}
      {mayJoin && (
        <p className="entry__foot">
          {shown === 'sign-up' ? strings.signUp.haveAccount : strings.signIn.noAccount}{' '}
          <button
            type="button"
            className="link"
            data-testid="invite-other-way"
            onClick={() => setWay(shown === 'sign-up' ? 'sign-in' : 'sign-up')}
          >
            {shown === 'sign-up' ? strings.signUp.toSignIn : strings.signIn.signUp}
          </button>
        </p>
      )}
    </>
  )
}
