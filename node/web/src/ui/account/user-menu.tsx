import { LogOut, Server, UserRound } from 'lucide-react'
import { useCallback, useRef, useState } from 'react'
import { colorOf } from '../../core/person-color'
import { Avatar } from '../parts/avatar'
import type { MenuEntry } from '../parts/menu'
import { Menu } from '../parts/menu'
import { tipProps } from '../parts/tip'
import { navigate } from '../router'
import { paths } from '../routes'
import { leaveThisBrowser } from '../sign-out'
import { strings } from '../strings'
import { useMe } from '../who'

const TO_ADMIN: MenuEntry = {
  kind: 'item',
  icon: Server,
  label: strings.admin.title,
  testId: 'to-admin',
  run: () => navigate(paths.admin),
}

/** Nothing where nobody is signed in. */
export function UserMenu() {
  const me = useMe()
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  if (me === null) return null
  const label = strings.account.menu(me.name)
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="people__me"
        data-testid="user-menu"
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        {...tipProps(me.name)}
      >
        <Avatar name={me.name} color={colorOf(me.id)} picture={me.avatarUrl} />
        <span className="sr-only">{label}</span>
      </button>
      {open && (
        <Menu
          anchor={anchor}
          placement="below-end"
          label={label}
          entries={[
            {
              kind: 'item',
              icon: UserRound,
              label: strings.account.title,
              testId: 'to-account',
              run: () => navigate(paths.account),
            },
            ...(me.admin ? [TO_ADMIN] : []),
            { kind: 'line' },
            {
              kind: 'item',
              icon: LogOut,
              label: strings.account.signOut,
              testId: 'sign-out',
              run: () => void leaveThisBrowser('this'),
            },
          ]}
          onClose={close}
        />
      )}
    </>
  )
}
