/** A share link: its password if it has one, the guest's name, then the board. */

import { useEffect, useRef, useState } from 'react'
import type { OpenedLink } from '../../api/auth'
import { nameGuest, openShareLink } from '../../api/auth'
import { account } from '../../api/browser-session'
import { findBoard } from '../../api/client'
import { dropVisit, keepVisit, visitOf } from '../../api/visit'
import { LostArt } from '../parts/art'
import { Field, FormFailure, PasswordField, SubmitButton, useSubmit } from '../parts/form'
import { Link } from '../parts/link'
import { Notice } from '../parts/notice'
import { getProfile, NAME_CHARS_MAX } from '../profile'
import { hasCode, isUnreachable, problemText } from '../problem'
import { replacePage } from '../router'
import { paths } from '../routes'
import { strings } from '../strings'
import { EntryFrame } from './entry-frame'

type Stage =
  | { readonly at: 'opening' }
  | { readonly at: 'password' }
  | { readonly at: 'name'; readonly opened: OpenedLink }
  | { readonly at: 'failed'; readonly failure: unknown }

export default function VisitPage({ token }: { token: string }) {
  const [stage, setStage] = useState<Stage>({ at: 'opening' })
  const [attempt, setAttempt] = useState(0)
  // Opening counts as a use of the link, so it is never done twice for one page.
  const opening = useRef(-1)
  useEffect(() => {
    if (opening.current === attempt) return
    opening.current = attempt
    void begin(token, null).then(setStage)
  }, [token, attempt])

  const words = strings.visit
  switch (stage.at) {
    case 'opening':
      return <p className="full sr-only">{words.loading}</p>
    case 'password':
      return <PasswordStage token={token} onDone={setStage} />
    case 'name':
      return <NameStage link={token} opened={stage.opened} />
    case 'failed': {
      const away = isUnreachable(stage.failure)
      const over = hasCode(stage.failure, 'gone')
      return (
        <main className="full">
          <Notice
            of="page"
            art={<LostArt />}
            title={away ? strings.start.unreachableTitle : over ? words.overTitle : words.unknownTitle}
            text={away ? problemText(stage.failure) : over ? words.overText : words.unknownText}
            testId="visit-failed"
          >
            {away ? (
              <button
                type="button"
                className="button button--secondary"
                onClick={() => setAttempt(attempt + 1)}
              >
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
  }
}

async function begin(token: string, password: string | null): Promise<Stage> {
  try {
    const opened = await openShareLink(token, password)
    if (await isMine(opened.board)) {
      replacePage(paths.board(opened.board))
      return { at: 'opening' }
    }
    return { at: 'name', opened }
  } catch (failure) {
    if (hasCode(failure, 'link-password') && password === null) return { at: 'password' }
    if (password !== null) throw failure
    return { at: 'failed', failure }
  }
}

/** Who has the board by their own account comes as who they are. */
async function isMine(board: string): Promise<boolean> {
  const { at } = account.standing.get()
  if (at !== 'in' && at !== 'returning') return false
  dropVisit(board)
  return (await findBoard(board)) === 'open'
}

function PasswordStage({ token, onDone }: { token: string; onDone: (stage: Stage) => void }) {
  const [password, setPassword] = useState('')
  const { busy, failure, onSubmit } = useSubmit(async () => onDone(await begin(token, password)))
  const words = strings.visit
  const wrong = hasCode(failure, 'link-password')
  return (
    <EntryFrame title={words.passwordTitle} text={words.passwordText} testId="visit-password">
      <form className="form" onSubmit={onSubmit}>
        <PasswordField
          label={strings.form.password}
          value={password}
          onChange={setPassword}
          autoComplete="off"
          required
          focusFirst
          complaint={wrong ? words.passwordWrong : null}
          testId="link-password"
        />
        {!wrong && <FormFailure failure={failure} />}
        <SubmitButton busy={busy} label={words.open} wide testId="submit" />
      </form>
    </EntryFrame>
  )
}

function NameStage({ link, opened }: { link: string; opened: OpenedLink }) {
  const before = visitOf(opened.board)
  const [name, setName] = useState(before?.name ?? getProfile().name)
  const words = strings.visit
  const { busy, failure, onSubmit } = useSubmit(async () => {
    const called = name.trim()
    await nameGuest(opened.token, called)
    // Who comes back by the same link finds what this tab kept under the visit before.
    const id = before?.link === link ? before.id : crypto.randomUUID()
    const { board, token, endsAtMs, role } = opened
    keepVisit({ id, link, board, token, endsAtMs, role, name: called })
    replacePage(paths.board(board))
  })
  return (
    <EntryFrame
      title={words.nameTitle}
      text={words.nameText(strings.roleTo[opened.role])}
      testId="visit-name"
    >
      <form className="form" onSubmit={onSubmit}>
        <Field
          label={strings.form.name}
          value={name}
          onChange={setName}
          autoComplete="nickname"
          charsMax={NAME_CHARS_MAX}
          required
          focusFirst
          testId="guest-name"
        />
        <FormFailure failure={failure} />
        <SubmitButton busy={busy} label={words.enter} wide testId="submit" />
      </form>
    </EntryFrame>
  )
}
