/** Who is on the board, and who I am to them. */

import { Check } from 'lucide-react'
import type { CSSProperties } from 'react'
import { useCallback, useRef, useState } from 'react'
import { PERSON_COLORS } from '../../core/person-color'
import type { LivePresence, Peer } from '../../core/ports'
import { Avatar } from '../parts/avatar'
import { Menu } from '../parts/menu'
import { Glyph } from '../parts/glyph'
import { Popover } from '../parts/popover'
import { tipProps } from '../parts/tip'
import type { Profile } from '../profile'
import { NAME_CHARS_MAX, setProfile, useProfile } from '../profile'
import { paths } from '../routes'
import { Link } from '../parts/link'
import { strings } from '../strings'
import { useMe } from '../who'
import { usePeers } from './use-peers'
import { useStore } from '../use-store'
import { BringButton } from './ways/bring-button'
import type { Following } from './ways/following'

const SHOWN_MAX = 4

export interface PeopleProps {
  readonly presence: LivePresence
  readonly following: Following
  readonly me: Profile
  /** Where their name is changed: here, in their account, or not at all (a guest has said it). */
  readonly named: 'here' | 'account' | 'guest'
}

export function People({ presence, following, me, named }: PeopleProps) {
  const peers = usePeers(presence)
  const shown = peers.slice(0, SHOWN_MAX)
  const rest = peers.slice(SHOWN_MAX)
  return (
    <ul className="people" aria-label={strings.people.label} data-testid="people">
      {rest.length > 0 && (
        <li className="people__one">
          <MorePeople peers={rest} following={following} />
        </li>
      )}
      {shown.toReversed().map((peer) => (
        <Person key={peer.clientId} peer={peer} following={following} />
      ))}
      <li className="people__one">
        <Me me={me} named={named} alone={peers.length === 0} />
      </li>
    </ul>
  )
}

/** A press follows them, and another one stops. */
function Person({ peer, following }: { peer: Peer; following: Following }) {
  const followed = useStore(following.whom, (whom) => whom === peer.clientId)
  const label = strings.ways.follow.name(peer.name)
  return (
    <li className="people__one" data-testid="peer" data-name={peer.name}>
      <button
        type="button"
        className="people__person"
        data-testid="follow"
        aria-pressed={followed}
        onClick={() => (followed ? following.stop() : following.follow(peer.clientId))}
        {...tipProps(followed ? strings.ways.follow.stop : label)}
      >
        <Avatar name={peer.name} color={peer.color} picture={peer.picture} />
        <span className="sr-only">{label}</span>
      </button>
    </li>
  )
}

function MorePeople({ peers, following }: { peers: readonly Peer[]; following: Following }) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="people__more"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={strings.people.more(peers.length)}
        onClick={() => setOpen(!open)}
        {...tipProps(peers.map((peer) => peer.name).join(', '))}
      >
        +{peers.length}
      </button>
      {open && (
        <Menu
          anchor={anchor}
          placement="below-end"
          label={strings.people.more(peers.length)}
          entries={peers.map((peer) => ({
            kind: 'item',
            label: strings.ways.follow.name(peer.name),
            run: () => following.follow(peer.clientId),
          }))}
          onClose={close}
        />
      )}
    </>
  )
}

interface MeProps {
  readonly me: Profile
  readonly named: PeopleProps['named']
  readonly alone: boolean
}

function Me({ me, named, alone }: MeProps) {
  const anchor = useRef<HTMLButtonElement>(null)
  const picture = useMe()?.avatarUrl ?? null
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="people__me"
        data-testid="me"
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        {...tipProps(strings.people.you(me.name))}
      >
        <Avatar name={me.name} color={me.color} picture={picture} />
        <span className="sr-only">{strings.people.you(me.name)}</span>
      </button>
      {open && (
        <Popover
          anchor={anchor}
          placement="below-end"
          label={named === 'account' ? strings.people.yours : strings.people.edit}
          className="me"
          testId="me-panel"
          onClose={close}
        >
          <MeForm name={me.name} named={named} onDone={close} />
          {!alone && <BringButton onDone={close} />}
        </Popover>
      )}
    </>
  )
}

interface MeFormProps {
  readonly name: string
  readonly named: PeopleProps['named']
  readonly onDone: () => void
}

function MeForm({ name, named, onDone }: MeFormProps) {
  const me = useProfile()
  return (
    <form
      className="me__form"
      onSubmit={(event) => {
        event.preventDefault()
        onDone()
      }}
    >
      {named !== 'here' && (
        <p className="row__title" data-testid="me-fixed-name">
          {name}
          {named === 'account' && (
            <Link to={paths.account} className="link">
              {strings.people.inAccount}
            </Link>
          )}
        </p>
      )}
      {named === 'here' && (
        <label className="field">
          <span className="field__label">{strings.people.name}</span>
          <input
            className="field__input"
            data-testid="me-name"
            defaultValue={me.name}
            maxLength={NAME_CHARS_MAX}
            placeholder={strings.people.namePlaceholder}
            autoComplete="nickname"
            spellCheck={false}
            onChange={(event) => setProfile({ name: event.currentTarget.value, color: me.color })}
          />
        </label>
      )}
      {named !== 'account' && (
        <div className="field" role="radiogroup" aria-label={strings.people.color}>
          <span className="field__label">{strings.people.color}</span>
          <div className="me__colors">
            {PERSON_COLORS.map((color, at) => (
              <PersonColor
                key={color}
                color={color}
                number={at + 1}
                chosen={color === me.color}
                onChoose={() => setProfile({ name: me.name, color })}
              />
            ))}
          </div>
        </div>
      )}
      <p className="me__hint">{strings.people.hint}</p>
    </form>
  )
}

interface PersonColorProps {
  readonly color: string
  readonly number: number
  readonly chosen: boolean
  readonly onChoose: () => void
}

function PersonColor({ color, number, chosen, onChoose }: PersonColorProps) {
  const style: CSSProperties & Record<'--person', string> = { '--person': color }
  return (
    <button
      type="button"
      role="radio"
      aria-checked={chosen}
      aria-label={strings.people.colorNumber(number)}
      className="me__color"
      style={style}
      data-testid={`me-color-${number}`}
      onClick={onChoose}
    >
      {chosen && <Glyph icon={Check} size={14} />}
    </button>
  )
}
