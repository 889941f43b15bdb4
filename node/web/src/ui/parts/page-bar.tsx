/** The bar at the head of the pages around the boards. */

import type { ReactNode } from 'react'
import { UserMenu } from '../account/user-menu'
import { paths } from '../routes'
import { strings } from '../strings'
import { Link } from './link'
import { Mark } from './mark'
import { ThemeButton } from './theme-button'

export function PageBar({ middle, end }: { middle?: ReactNode; end?: ReactNode }) {
  return (
    <header className="start__bar">
      <div className="start__bar-inner">
        <Link to={paths.boards} className="brand" aria-label={strings.app}>
          <Mark />
          <span className="brand__name">{strings.app}</span>
        </Link>
        <div>{middle}</div>
        <div className="start__bar-end">
          <ThemeButton />
          {end}
          <UserMenu />
        </div>
      </div>
    </header>
  )
}
