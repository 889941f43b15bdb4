import { useEffect } from 'react'
import { getAuthConfig, register } from '../../api/auth'
import { LostArt } from '../parts/art'
import { Link } from '../parts/link'
import { Notice } from '../parts/notice'
import { replacePage } from '../router'
import { paths } from '../routes'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { useStanding } from '../who'
import { AccountForm } from './account-form'
import { EntryFrame } from './entry-frame'

export default function SignUpPage({ back }: { back: string }) {
  const standing = useStanding()
  const { state } = useAsked(getAuthConfig)
  const words = strings.signUp
  const done = standing.at === 'in'
  useEffect(() => {
    if (done) replacePage(back)
  }, [done, back])

  if (state.at === 'known' && (!state.value.accounts || state.value.registration !== 'open')) {
    return (
      <main className="full">
        <Notice
          of="page"
          art={<LostArt />}
          title={words.closedTitle}
          text={words.closedText}
          testId="sign-up-closed"
        >
          <Link to={paths.signIn(back)} className="button button--primary">
            {words.toSignIn}
          </Link>
        </Notice>
      </main>
    )
  }
  return (
    <EntryFrame
      title={words.title}
      text={words.text}
      testId="sign-up"
      foot={
        <>
          {words.haveAccount}{' '}
          <Link to={paths.signIn(back)} className="link">
            {words.toSignIn}
          </Link>
        </>
      }
    >
      <AccountForm
        action={words.action}
        passwordCharsMin={state.at === 'known' ? state.value.passwordCharsMin : 8}
        send={(made) => register(made, null)}
      />
    </EntryFrame>
  )
}
