import { ArrowRightLeft, DoorOpen, MoreHorizontal, UserMinus } from 'lucide-react'
import { useCallback, useState } from 'react'
import { colorOf } from '../../core/person-color'
import type { Role } from '../../api/role'
import type { AccessRequest, Everybody, Member } from '../../api/sharing'
import {
  approveRequest,
  denyRequest,
  getEverybody,
  listAccessRequests,
  listMembers,
  removeMember,
  setEverybody,
  setMember,
  transferBoard,
} from '../../api/sharing'
import { confirmed, isMeant } from '../confirm'
import { Avatar } from '../parts/avatar'
import { Select } from '../parts/form'
import type { MenuEntry } from '../parts/menu'
import { MenuButton } from '../parts/menu-button'
import { PeoplePicker } from '../parts/people-picker'
import { problemText } from '../problem'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { useMe } from '../who'
import { rolesByLink, rolesUpTo } from './roles'
import type { ShareDialogProps } from './share-dialog'
import { useTrouble } from './trouble'

interface People {
  readonly members: readonly Member[]
  readonly everybody: Everybody
  readonly requests: readonly AccessRequest[]
}

const NOBODY = 'nobody'
const EVERYBODY = [NOBODY, 'viewer', 'commenter', 'editor'] as const

export function PeopleSheet({ board, onLeft, onChanged }: ShareDialogProps) {
  const { id, role: mine, may } = board
  const me = useMe()
  const ask = useCallback(
    async (signal: AbortSignal): Promise<People> => {
      const [members, everybody, requests] = await Promise.all([
        listMembers(id, signal),
        getEverybody(id, signal),
        may.own ? listAccessRequests(id, signal) : [],
      ])
      return { members, everybody, requests }
    },
    [id, may.own],
  )
  const { state, again, put } = useAsked(ask)
  const [adding, setAdding] = useState<Role>(mine === 'owner' ? 'editor' : mine)
  const { trouble, tell } = useTrouble()
  const words = strings.share

  if (state.at === 'waiting') return <p className="muted">{words.loading}</p>
  if (state.at === 'failed') return <Failed failure={state.failure} again={again} />
  const people = state.value

  /** Shows at once what is expected, and puts it back if it does not come true. */
  const attempt = async (expected: People, work: () => Promise<unknown>): Promise<boolean> => {
    put(expected)
    tell(null)
    try {
      await work()
      return true
    } catch (failure) {
      put(people)
      tell(failure)
      return false
    }
  }
  const withMember = (member: Member): People => ({
    ...people,
    members: [...people.members.filter((one) => one.user.id !== member.user.id), member],
  })
  const without = (user: string): People => ({
    ...people,
    members: people.members.filter((one) => one.user.id !== user),
  })
  const setRole = async (member: Member, role: Role) => {
    const members = people.members.map((one) => (one === member ? { ...one, role } : one))
    await attempt({ ...people, members }, () => setMember(id, member.user.id, role))
  }
  const remove = (member: Member) =>
    void attempt(without(member.user.id), () => removeMember(id, member.user.id))
  const leave = async () => {
    if (me === null) return
    const question = { title: words.leaveTitle, text: words.leaveText, action: words.leave, danger: true }
    if (!(await isMeant(question))) return
    if (await attempt(without(me.id), () => removeMember(id, me.id))) onLeft()
  }
  const handOver = async (member: Member) => {
    const { name } = member.user
    const question = { title: words.handOverTitle(name), text: words.handOverText(name) }
    if (!(await isMeant({ ...question, action: words.handOver, danger: false }))) return
    if (await attempt(people, () => confirmed(() => transferBoard(id, member.user.id)))) {
      again()
      onChanged()
    }
  }
  const answer = async (request: AccessRequest, role: Role | null) => {
    const requests = people.requests.filter((one) => one !== request)
    const work = () => (role === null ? denyRequest(id, request.id) : approveRequest(id, request.id, role))
    if (await attempt({ ...people, requests }, work)) again()
  }

  const actions = (member: Member): readonly MenuEntry[] => [
    ...(may.own && member.user.id !== me?.id && board.owner?.id !== member.user.id
      ? [
          {
            kind: 'item' as const,
            icon: ArrowRightLeft,
            label: words.handOverTo,
            testId: 'member-hand-over',
            run: () => void handOver(member),
          },
        ]
      : []),
    member.user.id === me?.id
      ? {
          kind: 'item',
          icon: DoorOpen,
          label: words.leave,
          danger: true,
          testId: 'member-leave',
          run: () => void leave(),
        }
      : {
          kind: 'item',
          icon: UserMinus,
          label: words.remove,
          danger: true,
          testId: 'member-remove',
          run: () => remove(member),
        },
  ]

  return (
    <>
      {trouble}
      {people.requests.length > 0 && (
        <section className="sheet__part" aria-label={words.requests}>
          <h3 className="sheet__title">{words.requests}</h3>
          <ul className="rows">
            {people.requests.map((request) => (
              <RequestRow
                key={request.id}
                request={request}
                onAnswer={(role) => void answer(request, role)}
              />
            ))}
          </ul>
        </section>
      )}
      {may.share && (
        <div className="sheet__part add-person">
          <PeoplePicker
            label={words.add}
            without={people.members.map((member) => member.user.id)}
            testId="add-person"
            onPick={(user) =>
              void attempt(withMember({ user, role: adding, since: Date.now() }), () =>
                setMember(id, user.id, adding),
              )
            }
          />
          <Select
            bare
            label={words.addAs}
            value={adding}
            options={rolesByLink(mine)}
            onChange={setAdding}
            testId="add-role"
          />
        </div>
      )}
      <ul className="rows" aria-label={words.members} data-testid="members">
        {people.members.map((member) => {
          const { user } = member
          const isMe = user.id === me?.id
          const name = isMe ? strings.people.you(user.name) : user.name
          const mayChange = may.share && !isMe && rolesUpTo(mine).some(({ value }) => value === member.role)
          return (
            <li key={user.id} className="row" data-testid="member" data-name={user.name}>
              <Avatar name={user.name} color={colorOf(user.id)} picture={user.avatarUrl} />
              <span className="row__words">
                <span className="row__title">{name}</span>
                {user.disabled && <span className="row__text">{words.disabled}</span>}
              </span>
              {mayChange ? (
                <Select
                  bare
                  label={words.roleOf(user.name)}
                  value={member.role}
                  options={rolesUpTo(mine)}
                  onChange={(role) => void setRole(member, role)}
                  testId="member-role"
                />
              ) : (
                <span className="row__role">{strings.roles[member.role]}</span>
              )}
              {(may.own || isMe) && (
                <MenuButton
                  icon={MoreHorizontal}
                  size="small"
                  placement="below-end"
                  label={words.actions(user.name)}
                  testId="member-menu"
                  entries={() => actions(member)}
                />
              )}
            </li>
          )
        })}
        <li className="row row--everybody">
          <span className="row__words">
            <span className="row__title">{words.everybody}</span>
            <span className="row__text">{words.everybodyHint}</span>
          </span>
          {may.own ? (
            <Select
              bare
              label={words.everybody}
              value={people.everybody ?? NOBODY}
              options={EVERYBODY.map((value) => ({
                value,
                label: value === NOBODY ? words.noAccess : strings.roles[value],
              }))}
              testId="everybody"
              onChange={(value) => {
                const everybody = value === NOBODY ? null : value
                void attempt({ ...people, everybody }, () => setEverybody(id, everybody))
              }}
            />
          ) : (
            <span className="row__role">
              {people.everybody === null ? words.noAccess : strings.roles[people.everybody]}
            </span>
          )}
        </li>
      </ul>
    </>
  )
}

