import { ChevronLeft, Keyboard } from 'lucide-react'
import { useState } from 'react'
import type { BoardSession } from '../../sync/session'
import { IconButton } from '../parts/icon-button'
import { InlineEdit } from '../parts/inline-edit'
import { Link } from '../parts/link'
import { Mark } from '../parts/mark'
import { Glyph } from '../parts/glyph'
import { ThemeButton } from '../parts/theme-button'
import { tipProps } from '../parts/tip'
import { paths } from '../routes'
import { strings } from '../strings'
import { TITLE_CHARS_MAX } from '../start/board-card'
import { People } from './people'
import { StatusPill } from './status-pill'

export interface TopBarProps {
  readonly title: string
  readonly session: BoardSession
  readonly onRename: ((title: string) => void) | null
  readonly onHelp: () => void
}

export function TopBar({ title, session, onRename, onHelp }: TopBarProps) {
  return (
    <header className="board__top">
      <div className="island board__head">
        <Link
          to={paths.boards}
          className="board__home"
          aria-label={strings.home}
          data-testid="home"
          {...tipProps(strings.home)}
        >
          <Glyph icon={ChevronLeft} size={16} />
          <Mark size={24} />
        </Link>
        <span className="divider" />
        <Title title={title} onRename={onRename} />
        <StatusPill session={session} />
      </div>
      <div className="island board__people">
        <People presence={session.presence} />
        <span className="divider" />
        <ThemeButton />
        <IconButton
          icon={Keyboard}
          label={strings.help.open}
          shortcut="?"
          testId="help"
          className="board__help"
          onClick={onHelp}
        />
      </div>
    </header>
  )
}

function Title({ title, onRename }: { title: string; onRename: ((title: string) => void) | null }) {
  const [renaming, setRenaming] = useState(false)
  if (renaming && onRename !== null) {
    return (
      <h1 className="board__title board__title--editing">
        <InlineEdit
          value={title}
          editing
          label={strings.board.rename}
          charsMax={TITLE_CHARS_MAX}
          testId="board-title"
          onDone={(next) => {
            setRenaming(false)
            if (next !== null) onRename(next)
          }}
        />
      </h1>
    )
  }
  return (
    <h1 className="board__title">
      <button
        type="button"
        className="board__title-button"
        data-testid="board-title"
        disabled={onRename === null}
        aria-label={`${title}. ${strings.board.rename}`}
        onClick={() => setRenaming(true)}
        {...tipProps(strings.board.rename)}
      >
        {title}
      </button>
    </h1>
  )
}
