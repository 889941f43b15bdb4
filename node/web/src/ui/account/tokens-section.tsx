/** Tokens that speak for this person where no person is: in programs. */

import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { ApiToken, Scope } from '../../api/me'
import { createToken, listTokens, revokeToken, SCOPES } from '../../api/me'
import { confirmed, isMeant } from '../confirm'
import { Dialog } from '../parts/dialog'
import { Check, Field, FormFailure, Select, SubmitButton, useSubmit } from '../parts/form'
import { Glyph } from '../parts/glyph'
import { SecretField } from '../parts/secret-field'
import { showToast } from '../parts/toasts'
import { fieldComplaint, problemText } from '../problem'
import { dayWords } from '../relative-time'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { useNow } from '../use-now'

const LABEL_CHARS_MAX = 80
const DAY_MS = 86_400_000
const LIVES = ['7', '30', '90', '365'] as const

export function TokensSection() {
  const { state, again, put } = useAsked(listTokens)
  const [making, setMaking] = useState(false)
  const nowMs = useNow()
  const words = strings.tokens
  const tokens = state.at === 'known' ? state.value : []
  const revoke = async (token: ApiToken) => {
    const question = { title: words.revokeTitle(token.name), text: words.revokeText, action: words.revoke }
    if (!(await isMeant({ ...question, danger: true }))) return
    try {
      await revokeToken(token.id)
      put(tokens.filter((one) => one !== token))
    } catch (failure) {
      showToast({ text: problemText(failure) })
    }
  }
  return (
    <>
      {state.at === 'failed' && (
        <p className="form__failure" role="alert">
          <span>{problemText(state.failure)}</span>
          <button type="button" className="link" onClick={again}>
            {strings.retry}
          </button>
        </p>
      )}
      {state.at === 'known' && tokens.length === 0 && <p className="muted">{words.none}</p>}
      {tokens.length > 0 && (
        <ul className="rows" data-testid="tokens">
          {tokens.map((token) => (
            <li key={token.id} className="row" data-testid="token">
              <div className="row__words">
                <span className="row__title">{token.name}</span>
                <span className="row__text">
                  {words.about(token.scopes.join(', '), dayWords(token.expiresAt, nowMs))}
                </span>
              </div>
              <button
                type="button"
                className="button button--ghost"
                aria-label={words.revokeNamed(token.name)}
                data-testid="token-revoke"
                onClick={() => void revoke(token)}
              >
                {words.revoke}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="form__foot">
        <button
          type="button"
          className="button button--secondary"
          data-testid="token-new"
          onClick={() => setMaking(true)}
        >
          <Glyph icon={Plus} size={16} />
          {words.make}
        </button>
      </div>
      {making && <NewToken onClose={() => setMaking(false)} onMade={(token) => put([token, ...tokens])} />}
    </>
  )
}

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (token: ApiToken) => void }) {
  const [name, setName] = useState('')
  const [days, setDays] = useState<(typeof LIVES)[number]>('30')
  const [scopes, setScopes] = useState<readonly Scope[]>(['boards:read'])
  const [secret, setSecret] = useState<string | null>(null)
  const words = strings.tokens
  const { busy, failure, onSubmit } = useSubmit(async () => {
    const expiresAt = Date.now() + Number(days) * DAY_MS
    const made = await confirmed(() => createToken({ name: name.trim(), scopes, expiresAt }))
    onMade(made.token)
    setSecret(made.secret)
  })
  if (secret !== null) {
    return (
      <Dialog title={words.madeTitle} testId="token-made" onClose={onClose}>
        <SecretField label={words.secret} hint={words.secretHint} value={secret} testId="token-secret" />
        <div className="dialog__foot">
          <button type="button" className="button button--primary" onClick={onClose}>
            {strings.done}
          </button>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog title={words.make} testId="token-form" onClose={onClose}>
      <form className="form" onSubmit={onSubmit}>
        <Field
          label={words.name}
          value={name}
          onChange={setName}
          charsMax={LABEL_CHARS_MAX}
          placeholder={words.nameExample}
          required
          focusFirst
          complaint={fieldComplaint(failure, 'name')}
          testId="token-name"
        />
        <Select
          label={words.life}
          value={days}
          options={LIVES.map((value) => ({ value, label: strings.days(Number(value)) }))}
          onChange={setDays}
        />
        <fieldset className="field">
          <legend className="field__label">{words.scopes}</legend>
          {SCOPES.map((scope) => (
            <Check
              key={scope}
              label={words.scopeNames[scope]}
              checked={scopes.includes(scope)}
              onChange={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((one) => one !== scope))}
            />
          ))}
        </fieldset>
        <FormFailure failure={failure} handled={['name']} />
        <div className="dialog__foot">
          <button type="button" className="button button--secondary" onClick={onClose}>
            {strings.cancel}
          </button>
          <SubmitButton busy={busy} label={words.make} disabled={scopes.length === 0} testId="token-save" />
        </div>
      </form>
    </Dialog>
  )
}