function RequestRow(props: { request: AccessRequest; onAnswer: (role: Role | null) => void }) {
  const { request, onAnswer } = props
  const [role, setRole] = useState(request.role)
  const words = strings.share
  const { name } = request.user
  return (
    <li className="row" data-testid="access-request" data-name={name}>
      <Avatar name={name} color={colorOf(request.user.id)} picture={request.user.avatarUrl} />
      <span className="row__words">
        <span className="row__title">{name}</span>
        <span className="row__text">{request.message ?? words.asksFor(strings.roles[request.role])}</span>
      </span>
      <Select
        bare
        label={words.roleOf(name)}
        value={role}
        options={rolesByLink('owner')}
        onChange={setRole}
      />
      <button
        type="button"
        className="button button--primary"
        aria-label={words.letInNamed(name)}
        data-testid="request-approve"
        onClick={() => onAnswer(role)}
      >
        {words.letIn}
      </button>
      <button
        type="button"
        className="button button--ghost"
        aria-label={words.denyNamed(name)}
        data-testid="request-deny"
        onClick={() => onAnswer(null)}
      >
        {words.deny}
      </button>
    </li>
  )
}

export function Failed({ failure, again }: { failure: unknown; again: () => void }) {
  return (
    <p className="form__failure" role="alert">
      <span>{problemText(failure)}</span>
      <button type="button" className="link" onClick={again}>
        {strings.retry}
      </button>
    </p>
  )
}
