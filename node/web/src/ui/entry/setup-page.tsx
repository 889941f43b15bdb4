/** The first account of a new installation, made by whoever has the address that the server printed. */

import { useState } from 'react'
import { getAuthConfig, setUp } from '../../api/auth'
import { LostArt } from '../parts/art'
import { Link } from '../parts/link'
import { Notice } from '../parts/notice'
import { hasCode } from '../problem'
import { replacePage } from '../router'
import { paths } from '../routes'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { AccountForm } from './account-form'
import { EntryFrame } from './entry-frame'

/** The server knows it as a token like others. */
function explain(failure: unknown): never {
  throw hasCode(failure, 'invalid-token') ? new Error(strings.setup.oldToken, { cause: failure }) : failure
}

export default function SetupPage() {
  // Read once: it is taken out of the address when it has been used.
  const [token] = useState(() => location.hash.slice(1))
  const { state } = useAsked(getAuthConfig)
  const words = strings.setup

  if (token === '' || (state.at === 'known' && state.value.accounts)) {
    const isDone = token !== ''
    return (
      <main className="full">
        <Notice
          of="page"
          art={<LostArt />}
          title={isDone ? words.doneTitle : words.noTokenTitle}
          text={isDone ? words.doneText : words.noTokenText}
          testId="setup-closed"
        >
          <Link to={isDone ? paths.signIn() : paths.boards} className="button button--primary">
            {isDone ? strings.signIn.action : strings.goHome}
          </Link>
        </Notice>
      </main>
    )
  }
  return (
    <EntryFrame title={words.title} text={words.text} testId="setup">
      <AccountForm
        action={words.action}
        passwordCharsMin={state.at === 'known' ? state.value.passwordCharsMin : 8}
        send={async (made) => {
          await setUp(token, made).catch(explain)
          replacePage(paths.boards)
        }}
      />
    </EntryFrame>
  )
}
