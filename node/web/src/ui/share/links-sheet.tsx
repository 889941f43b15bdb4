import { useCallback, useState } from 'react'
import type { Board } from '../../api/client'
import type { Role } from '../../api/role'
import type { ShareLink } from '../../api/sharing'
import { createShareLink, listShareLinks, revokeShareLink } from '../../api/sharing'
import { isMeant } from '../confirm'
import { Field, FormFailure, PasswordField, Select, SubmitButton, useSubmit } from '../parts/form'
import { SecretField } from '../parts/secret-field'
import { fieldComplaint } from '../problem'
import { dayWords } from '../relative-time'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { useNow } from '../use-now'
import { Failed } from './people-sheet'
import { rolesByLink } from './roles'
import { useTrouble } from './trouble'

const DAY_MS = 86_400_000
const LIVES = ['never', '1', '7', '30'] as const
const LABEL_CHARS_MAX = 80
const USES_MAX = 1_000_000

export function LinksSheet({ board }: { board: Board }) {
  const { id, role, may } = board
  const ask = useCallback((signal: AbortSignal) => listShareLinks(id, signal), [id])
  const { state, again, put } = useAsked(ask)
  const [made, setMade] = useState<string | null>(null)
  const { trouble, tell } = useTrouble()
  const nowMs = useNow()
  const words = strings.links

  if (state.at === 'waiting') return <p className="muted">{strings.share.loading}</p>
  if (state.at === 'failed') return <Failed failure={state.failure} again={again} />
  const links = state.value.filter((link) => link.revokedAt === null)
  const revoke = async (link: ShareLink) => {
    const question = { title: words.revokeTitle, text: words.revokeText, action: words.revoke, danger: true }
    if (!(await isMeant(question))) return
    try {
      await revokeShareLink(id, link.id)
      put(links.filter((one) => one !== link))
    } catch (failure) {
      tell(failure)
    }
  }
  return (
    <>
      {trouble}
      {made === null ? (
        <NewLink
          board={id}
          role={role}
          onMade={(link, url) => {
            put([link, ...links])
            setMade(url)
          }}
        />
      ) : (
        <div className="sheet__part">
          <SecretField label={words.address} hint={words.addressHint} value={made} testId="link-address" />
          <div className="form__foot">
            <button
              type="button"
              className="button button--secondary"
              data-testid="link-another"
              onClick={() => setMade(null)}
            >
              {words.another}
            </button>
          </div>
        </div>
      )}
      <h3 className="sheet__title">{words.title}</h3>
      {links.length === 0 ? (
        <p className="muted">{words.none}</p>
      ) : (
        <ul className="rows" data-testid="links">
          {links.map((link) => (
            <li key={link.id} className="row" data-testid="link">
              <span className="row__words">
                <span className="row__title">{link.label ?? words.unnamed(strings.roles[link.role])}</span>
                <span className="row__text">{linkWords(link, nowMs)}</span>
              </span>
              {may.own && (
                <button
                  type="button"
                  className="button button--ghost"
                  aria-label={words.revokeNamed(link.label ?? words.unnamed(strings.roles[link.role]))}
                  data-testid="link-revoke"
                  onClick={() => void revoke(link)}
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

function linkWords(link: ShareLink, nowMs: number): string {
  const words = strings.links
  const isOver = link.expiresAt !== null && link.expiresAt <= nowMs
  return [
    link.label === null ? null : strings.roles[link.role],
    link.usesMax === null ? words.uses(link.uses) : words.usesOf(link.uses, link.usesMax),
    link.hasPassword ? words.withPassword : null,
    link.expiresAt === null ? null : isOver ? words.over : words.until(dayWords(link.expiresAt, nowMs)),
  ]
    .filter((part) => part !== null)
    .join(' · ')
}

interface NewLinkProps {
  readonly board: string
  readonly role: Role
  readonly onMade: (link: ShareLink, url: string) => void
}

function NewLink({ board, role: mine, onMade }: NewLinkProps) {
  const [role, setRole] = useState<Role>('viewer')
  const [label, setLabel] = useState('')
  const [life, setLife] = useState<(typeof LIVES)[number]>('never')
  const [password, setPassword] = useState('')
  const [uses, setUses] = useState('')
  const words = strings.links
  const { busy, failure, onSubmit } = useSubmit(async () => {
    const { link, url } = await createShareLink(board, {
      role,
      label: label.trim(),
      password,
      expiresAt: life === 'never' ? null : Date.now() + Number(life) * DAY_MS,
      usesMax: uses === '' ? null : Number(uses),
    })
    onMade(link, url)
  })
  return (
    <form className="form sheet__part" onSubmit={onSubmit}>
      <div className="form__pair">
        <Select
          label={words.role}
          value={role}
          options={rolesByLink(mine)}
          onChange={setRole}
          testId="link-role"
        />
        <Select
          label={words.life}
          value={life}
          options={LIVES.map((value) => ({
            value,
            label: value === 'never' ? words.forEver : strings.days(Number(value)),
          }))}
          onChange={setLife}
          testId="link-life"
        />
      </div>
      <div className="form__pair">
        <PasswordField
          label={words.password}
          value={password}
          onChange={setPassword}
          charsMin={4}
          autoComplete="new-password"
          complaint={fieldComplaint(failure, 'password')}
          testId="link-new-password"
        />
        <Field
          label={words.usesMax}
          type="number"
          min={1}
          value={uses}
          onChange={(value) => setUses(value.replaceAll(/\D/g, '').slice(0, String(USES_MAX).length))}
          placeholder={words.unlimited}
          complaint={fieldComplaint(failure, 'max_uses')}
          testId="link-uses"
        />
      </div>
      <Field
        label={words.label}
        value={label}
        onChange={setLabel}
        charsMax={LABEL_CHARS_MAX}
        placeholder={words.labelExample}
        complaint={fieldComplaint(failure, 'label')}
        testId="link-label"
      />
      <FormFailure failure={failure} handled={['password', 'max_uses', 'label']} />
      <div className="form__foot">
        <SubmitButton busy={busy} label={words.make} testId="link-make" />
      </div>
    </form>
  )
}
